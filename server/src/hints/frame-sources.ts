import { Injectable } from '@nestjs/common';

/** Frames that carry more than names: `bulk` by the operation's id, `scene` by the room's name. */
export type SourcedFrame = 'bulk' | 'scene';

/** Reads the current state of a frame; null: there is nothing left to show. */
type Source = (room: string, key: string) => Promise<unknown>;

/** Features register how the frames of their data are read: once for everybody who watches. */
@Injectable()
export class FrameSources {
  private readonly sources = new Map<SourcedFrame, Source>();

  provide(frame: SourcedFrame, source: Source): void {
    this.sources.set(frame, source);
  }

  async read(frame: SourcedFrame, room: string, key: string): Promise<unknown> {
    return (await this.sources.get(frame)?.(room, key)) ?? null;
  }
}
