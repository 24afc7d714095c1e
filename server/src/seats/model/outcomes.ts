import { samePermission } from '../../grants/compile-grant.js';
import type { ObservedPermission, ObservedTrack } from '../../livekit/participant-view.js';
import type {
  SeatAction,
  SeatOperation,
  OperationResult,
  DesiredState,
  Period,
  DesiredPeriods,
} from './seat.js';
import { describePermissions } from './effects.js';

// What calls to LiveKit, and changes by others meanwhile, mean for an operation.

/** What came of one call (or of none, where none was needed). */
export interface Push {
  readonly epoch: number;
  /** The desired state by then. */
  readonly desired: DesiredState;
  readonly outcome: 'applied' | 'absent' | 'unavailable' | 'failed';
  readonly detail: string | null;
  /** LiveKit would not unmute what a hold or a scene had muted, and is not asked again. */
  readonly isUnmuteRefused?: boolean;
  /** What LiveKit was last seen to have before the call, and what it answered that it has. */
  readonly change?: {
    readonly had: ObservedPermission;
    readonly has: ObservedPermission;
    readonly tracks: readonly ObservedTrack[];
  };
}

/**
 * Whether what an operation set is still desired: nobody has changed that part since. A block
 * overrules all that was set before it; an immediate act sets nothing, so nothing replaces it.
 */
export function isStillDesired(
  { before, after }: Pick<SeatOperation, 'before' | 'after'>,
  now: DesiredPeriods,
): boolean {
  const { desired } = after;
  if (!desired) return true;
  if (now.block && !desired.block) return false;
  return (['override', 'block', 'hold'] as const).every((part) => {
    return isSamePeriod(before[part], desired[part]) || isSamePeriod(desired[part], now[part]);
  });
}

/** Each part has its own start; an extension keeps the start and changes the end. */
function isSamePeriod(a: Period | null, b: Period | null): boolean {
  return (
    a?.at.getTime() === b?.at.getTime() &&
    (a?.until?.getTime() ?? null) === (b?.until?.getTime() ?? null)
  );
}

/** The pushes that brought what the operation set, alone or with later changes. */
export function pushesOf<P extends Pick<Push, 'epoch' | 'desired'>>(
  operation: Pick<SeatOperation, 'epoch' | 'before' | 'after'>,
  pushes: readonly P[],
): P[] {
  return pushes.filter(
    ({ epoch, desired }) =>
      epoch === operation.epoch || (epoch > operation.epoch && isStillDesired(operation, desired)),
  );
}

/** What the pushes mean for the operation. */
export function resultOf(
  operation: Pick<SeatOperation, 'action' | 'epoch' | 'before' | 'after'>,
  pushes: readonly Push[],
  ms: number,
): OperationResult {
  const { action } = operation;
  const mine = pushesOf(operation, pushes).at(-1);
  const rounded = Math.round(ms * 10) / 10;
  if (!mine) {
    return pushes.length > 0
      ? { outcome: 'superseded', detail: 'a later change came first', ms: rounded }
      : { outcome: 'pending', detail: 'too many changes at once', ms: null };
  }
  switch (mine.outcome) {
    case 'applied':
      return { outcome: 'applied', detail: null, ms: rounded };
    case 'failed':
      return { outcome: 'failed', detail: mine.detail, ms: rounded };
    case 'absent':
      return isDoneWithoutPresence(action)
        ? { outcome: 'applied', detail: null, ms: rounded }
        : { outcome: 'pending', detail: mine.detail, ms: null };
    case 'unavailable':
      return needsNoLiveKit(action)
        ? { outcome: 'applied', detail: null, ms: rounded }
        : { outcome: 'pending', detail: mine.detail, ms: null };
  }
}

/** Nothing is waited for: tokens follow a block, or nothing is left that could be taken. */
function isDoneWithoutPresence(action: SeatAction): boolean {
  return action === 'block' || action === 'remove' || needsNoLiveKit(action);
}

function needsNoLiveKit(action: SeatAction): boolean {
  return action === 'unblock' || action === 'block_end';
}

/** What an operation came to that has been settled; null while it is open. */
export function knownResult({ outcome, detail, ms, after }: SeatOperation): OperationResult | null {
  return outcome === 'intent' ? null : { outcome, detail, ms, effects: after.effects };
}

/**
 * Told from what LiveKit had before the first call and answered to the last; null: as foreseen. So
 * it is where LiveKit had it already: somebody who compared was there before this call.
 */
export function observedEffects(
  operation: SeatOperation,
  pushes: readonly Push[],
): string[] | null {
  // Of what is muted the permission says nothing.
  if (operation.after.mutes) return null;
  const changes = pushesOf(operation, pushes).flatMap(({ change }) => change ?? []);
  const first = changes[0];
  const last = changes.at(-1);
  if (!first || !last || samePermission(first.had, last.has)) return null;
  const { notes, effects } = operation.after;
  const happened = [...describePermissions(first.had, last.has, first.tracks), ...notes];
  return happened.join('\n') === effects.join('\n') ? null : happened;
}
