import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import type {
  BulkOperation,
  BulkStatus,
  BulkTarget,
  Counts,
  TargetEnd,
  TargetOutcome,
} from './bulk.js';
import { completeCounts } from './bulk.js';

export const OPERATION_COLUMNS = `o.id, o.room, o.action, o.params, o.actor, o.reason, o.as_of AS "asOf", o.status,
  o.total, o.created_at AS "createdAt", o.finished_at AS "finishedAt", o.undo_of AS "undoOf",
  o.undone_by AS "undoneBy", o.undo_until AS "undoUntil"`;

export const TARGET_COLUMNS = `t.position, t.identity, t.seat_operation AS "seatOperation", t.outcome`;

/** A server that says nothing for so long has died: another one goes on. */
const LEASE_SECONDS = 5;
/** Later, a moderator who sees the room as it is then should decide. */
const UNDO_MINUTES = 10;
/** In SQL: the operation `o` has not found out yet who its targets are. */
const IS_LISTING = `o.finished_at IS NULL AND o.params->'isListed' IS DISTINCT FROM 'true'`;
/** What an operation on a seat came to, for the target that it was begun for. */
export interface FollowedEnd {
  readonly identity: string;
  readonly seatOperation: string;
  readonly outcome: TargetOutcome;
  readonly detail: string | null;
  readonly ms: number | null;
}

/** The tables `bulk_operation` and `bulk_target`. */
@Injectable()
export class BulkStore {
  constructor(private readonly pg: PgPool) {}

  async insert(
    tx: Tx,
    operation: Omit<
      BulkOperation,
      'status' | 'createdAt' | 'finishedAt' | 'undoneBy' | 'undoUntil'
    >,
    holder: string,
  ): Promise<void> {
    await tx.query(
      `INSERT INTO bulk_operation (id, room, action, params, actor, reason, as_of, total, undo_of,
         holder, lease_until)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
         now() + make_interval(secs => ${LEASE_SECONDS}))`,
      [
        operation.id,
        operation.room,
        operation.action,
        JSON.stringify(operation.params),
        JSON.stringify(operation.actor),
        operation.reason,
        operation.asOf,
        operation.total,
        operation.undoOf,
        holder,
      ],
    );
  }

  /** Adds targets after the existing ones; people who are targets already keep their position. */
  async addTargets(
    tx: Tx,
    operation: string,
    targets: readonly { identity: string; skipped?: string | undefined }[],
  ): Promise<number> {
    const { rowCount } = await tx.query(
      `INSERT INTO bulk_target (operation, position, identity, outcome, detail, settled_at)
       SELECT $1, start.position + t.ord, t.identity,
         CASE WHEN t.skipped IS NULL THEN 'waiting' ELSE 'skipped' END, t.skipped,
         CASE WHEN t.skipped IS NOT NULL THEN now() END
       FROM (SELECT coalesce(max(position), 0) AS position FROM bulk_target WHERE operation = $1) start,
         ROWS FROM (unnest($2::text[], $3::text[])) WITH ORDINALITY AS t(identity, skipped, ord)
       ON CONFLICT ON CONSTRAINT uq_bulk_target_identity DO NOTHING`,
      [
        operation,
        targets.map(({ identity }) => identity),
        targets.map(({ skipped }) => skipped ?? null),
      ],
    );
    return rowCount ?? 0;
  }

  /** Every target is written down: from here on the operation can come to its end. */
  async markListed(tx: Tx, id: string): Promise<number> {
    const { rows } = await tx.query<{ total: number }>(
      `UPDATE bulk_operation SET params = params || '{"isListed": true}',
         total = (SELECT count(*) FROM bulk_target WHERE operation = $1)
       WHERE id = $1 RETURNING total`,
      [id],
    );
    return rows[0]?.total ?? 0;
  }

  async find(id: string): Promise<BulkOperation | null> {
    const { rows } = await this.pg.query<BulkOperation>(
      'bulk-find',
      `SELECT ${OPERATION_COLUMNS} FROM bulk_operation o WHERE o.id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  /** Locks the operation for the transaction. */
  async lock(tx: Tx, id: string): Promise<BulkOperation | null> {
    const { rows } = await tx.query<BulkOperation>(
      `SELECT ${OPERATION_COLUMNS} FROM bulk_operation o WHERE o.id = $1 FOR UPDATE`,
      [id],
    );
    return rows[0] ?? null;
  }

  async pause(tx: Tx, id: string): Promise<void> {
    await tx.query(`UPDATE bulk_operation SET status = 'paused' WHERE id = $1`, [id]);
  }

  /** Any server may continue it. The rest is done in the name of `actor`. */
  async resume(tx: Tx, id: string, actor: BulkOperation['actor']): Promise<void> {
    await tx.query(
      `UPDATE bulk_operation SET status = 'running', actor = $2, holder = NULL, lease_until = NULL
       WHERE id = $1`,
      [id, JSON.stringify(actor)],
    );
  }

  /** It finishes once the targets that are under way have ended: see `finish`. */
  async cancel(tx: Tx, id: string): Promise<void> {
    await tx.query(`UPDATE bulk_operation SET status = 'cancelled' WHERE id = $1`, [id]);
  }

  async finish(tx: Tx, id: string, status: BulkStatus): Promise<void> {
    await tx.query(
      `UPDATE bulk_operation SET status = $2, finished_at = clock_timestamp(), holder = NULL,
         lease_until = NULL, undo_until = clock_timestamp() + interval '${UNDO_MINUTES} minutes'
       WHERE id = $1`,
      [id, status],
    );
  }

  /** Runs again, in the name of `actor`. */
  async reopen(tx: Tx, id: string, actor: BulkOperation['actor']): Promise<void> {
    await tx.query(
      `UPDATE bulk_operation SET status = 'running', actor = $2, finished_at = NULL,
         undo_until = NULL, holder = NULL, lease_until = NULL
       WHERE id = $1`,
      [id, JSON.stringify(actor)],
    );
  }

  async markUndone(tx: Tx, id: string, by: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      'UPDATE bulk_operation SET undone_by = $2 WHERE id = $1 AND undone_by IS NULL',
      [id, by],
    );
    return rowCount === 1;
  }

  /**
   * Operations that there is something to do for and that nobody works on, now held by `holder`:
   * also those that were paused or cancelled and whose server died over what was under way.
   */
  async claim(holder: string, only: string | null = null): Promise<string[]> {
    const { rows } = await this.pg.query<{ id: string }>(
      'bulk-claim',
      `UPDATE bulk_operation SET holder = $1,
         lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
       WHERE id IN (SELECT o.id FROM bulk_operation o
         WHERE o.finished_at IS NULL AND ($2::uuid IS NULL OR o.id = $2)
           AND (o.lease_until IS NULL OR o.lease_until < now() OR o.holder = $1)
           AND (o.status <> 'paused' OR EXISTS (
             SELECT FROM bulk_target t WHERE t.operation = o.id AND t.outcome = 'started'))
         ORDER BY o.created_at LIMIT 20 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [holder, only],
    );
    return rows.map(({ id }) => id);
  }

  /** Those of `ids` that are still `holder`'s to work on, for another while. */
  async renew(holder: string, ids: readonly string[]): Promise<string[]> {
    const { rows } = await this.pg.query<{ id: string }>(
      'bulk-renew',
      `UPDATE bulk_operation SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
       WHERE id = ANY($2) AND holder = $1 AND finished_at IS NULL RETURNING id`,
      [holder, ids],
    );
    return rows.map(({ id }) => id);
  }

  /** So that another server need not wait for the lease to end. */
  async release(holder: string): Promise<void> {
    await this.pg.query(
      'bulk-release',
      'UPDATE bulk_operation SET holder = NULL, lease_until = NULL WHERE holder = $1',
      [holder],
    );
  }

  /**
   * False when `holder` no longer has the operation, or when it does not run. Until the transaction's
   * end nobody can take it away, pause it or cancel it.
   */
  async shareLease(tx: Tx, id: string, holder: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      `SELECT 1 FROM bulk_operation WHERE id = $1 AND holder = $2 AND status = 'running' FOR SHARE`,
      [id, holder],
    );
    return rowCount === 1;
  }

  async next(id: string, limit: number): Promise<BulkTarget[]> {
    const { rows } = await this.pg.query<BulkTarget>(
      'bulk-next',
      `SELECT ${TARGET_COLUMNS} FROM bulk_target t
       WHERE t.operation = $1 AND t.outcome = 'waiting' ORDER BY t.position LIMIT $2`,
      [id, limit],
    );
    return rows;
  }

  /** What a server that died left between intent and outcome. */
  async listStarted(id: string): Promise<BulkTarget[]> {
    const { rows } = await this.pg.query<BulkTarget>(
      'bulk-started',
      `SELECT ${TARGET_COLUMNS} FROM bulk_target t
       WHERE t.operation = $1 AND t.outcome = 'started' ORDER BY t.position`,
      [id],
    );
    return rows;
  }

  async markStarted(tx: Tx, id: string, positions: readonly number[]): Promise<void> {
    if (positions.length === 0) return;
    await tx.query(
      `UPDATE bulk_target SET outcome = 'started'
       WHERE operation = $1 AND position = ANY($2) AND outcome = 'waiting'`,
      [id, positions],
    );
  }

  /** Nothing was begun for these. */
  async backToWaiting(tx: Tx, id: string, positions: readonly number[]): Promise<void> {
    if (positions.length === 0) return;
    await tx.query(
      `UPDATE bulk_target SET outcome = 'waiting'
       WHERE operation = $1 AND position = ANY($2) AND outcome = 'started'`,
      [id, positions],
    );
  }

  /** Writes what targets came to. Those that have come to an end already keep it. */
  async end(tx: Tx, id: string, ends: readonly TargetEnd[]): Promise<void> {
    if (ends.length === 0) return;
    await tx.query(
      `UPDATE bulk_target t SET outcome = e.outcome, detail = e.detail, ms = e.ms, settled_at = clock_timestamp()
       FROM unnest($2::int[], $3::text[], $4::text[], $5::float8[]) AS e(position, outcome, detail, ms)
       WHERE t.operation = $1 AND t.position = ANY($2) AND t.position = e.position
         AND t.outcome IN ('waiting', 'started', 'pending')`,
      [
        id,
        ends.map(({ position }) => position),
        ends.map(({ outcome }) => outcome),
        ends.map(({ detail }) => detail),
        ends.map(({ ms }) => ms),
      ],
    );
  }

  /** What was left open on seats has come to its end: so have the targets that it was for. */
  async follow(tx: Tx, operation: string, ends: readonly FollowedEnd[]): Promise<void> {
    await tx.query(
      `UPDATE bulk_target t SET outcome = e.outcome, detail = e.detail, ms = e.ms, settled_at = clock_timestamp()
       FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::float8[])
         AS e(identity, seat_operation, outcome, detail, ms)
       WHERE t.operation = $1 AND t.identity = ANY($2) AND t.identity = e.identity
         AND t.seat_operation = e.seat_operation AND t.outcome IN ('started', 'pending')`,
      [
        operation,
        ends.map(({ identity }) => identity),
        ends.map(({ seatOperation }) => seatOperation),
        ends.map(({ outcome }) => outcome),
        ends.map(({ detail }) => detail),
        ends.map(({ ms }) => ms),
      ],
    );
  }

  /** The rest is left as it is. Answers with how many that were. */
  async cancelRest(tx: Tx, id: string, detail: string): Promise<number> {
    const { rowCount } = await tx.query(
      `UPDATE bulk_target SET outcome = 'cancelled', detail = $2, settled_at = clock_timestamp()
       WHERE operation = $1 AND outcome = 'waiting'`,
      [id, detail],
    );
    return rowCount ?? 0;
  }

  /** Another round for those that failed or wait, each under an id of its own. */
  async retryFailed(tx: Tx, id: string): Promise<number> {
    const { rowCount } = await tx.query(
      `UPDATE bulk_target SET outcome = 'waiting', detail = NULL, ms = NULL, settled_at = NULL,
         seat_operation = gen_random_uuid()
       WHERE operation = $1 AND outcome IN ('failed', 'pending')`,
      [id],
    );
    return rowCount ?? 0;
  }

  async counts(tx: Tx, id: string): Promise<Counts> {
    const { rows } = await tx.query<{ outcome: TargetOutcome; n: number }>(
      'SELECT outcome, count(*)::int AS n FROM bulk_target WHERE operation = $1 GROUP BY outcome',
      [id],
    );
    return completeCounts(Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n])));
  }

  /** Targets of `id` that were applied or are pending, with the operation that made it. */
  async listUndoable(id: string): Promise<{ identity: string; seatOperation: string }[]> {
    const { rows } = await this.pg.query<{ identity: string; seatOperation: string }>(
      'bulk-undoable',
      `SELECT identity, seat_operation AS "seatOperation" FROM bulk_target
       WHERE operation = $1 AND outcome IN ('applied', 'pending') ORDER BY position`,
      [id],
    );
    return rows;
  }

  /** The operations on seats that targets of `id` were begun with. */
  async seatOperationsOf(id: string, identities: readonly string[]): Promise<string[]> {
    const { rows } = await this.pg.query<{ id: string }>(
      'bulk-seat-operations',
      `SELECT seat_operation AS id FROM bulk_target WHERE operation = $1 AND identity = ANY($2)`,
      [id, identities],
    );
    return rows.map((row) => row.id);
  }

  /** Finished operations of scenes with pending targets. */
  async listWithPendingScene(): Promise<string[]> {
    const { rows } = await this.pg.query<{ id: string }>(
      'bulk-pending-scenes',
      `SELECT o.id FROM bulk_operation o
       WHERE o.action = 'scene' AND o.finished_at > now() - interval '1 day'
         AND EXISTS (SELECT FROM bulk_target t WHERE t.operation = o.id AND t.outcome = 'pending')`,
    );
    return rows.map((row) => row.id);
  }

  /** Whether an operation of a scene has still to update this person, or to find out whether. */
  async isScenePending(room: string, identity: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'bulk-scene-pending',
      `SELECT 1 FROM bulk_operation o
       LEFT JOIN bulk_target t ON t.operation = o.id AND t.identity = $2
       WHERE o.room = $1 AND o.action = 'scene' AND o.created_at > now() - interval '1 hour'
         AND (t.outcome IN ('waiting', 'started', 'pending') OR ${IS_LISTING}) LIMIT 1`,
      [room, identity],
    );
    return rowCount === 1;
  }

  /**
   * People that a running operation of a scene has still to update, on any server. Null while one
   * finds out who they are.
   */
  async listSceneCalls(room: string): Promise<string[] | null> {
    const { rows } = await this.pg.query<{ identity: string | null; is_listing: boolean }>(
      'bulk-scene-calls',
      `SELECT t.identity, ${IS_LISTING} AS is_listing FROM bulk_operation o
       LEFT JOIN bulk_target t ON t.operation = o.id AND t.outcome IN ('waiting', 'started')
       WHERE o.room = $1 AND o.action = 'scene' AND o.finished_at IS NULL
         AND o.lease_until > now()`,
      [room],
    );
    if (rows.some((row) => row.is_listing)) return null;
    return rows.flatMap(({ identity }) => identity ?? []);
  }

  async listPending(id: string): Promise<BulkTarget[]> {
    const { rows } = await this.pg.query<BulkTarget>(
      'bulk-pending',
      `SELECT ${TARGET_COLUMNS} FROM bulk_target t
       WHERE t.operation = $1 AND t.outcome = 'pending' ORDER BY t.position`,
      [id],
    );
    return rows;
  }
}
