import { AppError } from '../../common/errors/app-error.js';
import type { RoleState, SeatOperation } from '../model/seat.js';
import type { Settlement } from '../model/outcomes.js';
import type { EffectiveRole } from '../model/seat-policy.js';
import type { OperationView, SeatChange, SeatOperationView } from './seats.schemas.js';

/** Operations as the API answers with them. */

export function toStateOf(role: EffectiveRole | null): RoleState {
  return {
    template: role?.template ?? null,
    version: role?.version ?? null,
    permission: role?.permission ?? null,
  };
}

export function toStateResponse({ template, version, permission }: RoleState) {
  return {
    template,
    version,
    permission: permission && {
      ...permission,
      canPublishSources: [...permission.canPublishSources],
    },
  };
}

export function toChange(
  operation: SeatOperation,
  { outcome, detail, effects }: Settlement,
): SeatChange {
  const { id, before, after, epoch, undoUntil } = operation;
  return {
    operationId: id,
    // Superseded: what was asked never came about, because somebody else asked something else.
    outcome: outcome === 'superseded' ? 'failed' : outcome,
    detail,
    before: toStateResponse(before),
    after: toStateResponse(after),
    effects: [...(effects ?? after.effects)],
    epoch,
    undoUntil: undoUntil?.toISOString() ?? null,
  };
}

export function toOperationView(operation: SeatOperation): OperationView {
  const { id, outcome, before, after } = operation;
  const isOver = outcome !== 'intent' && outcome !== 'pending';
  return {
    id,
    operationId: id,
    room: operation.room,
    identity: operation.identity,
    action: operation.action,
    status: !isOver ? 'running' : outcome === 'failed' ? 'failed' : 'done',
    outcome,
    detail: operation.detail,
    total: 1,
    done: isOver ? 1 : 0,
    applied: outcome === 'applied' ? 1 : 0,
    pending: outcome === 'pending' ? 1 : 0,
    failed: outcome === 'failed' ? 1 : 0,
    by: operation.actor.label,
    byKind: operation.actor.kind,
    reason: operation.reason,
    before: toStateResponse(before),
    after: toStateResponse(after),
    effects: [...after.effects],
    epoch: operation.epoch,
    ms: operation.ms,
    goneMs: operation.goneMs,
    undoUntil: operation.undoUntil?.toISOString() ?? null,
    undoneBy: operation.undoneBy,
    createdAt: operation.createdAt.toISOString(),
  };
}

/** One of the last operations on a seat, for the panel beside it. */
export function toSeatOperationView(operation: SeatOperation): SeatOperationView {
  const { id, action, actor, createdAt, outcome, detail, reason, ms, goneMs } = operation;
  return {
    id,
    action,
    by: actor.label,
    byKind: actor.kind,
    at: createdAt.toISOString(),
    outcome,
    detail,
    reason,
    ms,
    goneMs,
    effects: [...operation.after.effects],
    undoUntil: operation.undoUntil?.toISOString() ?? null,
    undoneBy: operation.undoneBy,
  };
}

export function operationNotFound(): AppError {
  return new AppError('not_found', 'operation.not_found', 'There is no such operation.');
}
