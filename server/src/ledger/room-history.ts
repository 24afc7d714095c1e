import { Injectable } from '@nestjs/common';
import { SearchPool } from '../database/search-pool.js';
import { ledgerId, parseLedgerId } from './ledger-entry.js';

export interface RoomStart {
  readonly id: string;
  readonly at: Date;
  readonly sid: string | null;
}

/** Who was let in, came, and left; and which tokens there were for it. */
export interface HistoryEntry {
  readonly at: Date;
  readonly kind: string;
  readonly identity: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const COMINGS = ['gate.admitted', 'participant.joined', 'participant.left', 'participant.aborted'];

/** What the ledger has of a room's sessions. */
@Injectable()
export class RoomHistory {
  constructor(private readonly searches: SearchPool) {}

  /** When LiveKit started the room, newest first. */
  async listStarts(room: string, before: Date | null, limit: number): Promise<RoomStart[]> {
    const { rows } = await this.searches.query<{
      at: Date;
      at_us: string;
      shard: number;
      seq: string;
      sid: string | null;
    }>(
      'room-history-starts',
      `SELECT at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq,
         payload->>'roomSid' AS sid
       FROM ledger_entry
       WHERE room = $1 AND kind = 'room.started' AND ($2::timestamptz IS NULL OR at < $2)
       ORDER BY at DESC LIMIT $3`,
      [room, before, limit],
    );
    return rows.map(({ at, at_us: atMicros, shard, seq, sid }) => ({
      id: ledgerId({ atMicros, shard, seq: Number(seq) }),
      at,
      sid,
    }));
  }

  /** The session with that id and when the next one started; null: the room has none of that id. */
  async findSession(
    room: string,
    id: string,
  ): Promise<{ start: RoomStart; next: Date | null } | null> {
    const ref = parseLedgerId(id);
    if (!ref) return null;
    // A Date has milliseconds, the column microseconds.
    const near = new Date(Math.floor(Number(ref.atMicros) / 1_000) + 1);
    const start = (await this.listStarts(room, near, 10)).find((one) => one.id === id);
    if (!start) return null;
    const { rows } = await this.searches.query<{ at: Date }>(
      'room-history-next',
      `SELECT at FROM ledger_entry WHERE room = $1 AND kind = 'room.started'
         AND at > to_timestamp(0) + $2::bigint * interval '1 microsecond' ORDER BY at LIMIT 1`,
      [room, ref.atMicros],
    );
    return { start, next: rows[0]?.at ?? null };
  }

  /** When the room finished within the two instants; null: not that is known. */
  async findFinish(room: string, from: Date, to: Date | null): Promise<Date | null> {
    const { rows } = await this.searches.query<{ at: Date }>(
      'room-history-finish',
      `SELECT at FROM ledger_entry
       WHERE room = $1 AND kind = 'room.finished' AND at > $2 AND ($3::timestamptz IS NULL OR at <= $3)
       ORDER BY at DESC LIMIT 1`,
      [room, from, to],
    );
    return rows[0]?.at ?? null;
  }

  /** Admissions, joins and leaves within the two instants, oldest first. */
  listComings(
    room: string,
    identity: string | undefined,
    from: Date,
    to: Date | null,
    limit: number,
  ): Promise<HistoryEntry[]> {
    return this.list(room, identity, COMINGS, from, to, limit);
  }

  /** Tokens that were issued for the room within the two instants, oldest first. */
  listTokens(
    room: string,
    identity: string,
    from: Date,
    to: Date,
    limit: number,
  ): Promise<HistoryEntry[]> {
    return this.list(room, identity, ['token.issued'], from, to, limit);
  }

  private async list(
    room: string,
    identity: string | undefined,
    kinds: readonly string[],
    from: Date,
    to: Date | null,
    limit: number,
  ): Promise<HistoryEntry[]> {
    // A Date has milliseconds, the column microseconds: the last one counts to its end.
    const { rows } = await this.searches.query<HistoryEntry>(
      'room-history-list',
      `SELECT at, kind, identity, payload FROM ledger_entry
       WHERE room = $1 AND kind = ANY($2) AND at >= $3
         AND ($4::timestamptz IS NULL OR at < $4::timestamptz + interval '1 millisecond')
         AND identity IS NOT NULL AND ($5::text IS NULL OR identity = $5)
       ORDER BY at, shard, seq LIMIT $6`,
      [room, kinds, from, to, identity ?? null, limit],
    );
    return rows;
  }
}
