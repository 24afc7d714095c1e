import { randomUUID } from 'node:crypto';
import { inverseOf } from '../../acts/acts.js';
import type { Actor } from '../../actor/actor.js';
import type {
  NewOperation,
  SeatAction,
  SeatBase,
  SeatOperation,
  DesiredState,
  Period,
  DesiredPeriods,
} from '../model/seat.js';
import { toStateOf } from '../views/seat-views.js';
import type { Context } from '../model/context.js';
import {
  sentencesOf,
  describeChange,
  permissionAfter,
  publishingOf,
  tracksTaken,
} from '../model/effects.js';
import type { Evaluation } from '../model/seat-policy.js';
import { hasEnded, type Plan } from './plan.js';
import type { Command, ImmediateAct, NotGivenBack, RequestOptions } from './requests.js';

const UNDO_MS = 60_000;

/** The operation of a command, before it is written. */
export function draftCommand(made: {
  actor: Actor;
  command: Command;
  context: Context;
  plan: Plan;
  after: Evaluation;
  base: SeatBase | null;
  options: RequestOptions;
  notGivenBack: readonly NotGivenBack[];
}): NewOperation {
  const { actor, command, context, plan, after, base, options, notGivenBack } = made;
  const { action, reason } = command;
  const { seat, evaluation } = context;
  const described = describeChange(action, context, after, plan.fallback);
  const kept = notGivenBack.map(
    ({ template, because }) => `does not get ${template} back: ${because}`,
  );
  const effects = { ...described, notes: [...described.notes, ...kept] };
  const permission = permissionAfter(after, plan.fallback);
  return {
    ...newOperation(actor, action, context, options),
    reason: reason ?? null,
    before: { ...(plan.was ?? toStateOf(evaluation.role)), ...stateOf(context), base },
    after: {
      ...toStateOf(after.role),
      effects: sentencesOf(effects),
      desired: periodsOf(plan),
      notes: effects.notes,
      fallback: plan.fallback ?? null,
      takes: tracksTaken(seat, permission),
      ...publishingOf(permission),
      ...(after.silencing === 'mute' ? { mutes: true as const } : {}),
      headMs: context.headMs,
    },
    epoch: evaluation.epoch + 1,
    undoUntil: inverseOf(action) === null ? null : new Date(context.now.getTime() + UNDO_MS),
  };
}

/** The operation of an immediate act, before it is written. */
export function draftAct(
  actor: Actor,
  act: ImmediateAct,
  context: Context,
  options: RequestOptions,
): NewOperation {
  const { seat, evaluation } = context;
  const state = toStateOf(evaluation.role);
  const isRemoval = act.action === 'remove';
  return {
    ...newOperation(actor, act.action, context, options),
    reason: act.reason ?? null,
    before: { ...state, ...stateOf(context), base: null },
    after: {
      ...state,
      effects: act.effects(context),
      desired: null,
      notes: [],
      fallback: null,
      takes: isRemoval ? tracksTaken(seat, null) : [],
      ...(isRemoval ? { allows: null } : {}),
      headMs: context.headMs,
    },
    epoch: evaluation.epoch,
    undoUntil: null,
  };
}

/** The operation as it is once its intent is committed. */
export function toOpenOperation(operation: NewOperation): SeatOperation {
  const open = { outcome: 'intent', detail: null, ms: null, undoneBy: null } as const;
  return { ...operation, ...open, settledAt: null, goneMs: null };
}

/**
 * The template that the plan gives and the seat does not have now: another one, the same for another
 * time, or the one that a block took. Null where it gives none.
 */
export function templateGiven(
  { seat, now }: Pick<Context, 'seat' | 'now'>,
  { override, block }: Pick<Plan, 'override' | 'block'>,
): string | null {
  if (!override || hasEnded(override, now)) return null;
  const isUnblocked = seat.block !== null && block === null;
  const isGiven =
    isUnblocked ||
    override.template !== seat.override?.template ||
    override.until?.getTime() !== seat.override.until?.getTime();
  return isGiven ? override.template : null;
}

function newOperation(
  { kind, id, label, requestId }: Actor,
  action: SeatAction,
  { seat, now }: Context,
  options: RequestOptions,
): Pick<NewOperation, 'id' | 'room' | 'identity' | 'action' | 'actor' | 'createdAt' | 'bulk'> {
  return {
    id: options.operationId ?? randomUUID(),
    room: seat.room,
    identity: seat.identity,
    action,
    actor: { kind, id, label, requestId },
    createdAt: now,
    bulk: options.bulk ?? null,
  };
}

function stateOf({ seat: { override, block, hold, sid } }: Context) {
  return { override, block, hold, sid };
}

function periodsOf({ override, block, hold }: DesiredState): DesiredPeriods {
  const period = (part: Period | null) => part && { at: part.at, until: part.until };
  return { override: period(override), block: period(block), hold: period(hold) };
}
