import { Injectable } from '@nestjs/common';
import { Batcher } from '../../common/batcher.js';
import { PgPool } from '../../database/pg-pool.js';
import type { Tx } from '../../ledger/transactions.js';
import type { PermissionLike } from '../../grants/compile-grant.js';
import { type MutedTracks, PUBLISH_ONCE_KINDS, WHIP_TRACK_NAMES } from '../../grants/silencing.js';
import type { NewOperation, Seat, SeatOperation, DesiredState } from '../model/seat.js';
import {
  columnsOf,
  INSERT_OPERATION,
  lastChange,
  OPERATION_COLUMNS,
  type OperationRow,
  operationValues,
  type Origin,
  SEAT_COLUMNS,
  type SeatRow,
  SET_DESIRED_STATE,
  toOperation,
  toOrigin,
  toSeat,
  desiredValues,
} from './seat-rows.js';

type SeatName = Pick<Seat, 'room' | 'identity'>;

/** A seat as it was at a time of Postgres'. */
export interface SeatSnapshot {
  readonly seat: Seat | null;
  readonly at: Date;
}

interface OriginRow extends Origin {
  readonly ord: number;
}

/** What may write an override. */
const GIVES = `o.action IN ('promote', 'demote', 'lease_end', 'block', 'unblock')`;

/**
 * Of `ending` (identity, `at` of its override, `is_override`; room: $1): `lasting`, who has an
 * override underneath that lasts longer than the session. What is on top of it becomes a lease that
 * ends now, and the end of a lease gives the other one back.
 */
export const LASTING_UNDER = `
  under AS (
    SELECT e.identity, o.before->'override' AS override
    FROM ending e JOIN seat_operation o ON o.room = $1 AND o.identity = e.identity
      AND o.created_at = e.at AND ${GIVES}
    WHERE e.is_override AND jsonb_typeof(o.before->'override') = 'object'
    UNION ALL
    SELECT u.identity, o.before->'override'
    FROM under u JOIN seat_operation o ON o.room = $1 AND o.identity = u.identity
      AND o.created_at = (u.override->>'at')::timestamptz AND ${GIVES}
    WHERE (o.before->'override'->>'at')::timestamptz < (u.override->>'at')::timestamptz),
  lasting AS (
    SELECT DISTINCT identity FROM under WHERE (override->>'until')::timestamptz > now())`;

/** Reads and writes single seats and operations. */
@Injectable()
export class SeatStore {
  /** Asked about at the same time, seats are read together. */
  private readonly snapshots: Batcher<SeatName, SeatSnapshot>;
  private readonly origins: Batcher<Seat, Origin | null>;
  /** One reading of a seat asks for it more than once. */
  private readonly originOf = new WeakMap<Seat, Promise<Origin | null>>();

  constructor(private readonly pg: PgPool) {
    this.snapshots = new Batcher((names) => this.readSnapshots(names), { concurrency: 2 });
    this.origins = new Batcher((seats) => this.readOrigins(seats), { concurrency: 2 });
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

  /** Locks the seat's row for the transaction, having made it if need be; `now` is Postgres' time. */
  async lock(tx: Tx, room: string, identity: string): Promise<{ seat: Seat; now: Date }> {
    await tx.query(
      `INSERT INTO seat (room, identity) VALUES ($1, $2) ON CONFLICT (room, identity) DO NOTHING`,
      [room, identity],
    );
    const { rows } = await tx.query<SeatRow & { db_now: Date }>(
      `SELECT ${SEAT_COLUMNS}, date_trunc('milliseconds', clock_timestamp()) AS db_now
       FROM seat WHERE room = $1 AND identity = $2 FOR UPDATE`,
      [room, identity],
    );
    const row = rows[0] as SeatRow & { db_now: Date };
    return { seat: toSeat(row), now: row.db_now };
  }

  /** Writes the desired state and increments the epoch. Answers with the new one. */
  async writeDesiredState(
    tx: Tx,
    { room, identity }: Pick<Seat, 'room' | 'identity'>,
    desired: DesiredState,
  ): Promise<number> {
    const { rows } = await tx.query<{ epoch: number }>(
      `UPDATE seat SET epoch = epoch + 1, ${SET_DESIRED_STATE}
       WHERE room = $1 AND identity = $2 RETURNING epoch`,
      [room, identity, ...desiredValues(desired)],
    );
    return (rows[0] as { epoch: number }).epoch;
  }

  /**
   * Writes the desired state and its operation, in one statement that locks the seat:
   * only if the seat's epoch is still `operation.epoch - 1` and the operation is not known yet.
   * False when it wrote nothing.
   */
  async beginChange(tx: Tx, operation: NewOperation, desired: DesiredState): Promise<boolean> {
    const { room, identity, epoch } = operation;
    const { rowCount } = await tx.query(
      `WITH wished AS (
         UPDATE seat SET epoch = epoch + 1, ${SET_DESIRED_STATE}, last_change = $35, pending_operation = NULL
         WHERE room = $1 AND identity = $2 AND epoch = $36
           AND NOT EXISTS (SELECT FROM seat_operation WHERE id = $22)
         RETURNING room, identity, epoch)
       ${INSERT_OPERATION}
       SELECT $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, room, identity, epoch
       FROM wished`,
      [
        room,
        identity,
        ...desiredValues(desired),
        ...operationValues(operation),
        JSON.stringify(lastChange(operation)),
        epoch - 1,
      ],
    );
    return rowCount === 1;
  }

  /** An immediate act: the operation alone, shown as the seat's last change. */
  async beginAct(tx: Tx, operation: NewOperation): Promise<void> {
    const { room, identity } = operation;
    await tx.query(
      `WITH shown AS (
         INSERT INTO seat (room, identity, last_change) VALUES ($1, $2, $16)
         ON CONFLICT (room, identity) DO UPDATE SET last_change = $16
         RETURNING room, identity, epoch)
       ${INSERT_OPERATION}
       SELECT $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, room, identity, epoch
       FROM shown`,
      [room, identity, ...operationValues(operation), JSON.stringify(lastChange(operation))],
    );
  }

  async noteIssued(tx: Tx, { room, identity }: Seat, at: Date): Promise<void> {
    await tx.query(
      `UPDATE seat SET last_issued_at = $3, is_unlisted = false,
         admitted = admitted || jsonb_build_object('issuedAt', $3::timestamptz)
       WHERE room = $1 AND identity = $2`,
      [room, identity, at],
    );
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

  async notePeek(tx: Tx, { room, identity }: Seat, peeksAt: string): Promise<void> {
    await tx.query('UPDATE seat SET peeks_at = $3 WHERE room = $1 AND identity = $2', [
      room,
      identity,
      peeksAt,
    ]);
  }

  /** What somebody whom no rule covers had when a scene or a hold took it; the first one stays. */
  async keepBeforeScene(room: string, identity: string, permission: PermissionLike): Promise<void> {
    await this.pg.query(
      'seat-keep-before-scene',
      `UPDATE seat SET before_scene = $3
       WHERE room = $1 AND identity = $2 AND before_scene IS NULL`,
      [room, identity, JSON.stringify(permission)],
    );
  }

  async forgetBeforeScene(room: string, identity: string): Promise<void> {
    await this.pg.query(
      'seat-forget-before-scene',
      `UPDATE seat SET before_scene = NULL
       WHERE room = $1 AND identity = $2
         AND hold_at IS NULL
         AND NOT EXISTS (SELECT FROM room WHERE name = $1 AND active_scene IS NOT NULL)`,
      [room, identity],
    );
  }

  /**
   * Tracks that a hold or a scene mutes, before and after LiveKit is told; those of earlier
   * connections are forgotten, since `present` has all that there are.
   */
  async noteMuted(
    { room, identity }: SeatName,
    muted: MutedTracks,
    present: readonly string[],
  ): Promise<void> {
    await this.pg.query(
      'seat-note-muted',
      `UPDATE seat SET muted_tracks = coalesce((
           SELECT jsonb_object_agg(key, value) FROM jsonb_each(muted_tracks)
           WHERE key = ANY($4)), '{}') || $3::jsonb
       WHERE room = $1 AND identity = $2`,
      [room, identity, JSON.stringify(muted), present],
    );
  }

  /** Tracks that Rolecall will not unmute. */
  async forgetMuted({ room, identity }: SeatName, sids: readonly string[]): Promise<void> {
    await this.pg.query(
      'seat-forget-muted',
      `UPDATE seat SET muted_tracks = nullif(muted_tracks - $3::text[], '{}')
       WHERE room = $1 AND identity = $2 AND muted_tracks IS NOT NULL`,
      [room, identity, sids],
    );
  }

  /**
   * Writes what came of it, also where the seat shows it. Null when somebody else has settled it:
   * then its entry is written already.
   */
  async settleOperation(
    tx: Tx,
    id: string,
    outcome: 'applied' | 'pending' | 'failed' | 'superseded',
    detail: string | null,
    ms: number | null,
    effects: readonly string[] | null = null,
  ): Promise<SeatOperation | null> {
    const { rows } = await tx.query<OperationRow>(
      // The seat is locked before the operation, as `beginChange` does.
      `WITH mine AS MATERIALIZED (
         SELECT s.room, s.identity FROM seat s
         JOIN seat_operation o ON o.room = s.room AND o.identity = s.identity
         WHERE o.id = $1 FOR UPDATE OF s),
       settled AS (
         UPDATE seat_operation AS o SET outcome = $2, detail = $3, ms = $4, settled_at = now(),
           after = CASE WHEN $5::jsonb IS NULL THEN after
             ELSE jsonb_set(after, '{effects}', $5::jsonb) END,
           watched_tracks = CASE WHEN $2 IN ('failed', 'superseded') THEN NULL
             ELSE watched_tracks END
         FROM mine WHERE o.id = $1 AND o.outcome IN ('intent', 'pending') AND o.outcome <> $2
         RETURNING ${columnsOf('o')}),
       shown AS (
         UPDATE seat SET last_change = last_change || jsonb_build_object('outcome', $2::text, 'ms', $4),
           pending_operation = CASE WHEN $2 = 'pending' THEN $1::uuid END
         FROM settled WHERE seat.room = settled.room AND seat.identity = settled.identity
           AND seat.last_change->>'operationId' = $1::text)
       SELECT * FROM settled`,
      [id, outcome, detail, ms, effects && JSON.stringify(effects)],
    );
    return rows[0] ? toOperation(rows[0]) : null;
  }

  async markUndone(tx: Tx, id: string, by: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      'UPDATE seat_operation SET undone_by = $2 WHERE id = $1 AND undone_by IS NULL',
      [id, by],
    );
    return rowCount === 1;
  }

  async findOperation(id: string): Promise<SeatOperation | null> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-find',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation WHERE id = $1`,
      [id],
    );
    return rows[0] ? toOperation(rows[0]) : null;
  }

  async findOperations(ids: readonly string[]): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-find-many',
      `SELECT ${columnsOf('o')} FROM seat_operation o WHERE o.id = ANY($1)`,
      [ids],
    );
    return rows.map(toOperation);
  }

  /**
   * What was before the operation that wrote the seat's present override; null when a token was
   * issued with it.
   */
  findOverrideOrigin(seat: Seat): Promise<Origin | null> {
    if (!seat.override) return Promise.resolve(null);
    const known = this.originOf.get(seat);
    if (known) return known;
    const origin = this.origins.load(seat);
    this.originOf.set(seat, origin);
    return origin;
  }

  private async readOrigins(seats: readonly Seat[]): Promise<(Origin | null)[]> {
    const { rows } = await this.pg.query<OriginRow>(
      'seat-operation-origins',
      `SELECT q.ord::int, o.base, o.override
       FROM unnest($1::text[], $2::text[], $3::timestamptz[])
         WITH ORDINALITY AS q(room, identity, at, ord)
       JOIN LATERAL (
         SELECT nullif(o.before->'base', 'null') AS base,
           nullif(o.before->'override', 'null') AS override
         FROM seat_operation o
         WHERE o.room = q.room AND o.identity = q.identity AND o.created_at = q.at
           AND ${GIVES}
         ORDER BY o.epoch DESC LIMIT 1) AS o ON true`,
      [
        seats.map(({ room }) => room),
        seats.map(({ identity }) => identity),
        seats.map(({ override }) => override?.at),
      ],
    );
    const found = new Map(rows.map((row) => [row.ord, toOrigin(row)]));
    return seats.map((_, i) => found.get(i + 1) ?? null);
  }

  /** Whether a session of the room has ended since. */
  async hasEndedSince(room: string, at: Date): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'seat-session-ended',
      `SELECT FROM ledger_entry WHERE room = $1 AND kind = 'room.finished' AND at > $2 LIMIT 1`,
      [room, at],
    );
    return rowCount === 1;
  }

  /**
   * Operations that still need an end: those that somebody who is in the room waits for, and those
   * whose server died between its commit and its call. Oldest first, from `after` on.
   */
  async listUnsettled(
    limit: number,
    after: Pick<SeatOperation, 'id' | 'createdAt'> | null,
  ): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-unsettled',
      `SELECT ${columnsOf('o')} FROM seat_operation o
       JOIN seat s ON s.room = o.room AND s.identity = o.identity
       WHERE o.outcome IN ('intent', 'pending')
         AND (o.outcome = 'pending' OR o.created_at < now() - interval '10 seconds')
         AND (s.is_present OR o.outcome = 'intent' OR o.action = 'remove')
         AND ($2::timestamptz IS NULL OR (o.created_at, o.id) > ($2, $3::uuid))
       ORDER BY o.created_at, o.id LIMIT $1`,
      [limit, after?.createdAt ?? null, after?.id ?? null],
    );
    return rows.map(toOperation);
  }

  /** Those of one seat that have not come to an end, newest first. */
  async listOpenOperations(room: string, identity: string): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-open',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation
       WHERE room = $1 AND identity = $2 AND outcome IN ('intent', 'pending')
       ORDER BY epoch DESC, created_at DESC`,
      [room, identity],
    );
    return rows.map(toOperation);
  }

  /** The newest operations on a seat, newest first. */
  async listOperations(room: string, identity: string, limit: number): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-list',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation
       WHERE room = $1 AND identity = $2 AND action <> 'scene'
       ORDER BY created_at DESC, epoch DESC LIMIT $3`,
      [room, identity, limit],
    );
    return rows.map(toOperation);
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
      'seat-look',
      `SELECT at.db_now, q.ord::int, ${columnsOf('s', SEAT_COLUMNS)}
       FROM (SELECT clock_timestamp() AS db_now) AS at,
         unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(room, identity, ord)
       LEFT JOIN seat s ON s.room = q.room AND s.identity = q.identity`,
      [names.map(({ room }) => room), names.map(({ identity }) => identity)],
    );
    const looks: SeatSnapshot[] = [];
    for (const row of rows) {
      const seat = (row.room as string | null) === null ? null : toSeat(row);
      looks[row.ord - 1] = { seat, at: row.db_now };
    }
    return looks;
  }

  /** Who is in these rooms as far as is known, and Postgres' time before LiveKit is asked. */
  async readRooms(rooms: readonly string[]): Promise<{ seats: Map<string, Seat[]>; at: Date }> {
    const { rows } = await this.pg.query<SeatRow & { db_now: Date }>(
      'seat-look-at-rooms',
      `SELECT at.db_now, s.* FROM (SELECT clock_timestamp() AS db_now) AS at
       LEFT JOIN (SELECT ${SEAT_COLUMNS} FROM seat WHERE room = ANY($1) AND is_present) AS s ON true`,
      [rooms],
    );
    const seats = new Map<string, Seat[]>();
    for (const row of rows) {
      if ((row.room as string | null) === null) continue;
      const known = seats.get(row.room) ?? [];
      seats.set(row.room, known);
      known.push(toSeat(row));
    }
    return { seats, at: (rows[0] as { db_now: Date }).db_now };
  }
}
