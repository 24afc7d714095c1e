import type { Actor, ActorRef, RequestFacts } from '../actor/actor.js';
import { ACTS, type ActsThat, actsThat, inverseOf as inverseOfAct } from '../acts/acts.js';
import type { Permission } from '../actor/permissions.js';
import type { TrackSource } from '../grants/role-grants.js';
import type { TargetFilter } from './bulk.schemas.js';

/** What may be done to many seats in one operation. */
export type BulkAction = ActsThat<{ isBulk: true }>;
export const BULK_ACTIONS = actsThat<BulkAction>(({ isBulk }) => isBulk);

/** `scene`: brings people to their role in the room's scene, or back. `undo`: the inverse acts. */
type OperationAction = BulkAction | 'scene' | 'undo';

export type BulkStatus = 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/**
 * `started`: its intent is committed, its outcome is not. `skipped`: left as it was, for the reason in
 * `detail`. Every target ends with exactly one of the others.
 */
export type TargetOutcome =
  'waiting' | 'started' | 'applied' | 'pending' | 'failed' | 'skipped' | 'cancelled';

export interface BulkParams {
  readonly template?: string;
  readonly sources?: readonly TrackSource[];
  /** Seconds. */
  readonly for?: number;
  /** Of a scene: whether every target is written down; its publishers are, from the start. */
  readonly isListed?: boolean;
  /** Of an undo: what it does, and what would undo it. */
  readonly acts?: BulkAction;
  readonly inverse?: BulkAction;
  /** Of a scene: its name; null when one is left. */
  readonly scene?: string | null;
  /** Of a scene: milliseconds from the moderator's click to `asOf`. */
  readonly headMs?: number;
  /** How the targets were chosen, as it was asked. */
  readonly filter?: TargetFilter;
}

export interface BulkOperation {
  readonly id: string;
  readonly room: string;
  readonly action: OperationAction;
  readonly params: BulkParams;
  readonly actor: ActorRef & RequestFacts;
  readonly reason: string | null;
  readonly asOf: Date;
  readonly status: BulkStatus;
  readonly total: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly undoOf: string | null;
  readonly undoneBy: string | null;
  readonly undoUntil: Date | null;
}

export interface BulkTarget {
  readonly position: number;
  readonly identity: string;
  /** Chosen before anything is done, so that what a crash cut short is found and never begun twice. */
  readonly seatOperation: string;
  readonly outcome: TargetOutcome;
}

/** The result of one target. */
export interface TargetEnd {
  readonly position: number;
  readonly outcome: Exclude<TargetOutcome, 'waiting' | 'started'>;
  readonly detail: string | null;
  readonly ms: number | null;
}

export type Counts = Readonly<Record<TargetOutcome, number>>;

/** What each action on many seats needs, in their room. */
export const BULK_PERMISSIONS = Object.fromEntries(
  BULK_ACTIONS.map((action) => [action, ACTS[action].permission]),
) as Readonly<Record<BulkAction, Permission>>;

/** What takes it back; null for what cannot be taken back, as who was removed has to come themselves. */
export function inverseOf({
  action,
  params,
}: Pick<BulkOperation, 'action' | 'params'>): BulkAction | null {
  return params.inverse ?? (inverseOfAct(action) as BulkAction | null);
}

/** Each of these permissions lets an actor control or undo some operations. */
export const STEERING_PERMISSIONS: readonly Permission[] = [
  ...new Set([...Object.values(BULK_PERMISSIONS), 'scene.enter' as const]),
];

/** What the operation does to each of its targets. */
export function actOf({ action, params }: Pick<BulkOperation, 'action' | 'params'>) {
  return action === 'undo' ? (params.acts ?? 'demote') : action;
}

/** The permission that the operation works by. */
export function permissionOf(operation: Pick<BulkOperation, 'action' | 'params'>): Permission {
  return permissionFor(actOf(operation));
}

export function permissionFor(action: BulkAction | 'scene'): Permission {
  return action === 'scene' ? 'scene.enter' : ACTS[action].permission;
}

/** With a zero for each outcome that none of the targets has. */
export function completeCounts(counts: Partial<Counts>): Counts {
  return {
    waiting: 0,
    started: 0,
    applied: 0,
    pending: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
    ...counts,
  };
}

/** What is kept of who acts: who they are, and nothing of what they hold. */
export function actorOf({ kind, id, label, requestId, ip }: Actor): BulkOperation['actor'] {
  return { kind, id, label, requestId, ip };
}
