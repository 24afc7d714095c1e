import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';
import type { Brought } from '../../grants/brought.js';
import type { PermissionLike } from '../../grants/compile-grant.js';
import type { MutedTracks } from '../../grants/silencing.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { PLAYS_SCENE } from '../../policy/room-conditions.js';
import type { DesiredState, NewOperation, Seat, SeatOperation } from '../model/seat.js';
import { broughtEntry, setAsideEntry } from './bound-entries.js';
import {
  columnsOf,
  desiredValues,
  INSERT_OPERATION,
  lastChange,
  type OperationRow,
  operationValues,
  SEAT_COLUMNS,
  type SeatRow,
  SET_DESIRED_STATE,
  toOperation,
  toSeat,
} from './seat-rows.js';

type SeatName = Pick<Seat, 'room' | 'identity'>;

/** Writes single seats, and the operations on them. */
@Injectable()
export class SeatStore {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
  ) {}

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
      `WITH changed AS (
         UPDATE seat SET epoch = epoch + 1, ${SET_DESIRED_STATE}, last_change = $35, pending_operation = NULL
         WHERE room = $1 AND identity = $2 AND epoch = $36
           AND NOT EXISTS (SELECT FROM seat_operation WHERE id = $22)
         RETURNING room, identity, epoch)
       ${INSERT_OPERATION}
       SELECT $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, room, identity, epoch
       FROM changed`,
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

  async noteIssued(tx: Tx, { room, identity }: Seat, at: Date): Promise<void> {
    await tx.query(
      `UPDATE seat SET last_issued_at = $3, is_unlisted = false,
         admitted = admitted || jsonb_build_object('issuedAt', $3::timestamptz)
       WHERE room = $1 AND identity = $2`,
      [room, identity, at],
    );
  }

  async notePeek(tx: Tx, { room, identity }: Seat, peeksAt: string): Promise<void> {
    await tx.query('UPDATE seat SET peeks_at = $3 WHERE room = $1 AND identity = $2', [
      room,
      identity,
      peeksAt,
    ]);
  }

  /** What a participant without a rule had before a scene or a hold took it; the first is kept. */
  async keepBeforeScene(room: string, identity: string, permission: PermissionLike): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE seat SET before_scene = $3
         WHERE room = $1 AND identity = $2 AND before_scene IS NULL`,
        [room, identity, JSON.stringify(permission)],
      );
      if (rowCount === 1) tx.record(setAsideEntry({ room, identity }, permission, 'livekit'));
    });
  }

  async forgetBeforeScene(room: string, identity: string): Promise<void> {
    await this.pg.query(
      'seat-forget-before-scene',
      `UPDATE seat SET before_scene = NULL
       WHERE room = $1 AND identity = $2
         AND hold_at IS NULL
         AND NOT ${PLAYS_SCENE}`,
      [room, identity],
    );
  }

  /**
   * What they had before a role replaces it, unless something else than `known` was kept since. No
   * connection counts any longer as one that has been given it back.
   */
  async keepBrought(
    { room, identity }: SeatName,
    known: Brought | null,
    brought: Brought | null,
  ): Promise<void> {
    const isKept =
      brought !== null && (await this.replaceBrought({ room, identity }, known, brought));
    if (isKept) return;
    await this.pg.query(
      'seat-take-back',
      `UPDATE seat SET brought = brought || '{"givenTo": null}'
       WHERE room = $1 AND identity = $2 AND last_issued_at IS NULL
         AND brought->>'givenTo' IS NOT NULL`,
      [room, identity],
    );
  }

  /** False where something else than `known` is kept, or the same already. */
  private replaceBrought(
    { room, identity }: SeatName,
    known: Brought | null,
    brought: Brought,
  ): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE seat SET brought = $4
         WHERE room = $1 AND identity = $2 AND last_issued_at IS NULL
           AND brought IS NOT DISTINCT FROM $3::jsonb AND brought IS DISTINCT FROM $4::jsonb`,
        [room, identity, known && JSON.stringify(known), JSON.stringify(brought)],
      );
      if (rowCount !== 1) return false;
      tx.record(broughtEntry({ room, identity }, brought, 'livekit'));
      return true;
    });
  }

  /** The connection has it again; what LiveKit lets it have from now on is not Rolecall's. */
  async noteGivenBack({ room, identity }: SeatName, sid: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { rows } = await tx.query<{ brought: Brought }>(
        `UPDATE seat SET brought = brought || jsonb_build_object('givenTo', $3::text)
         WHERE room = $1 AND identity = $2 AND brought->>'givenTo' IS DISTINCT FROM $3
           AND brought IS NOT NULL
         RETURNING brought`,
        [room, identity, sid],
      );
      if (rows[0]) tx.record(broughtEntry({ room, identity }, rows[0].brought, 'livekit'));
    });
  }

  /**
   * Tracks that a hold or a scene mutes, before and after the call to LiveKit; those of earlier
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
}
