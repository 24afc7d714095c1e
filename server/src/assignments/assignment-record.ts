import type { Actor } from '../actor/actor.js';
import type { Permission } from '../actor/permissions.js';
import { AppError } from '../common/errors/app-error.js';
import type { ActorKind } from '../grants/policy.js';
import type { Tx } from '../ledger/transactions.js';
import { leftJoinUser } from '../users/user-sql.js';
import { patternOf, type StoredScope, toScope } from './scope.js';

/** A row of `assignment`, with the user it is for. */
export interface AssignmentRow {
  id: string;
  user_id: string | null;
  identity: string | null;
  user_name: string | null;
  room_name: string | null;
  room_pattern: string | null;
  template: string;
  priority: number;
  valid_from: Date | null;
  valid_until: Date | null;
  reason: string;
  created_by_label: string;
  created_by_kind: ActorKind | null;
  revision: number;
  created_at: Date;
  status: 'active' | 'upcoming' | 'expired';
}

export type AssignmentView = ReturnType<typeof toView>;

export const STATUS = `CASE WHEN a.valid_until <= now() THEN 'expired' WHEN a.valid_from > now() THEN 'upcoming'
  ELSE 'active' END`;

export const COLUMNS = `a.id, a.user_id, u.identity, u.name AS user_name, a.room_name, a.room_pattern,
  a.template, a.priority, a.valid_from, a.valid_until, a.reason, a.created_by_label, a.created_by_kind, a.revision,
  a.created_at, ${STATUS} AS status`;

export const FROM = `assignment a ${leftJoinUser('a.user_id')}`;

export type AssignmentPermission = Extract<Permission, `assignment.${string}`>;

/** One that the actor may not see does not exist for them. */
export async function lockAssignment(
  tx: Tx,
  actor: Actor,
  permission: AssignmentPermission,
  id: string,
): Promise<AssignmentRow> {
  const { rows } = await tx.query<AssignmentRow>(
    `SELECT ${COLUMNS} FROM ${FROM} WHERE a.id = $1 FOR UPDATE OF a`,
    [id],
  );
  const [row] = rows;
  const pattern = row && patternOf(scopeOf(row));
  const isVisible =
    pattern !== undefined &&
    (actor.covers('assignment.read', pattern) || actor.covers(permission, pattern));
  if (!isVisible) throw assignmentNotFound();
  return row as AssignmentRow;
}

/** What the transaction wrote: after its commit somebody else may have changed or deleted it. */
export async function readAssignment(tx: Tx, id: string): Promise<AssignmentRow> {
  const { rows } = await tx.query<AssignmentRow>(`SELECT ${COLUMNS} FROM ${FROM} WHERE a.id = $1`, [
    id,
  ]);
  return rows[0] as AssignmentRow;
}

export function recordDeleted(tx: Tx, actor: Actor, row: AssignmentRow, because?: string): void {
  const { id, subject, scope, template, priority, validFrom, validUntil, reason } = toView(row);
  tx.record({
    kind: 'assignment.deleted',
    outcome: 'ok',
    actor,
    room: row.room_name,
    identity: row.identity,
    reason: because ?? null,
    payload: {
      assignment: id,
      before: { subject, scope, template, priority, validFrom, validUntil, reason },
    },
  });
}

/**
 * `room`: where it applies from now on. One that leaves a room is told there as well: otherwise what
 * the log says of that room would still have it.
 */
export function recordUpdated(
  tx: Tx,
  actor: Actor,
  row: AssignmentRow,
  room: string | null,
  changes: { before: object; after: { reason?: string } },
): void {
  const { id, subject, scope, template, priority, validFrom, validUntil, reason, ...before } =
    toView(row);
  const was = { subject, scope, template, priority, validFrom, validUntil, reason };
  const { createdAt, createdBy } = before;
  const record = { ...was, ...changes.after, createdAt, createdBy };
  const entry = {
    kind: 'assignment.updated',
    outcome: 'ok',
    actor,
    identity: row.identity,
    reason: record.reason || null,
    payload: { assignment: id, subject, ...changes, record },
  } as const;
  tx.record({ ...entry, room });
  if (row.identity === null && row.room_name !== room) tx.record({ ...entry, room: row.room_name });
}

export function assignmentNotFound(): AppError {
  return new AppError('not_found', 'assignment.not_found', 'There is no such assignment.');
}

export function scopeOf(row: AssignmentRow): StoredScope {
  return { roomName: row.room_name, roomPattern: row.room_pattern };
}

export function toView(row: AssignmentRow) {
  return {
    id: row.id,
    subject: row.user_id === null ? ({ everyone: true } as const) : { user: row.user_id },
    subjectLabel: row.user_id === null ? 'Everyone' : row.user_name || (row.identity ?? ''),
    scope: toScope(scopeOf(row)),
    template: row.template,
    priority: row.priority,
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    reason: row.reason,
    status: row.status,
    createdBy: row.created_by_label,
    createdByKind: row.created_by_kind,
    createdAt: row.created_at,
  };
}
