import { Injectable } from '@nestjs/common';
import { Batcher } from '../../common/batcher.js';
import { PgPool } from '../../database/pg-pool.js';
import { PUBLISH_ONCE_KINDS, WHIP_TRACK_NAMES } from '../../grants/silencing.js';
import type { Tx } from '../../ledger/transactions.js';
import type { Seat } from '../model/seat.js';
import { columnsOf, SEAT_COLUMNS, type SeatRow, toSeat } from './seat-rows.js';

type SeatName = Pick<Seat, 'room' | 'identity'>;

/** A seat as it was at a time of Postgres'. */
export interface SeatSnapshot {
  readonly seat: Seat | null;
  readonly at: Date;
}

/** The connection of a seat that is there, or was last. */
export interface SeatSession {
  readonly room: string;
  readonly identity: string;
  readonly isPresent: boolean;
  readonly joinedAt: Date;
  readonly leftAt: Date | null;
  readonly sid: string | null;
  /** As `Admission` has them. */
  readonly proofAt: Date | null;
  readonly admittedAt: Date | null;
}

export interface SessionsQuery {
  readonly room?: string | undefined;
  readonly identity?: string | undefined;
  readonly rooms: readonly string[] | null;
  readonly since: Date;
}

/** Reads seats. */
@Injectable()
export class SeatReader {
  /** Asked about at the same time, seats are read together. */
  private readonly snapshots: Batcher<SeatName, SeatSnapshot>;

  constructor(private readonly pg: PgPool) {
    this.snapshots = new Batcher((names) => this.readSnapshots(names), { concurrency: 2 });
  }

  async find(room: string, identity: string): Promise<Seat | null> {
    return (await this.readSnapshot(room, identity)).seat;
  }

  async findMany(room: string, identities: readonly string[]): Promise<Seat[]> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-find-many',
      `SELECT ${SEAT_COLUMNS} FROM seat WHERE room = $1 AND identity = ANY($2)`,
      [room, identities],
    );
    return rows.map(toSeat);
  }

  /** Who is in the room, and who is not but has an override, a block or a hold. */
  async listVisible(room: string): Promise<Seat[]> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-list-visible',
      `SELECT ${SEAT_COLUMNS} FROM seat
       WHERE room = $1 AND (is_present OR override_template IS NOT NULL OR block_at IS NOT NULL
         OR hold_at IS NOT NULL)
       ORDER BY identity`,
      [room],
    );
    return rows.map(toSeat);
  }

  async listPresent(room: string): Promise<Seat[]> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-list-present',
      `SELECT ${SEAT_COLUMNS} FROM seat WHERE room = $1 AND is_present`,
      [room],
    );
    return rows.map(toSeat);
  }

  /**
   * Who is in a room or left it since `since`: LiveKit gave them a refreshed token. `rooms`: LIKE
   * patterns of room names; null: all rooms.
   */
  async listSessions(
    { room, identity, rooms, since }: SessionsQuery,
    limit: number,
  ): Promise<SeatSession[]> {
    const { rows } = await this.pg.query<SeatSession>(
      'seat-list-sessions',
      `SELECT room, identity, is_present AS "isPresent", joined_at AS "joinedAt", left_at AS "leftAt",
         sid, proof_at AS "proofAt", admitted_at AS "admittedAt"
       FROM seat
       WHERE (is_present OR left_at > $1) AND joined_at IS NOT NULL
         AND ($2::text IS NULL OR room = $2) AND ($3::text IS NULL OR identity = $3)
         AND ($4::text[] IS NULL OR room LIKE ANY($4))
       ORDER BY room, identity LIMIT $5`,
      [since, room ?? null, identity ?? null, rooms, limit],
      5_000,
    );
    return rows;
  }

  /** Rooms in which somebody is now. */
  async listRoomsOf(tx: Tx, identity: string, limit: number): Promise<string[]> {
    const { rows } = await tx.query<{ room: string }>(
      'SELECT room FROM seat WHERE identity = $1 AND is_present LIMIT $2',
      [identity, limit],
    );
    return rows.map(({ room }) => room);
  }

  /** How many seats have an override to the template. */
  async countOverrides(tx: Tx, template: string): Promise<number> {
    const { rows } = await tx.query<{ seats: number }>(
      'SELECT count(*)::int AS seats FROM seat WHERE override_template = $1',
      [template],
    );
    return rows[0]?.seats ?? 0;
  }

  /** Somebody who is in a room and publishes once, if anybody is. */
  async findPublishingOnce(): Promise<SeatName | null> {
    const { rows } = await this.pg.query<SeatName & object>(
      'seat-find-publishing-once',
      `SELECT room, identity FROM seat
       WHERE is_present AND state = 'active' AND (kind = ANY($1) OR tracks @> ANY($2::jsonb[]))
       LIMIT 1`,
      [PUBLISH_ONCE_KINDS, WHIP_TRACK_NAMES.map((name) => JSON.stringify([{ name }]))],
    );
    return rows[0] ?? null;
  }

  /** Rooms in which this seat for looking at people is in use. */
  async listPeeks(identity: string): Promise<string[]> {
    const { rows } = await this.pg.query<{ room: string }>(
      'seat-list-peeks',
      `SELECT room FROM seat
       WHERE identity = $1 AND peeks_at IS NOT NULL AND override_template IS NOT NULL`,
      [identity],
    );
    return rows.map(({ room }) => room);
  }

  /**
   * Seats of which something that was given for a time has come to its end: a page in the order of
   * their names, from `after` on.
   */
  async listExpired(limit: number, after: SeatName | null): Promise<SeatName[]> {
    const { rows } = await this.pg.query<{ room: string; identity: string }>(
      'seat-list-expired',
      // OFFSET 0 keeps the small indexes on the ends in use, and the order to what they find.
      `SELECT room, identity FROM (SELECT room, identity FROM seat
         WHERE override_until <= now() OR hold_until <= now() OR block_until <= now() OFFSET 0) due
       WHERE $2::text IS NULL OR (room, identity) > ($2, $3::text)
       ORDER BY room, identity LIMIT $1`,
      [limit, after?.room ?? null, after?.identity ?? null],
    );
    return rows;
  }

  /**
   * When the next of them ends, in milliseconds from now by Postgres' clock; null: there is none.
   * `isFuture`: those that are due already do not count.
   */
  async nextExpiryMs({ isFuture }: { isFuture: boolean }): Promise<number | null> {
    const { rows } = await this.pg.query<{ ms: number | null }>(
      'seat-next-expiry',
      `SELECT (extract(epoch FROM least(
         (SELECT min(override_until) FROM seat WHERE override_until > since.at),
         (SELECT min(hold_until) FROM seat WHERE hold_until > since.at),
         (SELECT min(block_until) FROM seat WHERE block_until > since.at)
       ) - clock_timestamp()) * 1000)::float8 AS ms
       FROM (SELECT CASE WHEN $1 THEN now() ELSE '-infinity'::timestamptz END AS at) AS since`,
      [isFuture],
    );
    return rows[0]?.ms ?? null;
  }

  /** The seat, and Postgres' time before anything is asked of LiveKit about it. */
  readSnapshot(room: string, identity: string): Promise<SeatSnapshot> {
    return this.snapshots.load({ room, identity });
  }

  private async readSnapshots(names: readonly SeatName[]): Promise<SeatSnapshot[]> {
    const { rows } = await this.pg.query<SeatRow & { db_now: Date; ord: number }>(
      'seat-snapshots',
      `SELECT at.db_now, q.ord::int, ${columnsOf('s', SEAT_COLUMNS)}
       FROM (SELECT clock_timestamp() AS db_now) AS at,
         unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(room, identity, ord)
       LEFT JOIN seat s ON s.room = q.room AND s.identity = q.identity`,
      [names.map(({ room }) => room), names.map(({ identity }) => identity)],
    );
    const snapshots: SeatSnapshot[] = [];
    for (const row of rows) {
      const seat = (row.room as string | null) === null ? null : toSeat(row);
      snapshots[row.ord - 1] = { seat, at: row.db_now };
    }
    return snapshots;
  }

  /** Who is in these rooms as far as is known. */
  async readRooms(rooms: readonly string[]): Promise<Map<string, Seat[]>> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-of-rooms',
      `SELECT ${SEAT_COLUMNS} FROM seat WHERE room = ANY($1) AND is_present`,
      [rooms],
    );
    const seats = new Map<string, Seat[]>();
    for (const row of rows) {
      const known = seats.get(row.room) ?? [];
      seats.set(row.room, known);
      known.push(toSeat(row));
    }
    return seats;
  }
}
