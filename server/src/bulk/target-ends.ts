import { AppError } from '../common/errors/app-error.js';
import type { OperationEnd } from '../seats/public/seats.js';
import type { TargetEnd } from './bulk.js';
import type { FollowedEnd } from './bulk-store.js';

/** Why a target is left as it is; anything else that is refused counts as failed. */
const SKIPPED: ReadonlySet<string> = new Set([
  'seat.not_found',
  'seat.not_present',
  'seat.not_a_person',
  'seat.is_peek',
  'seat.above_ceiling',
  'seat.holds_more',
  'seat.no_other_role',
  'seat.changed',
  'operation.undone',
]);

export function endOfRefusal(position: number, { code, message }: AppError): TargetEnd {
  return SKIPPED.has(code)
    ? skipped(position, message)
    : { position, outcome: 'failed', detail: message, ms: null };
}

export function skipped(position: number, detail: string): TargetEnd {
  return { position, outcome: 'skipped', detail, ms: null };
}

/** Superseded: what was asked never came about, because somebody else asked something else. */
export function toFollowed({
  operation,
  result: { outcome, detail, ms },
}: OperationEnd): FollowedEnd {
  return {
    identity: operation.identity,
    seatOperation: operation.id,
    outcome: outcome === 'superseded' ? 'failed' : outcome,
    detail,
    ms,
  };
}
