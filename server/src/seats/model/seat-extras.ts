import { Injectable } from '@nestjs/common';

/** What the stage knows of somebody in a room. */
export interface SeatExtra {
  readonly hand: { id: string; since: string; note: string | null } | null;
  readonly invite: { id: string; template: string; since: string } | null;
}

/** Of the whole room, or of some identities; who has neither is left out. */
type Source = (
  room: string,
  identities: readonly string[] | null,
) => Promise<ReadonlyMap<string, SeatExtra>>;

const NONE: SeatExtra = { hand: null, invite: null };

/** What another feature shows with a seat: read once for all seats of an answer. */
@Injectable()
export class SeatExtras {
  private source: Source | null = null;

  provide(source: Source): void {
    this.source = source;
  }

  async read(
    room: string,
    identities: readonly string[] | null,
  ): Promise<(identity: string) => SeatExtra> {
    const extras = await this.source?.(room, identities);
    return (identity) => extras?.get(identity) ?? NONE;
  }
}
