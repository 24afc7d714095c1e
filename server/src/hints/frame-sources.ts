import { Injectable } from '@nestjs/common';

/** Frames that carry more than names: `bulk` by the operation's id, `scene` by the room's name. */
export type SourcedFrame = 'bulk' | 'scene';

/** What is sent, as it is when it is sent; null: there is nothing to tell any more. */
type Source = (room: string, key: string) => Promise<unknown>;

/** Features that own what a frame shows say here how it is read: once for all who watch. */
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
