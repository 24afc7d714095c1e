import type { Actor } from '../../actor/actor.js';
import { fieldError } from '../../common/errors/app-error.js';
import type { Override } from '../../grants/policy.js';
import type { ObservedPermission } from '../../livekit/participant-view.js';
import type { Context } from '../model/context.js';
import type { DesiredState, RoleState } from '../model/seat.js';
import type { Evaluation } from '../model/seat-policy.js';

/** The desired state that a command asks for. */
export interface Plan extends DesiredState {
  readonly fallback?: ObservedPermission | null;
  /** The role that ends, where the clock has taken it already. */
  readonly was?: RoleState;
  /** The role from before stays, although it has no place: everything else would give more. */
  readonly isKept?: true;
}

/** What a command gives, and for how long. */
export interface CommandBody {
  readonly for?: number | undefined;
  readonly reason?: string | undefined;
}

/** The desired state now, without what has expired. */
export function desiredStateOf({ evaluation }: Pick<Context, 'evaluation'>): DesiredState {
  const { override = null, block = null, hold = null } = evaluation.input.seat ?? {};
  return { override, block, hold };
}

export function givenNow(actor: Actor, { now }: Context, body: CommandBody) {
  return {
    at: now,
    until: body.for === undefined ? null : new Date(now.getTime() + body.for * 1000),
    by: actor.label,
    byKind: actor.kind,
    reason: body.reason ?? null,
  };
}

export function overrideOf(
  actor: Actor,
  context: Context,
  template: string,
  body: CommandBody,
): Override {
  const problem = whyUnusable(context.evaluation, template);
  if (problem) throw fieldError('template', problem);
  return {
    template,
    version: context.evaluation.input.templates[template]?.published as number,
    scope: body.for === undefined ? 'session' : 'until',
    ...givenNow(actor, context, body),
  };
}

/** Why nobody can be given the template; null when somebody can. */
export function whyUnusable({ input }: Pick<Evaluation, 'input'>, template: string): string | null {
  const state = input.templates[template];
  if (!state) return 'no role template has this key';
  if (state.isArchived) return 'this role template is archived';
  return state.published === null ? 'has no published version' : null;
}

/** Whether what was given for a time is over. */
export function hasEnded(period: { until: Date | null } | null, now: Date): boolean {
  return period?.until ? period.until <= now : false;
}

export function isOpen({ until }: { until: Date | null }, now: Date): boolean {
  return until === null || until > now;
}

/** Whether both are the same, for as long, though perhaps from another moment on. */
export function isSameDesiredState(a: DesiredState, b: DesiredState): boolean {
  return (
    a.override?.template === b.override?.template &&
    a.override?.version === b.override?.version &&
    (a.block === null) === (b.block === null) &&
    a.hold?.sources.join() === b.hold?.sources.join() &&
    lengthOf(a.override) === lengthOf(b.override) &&
    lengthOf(a.block) === lengthOf(b.block) &&
    lengthOf(a.hold) === lengthOf(b.hold)
  );
}

function lengthOf(period: { at: Date; until: Date | null } | null): number | null {
  return period?.until ? period.until.getTime() - period.at.getTime() : null;
}
