import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../database/transactions.js';
import type { PermissionLike } from '../grants/compile-grant.js';
import type { Block, Override } from '../grants/policy.js';
import type { LastChange, OperationOutcome, Seat, SeatOperation } from './seat.js';

const SEAT_COLUMNS = `room, identity, epoch, override_template, override_version, override_scope,
  override_until, override_at, override_by, override_reason, block_at, block_until, block_by,
  block_reason, last_issued_at, is_unlisted, is_present, sid, state, name, kind, permission, tracks,
  joined_at, pending_operation, last_change`;

const OPERATION_COLUMNS = `id, room, identity, action, actor_kind, actor_id, actor_label, reason,
  before, after, epoch, outcome, detail, ms, undo_until, undone_by, created_at, settled_at, request_id`;

interface SeatRow {
  room: string;
  identity: string;
  epoch: number;
  override_template: string | null;
  override_version: number;
  override_scope: Override['scope'];
  override_until: Date | null;
  override_at: Date;
  override_by: string | null;
  override_reason: string | null;
  block_at: Date | null;
  block_until: Date | null;
  block_by: string | null;
  block_reason: string | null;
  last_issued_at: Date | null;
  is_unlisted: boolean;
  is_present: boolean;
  sid: string | null;
  state: Seat['state'];
  name: string;
  kind: string | null;
  permission: Seat['permission'];
  tracks: Seat['tracks'];
  joined_at: Date | null;
  pending_operation: string | null;
  last_change: LastChange | null;
}

interface OperationRow {
  id: string;
  room: string;
  identity: string;
  action: SeatOperation['action'];
  actor_kind: SeatOperation['actor']['kind'];
  actor_id: string | null;
  actor_label: string;
  reason: string | null;
  before: SeatOperation['before'];
  after: SeatOperation['after'];
  epoch: number;
  outcome: SeatOperation['outcome'];
  detail: string | null;
  ms: number | null;
  undo_until: Date | null;
  undone_by: string | null;
  created_at: Date;
  settled_at: Date | null;
  request_id: string | null;
}

/** A seat as it was at a time of Postgres'. */
export interface Look {
  readonly seat: Seat | null;
  readonly at: Date;
}

/** The tables `seat` and `seat_operation`: every statement that reads or writes what is wished. */
@Injectable()
export class SeatStore {
  constructor(private readonly pg: PgPool) {}

  async find(room: string, identity: string): Promise<Seat | null> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-find',
      `SELECT ${SEAT_COLUMNS} FROM seat WHERE room = $1 AND identity = $2`,
      [room, identity],
    );
    return rows[0] ? toSeat(rows[0]) : null;
  }

  async findMany(room: string, identities: readonly string[]): Promise<Seat[]> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-find-many',
      `SELECT ${SEAT_COLUMNS} FROM seat WHERE room = $1 AND identity = ANY($2)`,
      [room, identities],
    );
    return rows.map(toSeat);
  }

  /** Who is in the room, and who is not but has an override or a block. */
  async listVisible(room: string): Promise<Seat[]> {
    const { rows } = await this.pg.query<SeatRow>(
      'seat-list-visible',
      `SELECT ${SEAT_COLUMNS} FROM seat
       WHERE room = $1 AND (is_present OR override_template IS NOT NULL OR block_at IS NOT NULL)
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

  /** Writes what is wished, and counts it. Answers with the new epoch. */
  async wish(
    tx: Tx,
    { room, identity }: Pick<Seat, 'room' | 'identity'>,
    override: Override | null,
    block: Block | null,
  ): Promise<number> {
    const { rows } = await tx.query<{ epoch: number }>(
      `UPDATE seat SET epoch = epoch + 1,
         override_template = $3, override_version = $4, override_scope = $5, override_until = $6,
         override_at = $7, override_by = $8, override_reason = $9,
         block_at = $10, block_until = $11, block_by = $12, block_reason = $13
       WHERE room = $1 AND identity = $2 RETURNING epoch`,
      [
        room,
        identity,
        override?.template ?? null,
        override?.version ?? null,
        override?.scope ?? null,
        override?.until ?? null,
        override?.at ?? null,
        override?.by ?? null,
        override?.reason ?? null,
        block?.at ?? null,
        block?.until ?? null,
        block?.by ?? null,
        block?.reason ?? null,
      ],
    );
    return (rows[0] as { epoch: number }).epoch;
  }

  async noteIssued(tx: Tx, { room, identity }: Seat, at: Date): Promise<void> {
    await tx.query(
      `UPDATE seat SET last_issued_at = $3, is_unlisted = false
       WHERE room = $1 AND identity = $2`,
      [room, identity, at],
    );
  }

  /** What somebody whom no rule covers had when a scene took it; the first one stays. */
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
         AND NOT EXISTS (SELECT FROM room WHERE name = $1 AND active_scene IS NOT NULL)`,
      [room, identity],
    );
  }

  /** Shows the operation as the seat's last change, unless a later one is shown. */
  async noteChange(
    tx: Tx,
    operation: Pick<SeatOperation, 'id' | 'room' | 'identity' | 'action' | 'actor' | 'createdAt'>,
    outcome: OperationOutcome,
    ms: number | null,
  ): Promise<void> {
    const { id, room, identity, action, actor, createdAt } = operation;
    const change: LastChange = {
      operationId: id,
      at: createdAt.toISOString(),
      by: actor.label,
      kind: action,
      outcome,
      ms,
    };
    await tx.query(
      `UPDATE seat SET last_change = $3, pending_operation = $4
       WHERE room = $1 AND identity = $2
         AND ($5 OR last_change IS NULL OR last_change->>'operationId' = $6)`,
      [
        room,
        identity,
        JSON.stringify(change),
        outcome === 'pending' ? id : null,
        outcome === 'intent',
        id,
      ],
    );
  }

  /** Ends what still waited for this seat: its wish is not the seat's any more. */
  async supersede(
    tx: Tx,
    { id, room, identity, epoch }: Pick<SeatOperation, 'id' | 'room' | 'identity' | 'epoch'>,
  ): Promise<SeatOperation[]> {
    const { rows } = await tx.query<OperationRow>(
      `UPDATE seat_operation SET outcome = 'superseded', settled_at = now()
       WHERE room = $1 AND identity = $2 AND id <> $3 AND outcome = 'pending' AND epoch < $4
       RETURNING ${OPERATION_COLUMNS}`,
      [room, identity, id, epoch],
    );
    return rows.map(toOperation);
  }

  async insertOperation(
    tx: Tx,
    operation: Omit<SeatOperation, 'outcome' | 'detail' | 'ms' | 'undoneBy' | 'settledAt'> & {
      requestId: string | null;
    },
  ): Promise<void> {
    await tx.query(
      `INSERT INTO seat_operation (id, room, identity, action, actor_kind, actor_id, actor_label,
         reason, before, after, epoch, undo_until, request_id, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        operation.id,
        operation.room,
        operation.identity,
        operation.action,
        operation.actor.kind,
        operation.actor.id,
        operation.actor.label,
        operation.reason,
        JSON.stringify(operation.before),
        JSON.stringify(operation.after),
        operation.epoch,
        operation.undoUntil,
        operation.requestId,
        operation.createdAt,
      ],
    );
  }

  /** Null when somebody else has settled it: then its entry is written already. */
  async settleOperation(
    tx: Tx,
    id: string,
    outcome: 'applied' | 'pending' | 'failed' | 'superseded',
    detail: string | null,
    ms: number | null,
  ): Promise<SeatOperation | null> {
    const { rows } = await tx.query<OperationRow>(
      `UPDATE seat_operation SET outcome = $2, detail = $3, ms = $4, settled_at = now()
       WHERE id = $1 AND outcome IN ('intent', 'pending') AND outcome <> $2
       RETURNING ${OPERATION_COLUMNS}`,
      [id, outcome, detail, ms],
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

  /** The operation that wrote the seat's present override; null when a token was issued with it. */
  async findOverrideOrigin(seat: Seat): Promise<SeatOperation | null> {
    if (!seat.override) return null;
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-origin',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation
       WHERE room = $1 AND identity = $2 AND created_at = $3
         AND action IN ('promote', 'demote', 'lease_end', 'block', 'unblock')
       ORDER BY epoch DESC LIMIT 1`,
      [seat.room, seat.identity, seat.override.at],
    );
    return rows[0] ? toOperation(rows[0]) : null;
  }

  /**
   * Operations that still need an end: superseded ones, those that somebody who is in the room
   * waits for, and those whose server died between its commit and its call.
   */
  async listUnsettled(limit: number): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-unsettled',
      `SELECT ${OPERATION_COLUMNS.replaceAll(/\b(\w+)\b/g, 'o.$1')} FROM seat_operation o
       JOIN seat s ON s.room = o.room AND s.identity = o.identity
       WHERE o.outcome IN ('intent', 'pending')
         AND (o.outcome = 'pending' OR o.created_at < now() - interval '10 seconds')
         AND (s.epoch <> o.epoch OR s.is_present OR o.outcome = 'intent' OR o.action = 'remove')
       ORDER BY o.created_at LIMIT $1`,
      [limit],
    );
    return rows.map(toOperation);
  }

  async findOpenOperation(room: string, identity: string): Promise<SeatOperation | null> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-open',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation
       WHERE room = $1 AND identity = $2 AND outcome IN ('intent', 'pending')
       ORDER BY created_at DESC LIMIT 1`,
      [room, identity],
    );
    return rows[0] ? toOperation(rows[0]) : null;
  }

  /** Seats whose lease or timed block has come to its end. */
  async listExpired(limit: number): Promise<Pick<Seat, 'room' | 'identity'>[]> {
    const { rows } = await this.pg.query<{ room: string; identity: string }>(
      'seat-list-expired',
      `SELECT room, identity FROM seat
       WHERE override_until <= now() ORDER BY override_until LIMIT $1`,
      [limit],
    );
    return rows;
  }

  /** When the next lease ends, in milliseconds from now by Postgres' clock; null when there is none. */
  async nextExpiryMs(): Promise<number | null> {
    const { rows } = await this.pg.query<{ ms: number | null }>(
      'seat-next-expiry',
      `SELECT (extract(epoch FROM min(override_until) - clock_timestamp()) * 1000)::float8 AS ms
       FROM seat WHERE override_until IS NOT NULL`,
    );
    return rows[0]?.ms ?? null;
  }

  /** The seat, and Postgres' time before anything is asked of LiveKit about it. */
  async look(room: string, identity: string): Promise<Look> {
    const { rows } = await this.pg.query<SeatRow & { db_now: Date }>(
      'seat-look',
      `SELECT at.db_now, s.* FROM (SELECT clock_timestamp() AS db_now) AS at
       LEFT JOIN seat s ON s.room = $1 AND s.identity = $2`,
      [room, identity],
    );
    const row = rows[0] as SeatRow & { db_now: Date };
    return { seat: (row.room as string | null) === null ? null : toSeat(row), at: row.db_now };
  }

  /** Who is in the room as far as is known, and Postgres' time before LiveKit is asked. */
  async lookAtRoom(room: string): Promise<{ seats: Seat[]; at: Date }> {
    const { rows } = await this.pg.query<{ at: Date }>(
      'seat-time',
      'SELECT clock_timestamp() AS at',
    );
    return { seats: await this.listPresent(room), at: (rows[0] as { at: Date }).at };
  }
}

export function toSeat(row: SeatRow): Seat {
  return {
    room: row.room,
    identity: row.identity,
    epoch: row.epoch,
    override:
      row.override_template === null
        ? null
        : {
            template: row.override_template,
            version: row.override_version,
            scope: row.override_scope,
            until: row.override_until,
            at: row.override_at,
            by: row.override_by ?? '',
            reason: row.override_reason,
          },
    block:
      row.block_at === null
        ? null
        : {
            at: row.block_at,
            until: row.block_until,
            by: row.block_by ?? '',
            reason: row.block_reason,
          },
    lastIssuedAt: row.last_issued_at,
    isUnlisted: row.is_unlisted,
    isPresent: row.is_present,
    sid: row.sid,
    state: row.state,
    name: row.name,
    kind: row.kind,
    permission: row.permission,
    tracks: row.tracks,
    joinedAt: row.joined_at,
    pendingOperation: row.pending_operation,
    lastChange: row.last_change,
  };
}

function toOperation(row: OperationRow): SeatOperation {
  return {
    id: row.id,
    room: row.room,
    identity: row.identity,
    action: row.action,
    actor: {
      kind: row.actor_kind,
      id: row.actor_id,
      label: row.actor_label,
      requestId: row.request_id,
    },
    reason: row.reason,
    before: {
      ...row.before,
      override: reviveOverride(row.before.override),
      block: reviveBlock(row.before.block),
      base:
        row.before.base && 'override' in row.before.base
          ? { override: reviveOverride(row.before.base.override) as Override }
          : row.before.base,
    },
    after: row.after,
    epoch: row.epoch,
    outcome: row.outcome,
    detail: row.detail,
    ms: row.ms,
    undoUntil: row.undo_until,
    undoneBy: row.undone_by,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  };
}

/** Times come out of jsonb as text. */
function reviveOverride(override: Override | null): Override | null {
  if (!override) return null;
  return { ...override, at: new Date(override.at), until: toDate(override.until) };
}

function reviveBlock(block: Block | null): Block | null {
  return block ? { ...block, at: new Date(block.at), until: toDate(block.until) } : null;
}

function toDate(value: Date | string | null): Date | null {
  return value === null ? null : new Date(value);
}
