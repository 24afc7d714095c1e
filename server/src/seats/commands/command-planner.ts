import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { exceeds } from '../../grants/ceiling.js';
import { promotesTo } from '../../grants/presets.js';
import type { Block, Hold, Override } from '../../grants/policy.js';
import { reasonsWithin } from '../../grants/reasons.js';
import {
  canonicalSources,
  publishableSources,
  TRACK_SOURCES,
  type TrackSource,
} from '../../grants/role-grants.js';
import type { ObservedPermission } from '../../livekit/participant-view.js';
import { PolicyReader } from '../../policy/policy-reader.js';
import type { RoleState, Seat, SeatBase, DesiredState } from '../model/seat.js';
import type { Context } from '../model/context.js';
import { type EffectiveRole, SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import { SeatStore } from '../store/seat-store.js';

/** What somebody is demoted to who would otherwise have no role at all. */
const LAST_RESORT = 'viewer';
/** Every template has a place. */
const NONE: ReadonlySet<string> = new Set();

/** The desired state that a command asks for. */
export interface Plan extends DesiredState {
  readonly fallback?: ObservedPermission | null;
  /** The role that ends, where the clock has taken it already. */
  readonly was?: RoleState;
  /** The role from before stays, although it has no place: everything else would give more. */
  readonly isKept?: true;
}

interface CommandBody {
  readonly for?: number | undefined;
  readonly reason?: string | undefined;
}

/** Computes the desired state that a command asks for. */
@Injectable()
export class CommandPlanner {
  constructor(
    private readonly store: SeatStore,
    private readonly policy: SeatPolicy,
    private readonly templates: PolicyReader,
  ) {}

  async promotion(
    actor: Actor,
    context: Context,
    body: CommandBody & { template?: string | undefined },
  ): Promise<Plan> {
    const { evaluation } = context;
    const key = body.template ?? promotesTo(evaluation.room);
    const override = this.overrideOf(actor, context, key, body);
    if (body.template === undefined) await this.assertIsPromotion(evaluation, override);
    return { ...desiredStateOf(context), override };
  }

  /**
   * Without a template: drops the override, and what lies under it applies again, unless its
   * template has no place.
   */
  async demotion(
    actor: Actor,
    context: Context,
    body: CommandBody & { template?: string | undefined },
    noPlace = NONE,
  ): Promise<Plan> {
    const desired = desiredStateOf(context);
    if (body.template !== undefined) {
      return { ...desired, override: this.overrideOf(actor, context, body.template, body) };
    }
    const isSelf = actor.kind === 'participant';
    const back = isSelf ? this.steppedDown(context) : this.withoutOverride(context, noPlace);
    const plan: Plan = { ...desired, ...(await back) };
    const after = await this.policy.simulate(context.evaluation, plan, context.now);
    if (after.wanted.kind !== 'out' || after.wanted.code === 'seat.blocked') return plan;
    const held = context.evaluation.role?.grants ?? null;
    const override = await this.lastResort(actor, context, body, { after, held, noPlace });
    if (override) return { ...desired, override };
    throw new AppError(
      'conflict',
      'seat.no_other_role',
      'No other role applies to them here: demote to a template, or remove them.',
      { extra: { because: reasonsWithin(after.decision.because, actor.roomLimit()) } },
    );
  }

  /** The lease is over: what lies under it applies again. Null when it is not over. */
  async leaseEnd(actor: Actor, context: Context, noPlace = NONE): Promise<Plan | null> {
    const { override } = context.seat;
    if (!override || !hasEnded(override, context.now)) return null;
    const { template, version } = override;
    const was = { template, version, permission: null };
    const under = await this.underOverride(context, noPlace);
    const plan = { ...desiredStateOf(context), ...under, was };
    return noPlace.size === 0 ? plan : this.keepInRoom(actor, context, plan, noPlace);
  }

  /** The block is over: the role from before it applies again. Null when it is not over. */
  async blockEnd(actor: Actor, context: Context, noPlace = NONE): Promise<Plan | null> {
    const { block, override } = context.seat;
    if (!hasEnded(block, context.now)) return null;
    const plan = { ...desiredStateOf(context), block: null };
    if (!override || !noPlace.has(override.template)) return plan;
    const under = await this.underOverride(context, noPlace);
    return this.keepInRoom(actor, context, { ...plan, ...under }, noPlace);
  }

  /** The lease ends `for` later than it would have. */
  extension({ seat, evaluation, now }: Context, body: { for: number }): Plan {
    const { override } = desiredStateOf({ evaluation });
    const until = override?.until;
    if (!override || !until || until <= now) {
      const problem = override
        ? 'The role has no expiry to extend.'
        : 'There is no role of this room to extend.';
      throw new AppError('conflict', 'seat.no_lease', problem, {
        extra: { identity: seat.identity },
      });
    }
    const later = new Date(until.getTime() + body.for * 1000);
    return {
      ...desiredStateOf({ evaluation }),
      override: { ...override, scope: 'until', until: later },
    };
  }

  block(actor: Actor, context: Context, body: CommandBody): Plan {
    const block: Block = { ...this.givenNow(actor, context, body) };
    return { ...desiredStateOf(context), block };
  }

  /**
   * Without sources: all that they may publish, or, for who may publish nothing, all there are. A
   * hold adds to the one that is there, and never shortens it.
   */
  hold(
    actor: Actor,
    context: Context,
    body: CommandBody & { sources?: readonly TrackSource[] | undefined },
  ): Plan {
    const desired = desiredStateOf(context);
    const asked = body.sources ?? publishableBy(context);
    const terms = this.givenNow(actor, context, body);
    const old = desired.hold && isOpen(desired.hold, context.now) ? desired.hold : null;
    const hold: Hold = {
      ...terms,
      sources: canonicalSources([...asked, ...(old?.sources ?? [])]),
      until: old ? later(old.until, terms.until) : terms.until,
    };
    return { ...desired, hold };
  }

  /** What the seat goes back to when its override ends. */
  async withoutOverride(
    { seat, evaluation }: Pick<Context, 'seat' | 'evaluation'>,
    noPlace = NONE,
  ): Promise<Pick<Plan, 'override' | 'fallback'>> {
    const origin = await this.store.findOverrideOrigin(seat);
    const base = origin ? origin.base : null;
    if (base && 'override' in base) {
      return { override: noPlace.has(base.override.template) ? null : base.override };
    }
    const isCovered = evaluation.facts.wasIssued;
    return { override: null, fallback: !isCovered && base ? base.permission : null };
  }

  /**
   * What somebody goes back to who steps down: standing policy, but no further up than a demotion
   * that lies under what they give back.
   */
  async steppedDown(
    context: Pick<Context, 'seat' | 'evaluation' | 'now'>,
  ): Promise<Pick<Plan, 'override' | 'fallback' | 'isKept'>> {
    const back = await this.withoutOverride(context);
    const { block } = desiredStateOf(context);
    const { role } = await this.policy.simulate(
      context.evaluation,
      { ...back, block },
      context.now,
    );
    if (!role) return back;
    for await (const under of this.openUnder(context)) {
      const { grants } = await this.templates.version(under.template, under.version);
      if (exceeds(role.grants, grants).length > 0) return { override: under, isKept: true };
    }
    return back;
  }

  /**
   * The changes that lie under the present one and have not come to their own ends, the nearest
   * first. All of them: whoever lends often enough would else bury a demotion.
   */
  private async *openUnder({ seat, now }: Pick<Context, 'seat' | 'now'>): AsyncGenerator<Override> {
    for (let override = seat.override; override;) {
      const origin = await this.store.findOverrideOrigin({ ...seat, override });
      const under = origin?.override ?? null;
      if (under && isOpen(under, now) && !(await this.isOver(seat, under))) yield under;
      // Each lies under a later one, so this comes to its end.
      override = under && under.at < override.at ? under : null;
    }
  }

  /**
   * What a lease on top of another change goes back to: that change, unless it has come to its own
   * end or its template has no place. Under it may lie another one.
   */
  private async underOverride(
    context: Context,
    noPlace: ReadonlySet<string>,
  ): Promise<Pick<Plan, 'override' | 'fallback'>> {
    for await (const under of this.openUnder(context)) {
      if (!noPlace.has(under.template)) return { override: under };
    }
    return this.withoutOverride(context, noPlace);
  }

  /**
   * What comes instead of a role that has no place gives no more than that role: else the end of a
   * lease would bring back what a demotion took. Who would have more, or no role, stays as a viewer,
   * and where that cannot be had keeps the role.
   */
  private async keepInRoom(
    actor: Actor,
    context: Context,
    plan: Plan,
    noPlace: ReadonlySet<string>,
  ): Promise<Plan> {
    const { override: ended, block } = context.seat;
    if (!ended) return plan;
    const lost = hasEnded(block, context.now)
      ? ended
      : ((await this.underOverride(context, NONE)).override ?? ended);
    const { grants } = await this.templates.version(lost.template, lost.version);
    // A block or a scene hides the role that comes back with its end.
    const unblocked = { ...plan, block: null };
    const supposed = await this.policy.simulate(context.evaluation, unblocked, context.now);
    const { decision } = supposed;
    const given = decision.verdict === 'allow' ? (decision.played ?? decision) : null;
    const instead = given && (await this.templates.version(given.template, given.version));
    // A closed room or a suspension hides a role as well, and which one cannot be told.
    const isMore = instead
      ? exceeds(instead.grants, grants).length > 0
      : !hasNoRule(supposed) && decision.verdict === 'refuse';
    if (isMore) {
      if (!noPlace.has(LAST_RESORT) && !whyUnusable(context.evaluation, LAST_RESORT)) {
        return { ...plan, override: this.overrideOf(actor, context, LAST_RESORT, {}) };
      }
      return hasEnded(lost, context.now) ? plan : { ...plan, override: lost, isKept: true };
    }
    if (plan.override) return plan;
    const after = await this.policy.simulate(context.evaluation, plan, context.now);
    if (after.wanted.kind !== 'out') return plan;
    const held = (await this.templates.version(ended.template, ended.version)).grants;
    const override = await this.lastResort(actor, context, {}, { after, held, noPlace });
    return { ...plan, override };
  }

  /** Given for a session that has ended since. */
  private async isOver({ room }: Seat, { scope, at }: Override): Promise<boolean> {
    return scope === 'session' && (await this.store.hasEndedSince(room, at));
  }

  async baseOf(seat: Seat, evaluation: Evaluation): Promise<SeatBase | null> {
    const origin = await this.store.findOverrideOrigin(seat);
    if (origin) return origin.base;
    if (seat.override) return { override: seat.override };
    if (evaluation.wanted.kind === 'free' && seat.isPresent && seat.permission) {
      return { permission: seat.permission };
    }
    const { uncovered } = evaluation.facts;
    return evaluation.wanted.kind === 'uncovered' && uncovered
      ? { permission: uncovered.permission as ObservedPermission }
      : null;
  }

  private givenNow(actor: Actor, { now }: Context, body: CommandBody) {
    return {
      at: now,
      until: body.for === undefined ? null : new Date(now.getTime() + body.for * 1000),
      by: actor.label,
      byKind: actor.kind,
      reason: body.reason ?? null,
    };
  }

  private overrideOf(
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
      ...this.givenNow(actor, context, body),
    };
  }

  /** A click on *promote* never takes something away: who holds more already keeps it. */
  private async assertIsPromotion({ role }: Evaluation, override: Override): Promise<void> {
    if (!role) return;
    const { grants } = await this.templates.version(override.template, override.version);
    if (exceeds(grants, role.grants).length > 0 || exceeds(role.grants, grants).length === 0) {
      return;
    }
    throw new AppError(
      'conflict',
      'seat.holds_more',
      `They are ${role.template}, which is more than ${override.template}. Say which template you mean.`,
    );
  }

  /**
   * Demoting must not throw anybody out: who would have no role at all stays as a viewer. Null where
   * that would be more than they held, or is not to be had.
   */
  private async lastResort(
    actor: Actor,
    context: Context,
    body: CommandBody,
    {
      after,
      held,
      noPlace,
    }: {
      after: Evaluation;
      held: EffectiveRole['grants'] | null;
      noPlace: ReadonlySet<string>;
    },
  ): Promise<Override | null> {
    if (!held || noPlace.has(LAST_RESORT) || !hasNoRule(after)) return null;
    if (whyUnusable(context.evaluation, LAST_RESORT)) return null;
    const override = this.overrideOf(actor, context, LAST_RESORT, body);
    const { grants } = await this.templates.version(LAST_RESORT, override.version);
    return exceeds(grants, held).length === 0 ? override : null;
  }
}

/** The desired state now, without what has expired. */
export function desiredStateOf({ evaluation }: Pick<Context, 'evaluation'>): DesiredState {
  const { override = null, block = null, hold = null } = evaluation.input.seat ?? {};
  return { override, block, hold };
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

function publishableBy({ evaluation, seat }: Context): readonly TrackSource[] {
  const { role } = evaluation;
  const sources = role
    ? publishableSources(role.grants)
    : canonicalSources(seat.permission?.canPublishSources ?? []);
  return sources.length > 0 ? sources : TRACK_SOURCES;
}

function isOpen({ until }: { until: Date | null }, now: Date): boolean {
  return until === null || until > now;
}

/** Null lasts longest: for the session, or for good. */
function later(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a > b ? a : b) : null;
}

function hasNoRule({ decision }: Evaluation): boolean {
  return decision.verdict === 'refuse' && decision.code === 'no_rule';
}
