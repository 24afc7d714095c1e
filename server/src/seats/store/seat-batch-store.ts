import { Injectable } from '@nestjs/common';
import { SharedParts } from '../../common/shared-parts.js';
import { PgPool } from '../../database/pg-pool.js';
import type { Tx } from '../../ledger/transactions.js';
import type {
  OperationEnd,
  NewOperation,
  Seat,
  SeatOperation,
  DesiredState,
  DesiredPeriods,
} from '../model/seat.js';
import {
  columnsOf,
  lastChange,
  type OperationRow,
  SEAT_COLUMNS,
  type SeatRow,
  type PeriodsRow,
  toOperation,
  toSeat,
  toPeriods,
} from './seat-rows.js';

/** An operation with the desired state that it sets. */
export interface Change {
  readonly operation: NewOperation;
  readonly desired: DesiredState;
}

/** What changes that are made together mostly have in common, each of them once. */
const SHARED = [
  'override_template text',
  'override_version integer',
  'override_scope text',
  'override_until timestamptz',
  'override_at timestamptz',
  'override_by text',
  'override_by_kind text',
  'override_reason text',
  'block_at timestamptz',
  'block_until timestamptz',
  'block_by text',
  'block_by_kind text',
  'block_reason text',
  'hold_sources text[]',
  'hold_at timestamptz',
  'hold_until timestamptz',
  'hold_by text',
  'hold_by_kind text',
  'hold_reason text',
  'last_change jsonb',
  'action text',
  'actor_kind text',
  'actor_id text',
  'actor_label text',
  'reason text',
  'before jsonb',
  'after jsonb',
  'undo_until timestamptz',
  'request_id text',
  'created_at timestamptz',
  'watched_tracks text[]',
  'bulk uuid',
];
const SHARED_NAMES = SHARED.map((column) => column.split(' ')[0]).join(', ');

/**
 * What `SeatStore` writes for one seat, for many seats of one room in one statement each. Seats are
 * locked in the order of their identities, so that two batches never wait for each other. They are
 * named by an array as well: else Postgres reads the whole room to find them.
 */
@Injectable()
export class SeatBatchStore {
  constructor(private readonly pg: PgPool) {}

  /** The seats that there are, by identity, and Postgres' time before anything is asked of LiveKit. */
  async readSnapshots(
    room: string,
    identities: readonly string[],
  ): Promise<{ seats: Map<string, Seat>; at: Date }> {
    const { rows } = await this.pg.query<SeatRow & { db_now: Date }>(
      'seat-snapshots-of-room',
      `SELECT at.db_now, ${SEAT_COLUMNS}
       FROM (SELECT clock_timestamp() AS db_now) AS at
       LEFT JOIN seat ON room = $1 AND identity = ANY($2)`,
      [room, identities],
    );
    const here = rows.filter((row) => (row.room as string | null) !== null);
    return {
      seats: new Map(here.map((row) => [row.identity, toSeat(row)])),
      at: (rows[0] as { db_now: Date }).db_now,
    };
  }

  /** Makes rows for those who have none. */
  async ensure(tx: Tx, room: string, identities: readonly string[]): Promise<void> {
    await tx.query(
      `INSERT INTO seat (room, identity) SELECT $1, i.identity FROM unnest($2::text[]) AS i(identity)
       ORDER BY i.identity ON CONFLICT (room, identity) DO NOTHING`,
      [room, identities],
    );
  }

  /**
   * Writes desired states and their operations: each only if the seat's epoch is still
   * `operation.epoch - 1`. Answers with the identities of those that it wrote. What is asked and what
   * is locked are joined before anything is written: a join of the planner's own, who thinks that
   * epochs leave one row, compares every change with every seat.
   */
  async begin(tx: Tx, room: string, changes: readonly Change[]): Promise<Set<string>> {
    const parts = new SharedParts();
    const numbers = changes.map((change) => parts.numberOf(sharedOf(change)));
    const { rows } = await tx.query<{ identity: string }>(
      `WITH asked AS MATERIALIZED (
         SELECT * FROM unnest($2::text[], $3::int[], $4::uuid[], $5::text[], $6::int[])
           AS a(identity, asked_epoch, id, sid, part)
         JOIN ROWS FROM (jsonb_to_recordset($7::jsonb) AS (${SHARED.join(', ')})) WITH ORDINALITY
           AS p(${SHARED_NAMES}, ord) ON p.ord = a.part),
       locked AS MATERIALIZED (
         SELECT s.identity FROM seat s WHERE s.room = $1 AND s.identity = ANY($2)
         ORDER BY s.identity FOR UPDATE),
       ready AS MATERIALIZED (SELECT asked.* FROM locked JOIN asked USING (identity)),
       changed AS (
         UPDATE seat SET epoch = seat.epoch + 1,
           last_change = a.last_change || jsonb_build_object('operationId', a.id),
           pending_operation = NULL,
           override_template = a.override_template, override_version = a.override_version,
           override_scope = a.override_scope, override_until = a.override_until,
           override_at = a.override_at, override_by = a.override_by,
           override_by_kind = a.override_by_kind, block_by_kind = a.block_by_kind,
           hold_by_kind = a.hold_by_kind,
           override_reason = a.override_reason,
           block_at = a.block_at, block_until = a.block_until, block_by = a.block_by,
           block_reason = a.block_reason,
           hold_sources = a.hold_sources, hold_at = a.hold_at, hold_until = a.hold_until,
           hold_by = a.hold_by, hold_reason = a.hold_reason
         FROM ready a
         WHERE seat.room = $1 AND seat.identity = a.identity AND seat.epoch = a.asked_epoch - 1
         RETURNING a.*, seat.epoch),
       begun AS (
         INSERT INTO seat_operation (id, room, identity, action, actor_kind, actor_id, actor_label,
           reason, before, after, epoch, undo_until, request_id, created_at, watched_tracks, bulk)
         SELECT id, $1, identity, action, actor_kind, actor_id, actor_label, reason,
           before || jsonb_build_object('sid', sid), after, epoch, undo_until, request_id,
           created_at, watched_tracks, bulk
         FROM changed)
       SELECT identity FROM changed`,
      [
        room,
        changes.map(identityOf),
        changes.map(({ operation }) => operation.epoch),
        changes.map(({ operation }) => operation.id),
        changes.map(({ operation }) => operation.before.sid),
        numbers,
        parts.toJson(),
      ],
    );
    return new Set(rows.map(({ identity }) => identity));
  }

  /** Pending operations on these seats, each with the periods of its seat's desired state. */
  async listWaiting(
    tx: Tx,
    room: string,
    identities: readonly string[],
  ): Promise<{ operation: SeatOperation; desired: DesiredPeriods }[]> {
    const { rows } = await tx.query<OperationRow & PeriodsRow>(
      `SELECT ${columnsOf('o')}, s.override_at, s.override_until, s.block_at, s.block_until,
         s.hold_at, s.hold_until
       FROM seat_operation o JOIN seat s ON s.room = o.room AND s.identity = o.identity
       WHERE o.room = $1 AND o.identity = ANY($2) AND o.outcome = 'pending'`,
      [room, identities],
    );
    return rows.map((row) => ({ operation: toOperation(row), desired: toPeriods(row) }));
  }

  /** Ends pending operations that a later change replaced. */
  async supersede(tx: Tx, ids: readonly string[]): Promise<void> {
    await tx.query(
      `UPDATE seat_operation SET outcome = 'superseded', settled_at = now(), watched_tracks = NULL
       WHERE id = ANY($1)`,
      [ids],
    );
  }

  /** Writes what came of them, also where the seats show it. Answers with the ids that it settled. */
  async settle(tx: Tx, room: string, ends: readonly OperationEnd[]): Promise<Set<string>> {
    const parts = new SharedParts();
    const numbers = ends.map(({ result: { outcome, detail, ms, effects = null } }) =>
      parts.numberOf({ outcome, detail, ms, effects }),
    );
    const { rows } = await tx.query<{ id: string }>(
      `WITH asked AS MATERIALIZED (
         SELECT * FROM unnest($2::text[], $3::uuid[], $4::int[]) AS a(identity, id, part)
         JOIN ROWS FROM (jsonb_to_recordset($5::jsonb) AS (
           outcome text, detail text, ms float8, effects jsonb)) WITH ORDINALITY
           AS p(outcome, detail, ms, effects, ord) ON p.ord = a.part),
       locked AS MATERIALIZED (
         SELECT s.identity FROM seat s WHERE s.room = $1 AND s.identity = ANY($2)
         ORDER BY s.identity FOR UPDATE),
       ready AS MATERIALIZED (SELECT asked.* FROM locked JOIN asked USING (identity)),
       settled AS (
         UPDATE seat_operation AS o SET outcome = a.outcome, detail = a.detail, ms = a.ms,
           settled_at = now(),
           after = CASE WHEN a.effects IS NULL OR a.effects = 'null' THEN after
             ELSE jsonb_set(after, '{effects}', a.effects) END,
           watched_tracks = CASE WHEN a.outcome IN ('failed', 'superseded') THEN NULL
             ELSE watched_tracks END
         FROM ready a
         WHERE o.id = a.id AND o.outcome IN ('intent', 'pending') AND o.outcome <> a.outcome
         RETURNING o.id, o.identity, o.outcome, o.ms),
       shown AS (
         UPDATE seat SET
           last_change = last_change || jsonb_build_object('outcome', settled.outcome, 'ms', settled.ms),
           pending_operation = CASE WHEN settled.outcome = 'pending' THEN settled.id END
         FROM settled WHERE seat.room = $1 AND seat.identity = settled.identity
           AND seat.last_change->>'operationId' = settled.id::text)
       SELECT id FROM settled`,
      [
        room,
        ends.map(identityOf),
        ends.map(({ operation }) => operation.id),
        numbers,
        parts.toJson(),
      ],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Marks operations as undone; answers with those that were not before. */
  async markUndone(tx: Tx, undone: readonly { id: string; by: string }[]): Promise<Set<string>> {
    const { rows } = await tx.query<{ id: string }>(
      `UPDATE seat_operation o SET undone_by = u.by FROM unnest($1::uuid[], $2::uuid[]) AS u(id, by)
       WHERE o.id = u.id AND o.undone_by IS NULL RETURNING o.id`,
      [undone.map(({ id }) => id), undone.map(({ by }) => by)],
    );
    return new Set(rows.map(({ id }) => id));
  }
}

function identityOf({ operation: { identity } }: Change | OperationEnd): string {
  return identity;
}

/** All of a change but what each seat has of its own: who, which connection, which operation. */
function sharedOf({ operation, desired: { override, block, hold } }: Change): object {
  const { after, actor } = operation;
  const { sid: _sid, ...before } = operation.before;
  const { operationId: _id, ...shown } = lastChange(operation);
  return {
    override_template: override?.template,
    override_version: override?.version,
    override_scope: override?.scope,
    override_until: override?.until,
    override_at: override?.at,
    override_by: override?.by,
    override_by_kind: override?.byKind,
    override_reason: override?.reason,
    block_at: block?.at,
    block_until: block?.until,
    block_by: block?.by,
    block_by_kind: block?.byKind,
    block_reason: block?.reason,
    hold_sources: hold?.sources,
    hold_at: hold?.at,
    hold_until: hold?.until,
    hold_by: hold?.by,
    hold_by_kind: hold?.byKind,
    hold_reason: hold?.reason,
    last_change: shown,
    action: operation.action,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_label: actor.label,
    reason: operation.reason,
    before,
    after,
    undo_until: operation.undoUntil,
    request_id: actor.requestId,
    created_at: operation.createdAt,
    watched_tracks: after.takes.length > 0 ? after.takes.map(({ sid }) => sid) : null,
    bulk: operation.bulk,
  };
}
