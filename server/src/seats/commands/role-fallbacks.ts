import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { exceeds } from '../../grants/ceiling.js';
import type { Override } from '../../grants/policy.js';
import { LedgerLookup } from '../../ledger/ledger-lookup.js';
import { PolicyReader } from '../../policy/policy-reader.js';
import type { Context } from '../model/context.js';
import type { Seat } from '../model/seat.js';
import { type EffectiveRole, type Evaluation, SeatPolicy } from '../model/seat-policy.js';
import { OperationReader } from '../store/operation-reader.js';
import {
  type CommandBody,
  desiredStateOf,
  hasEnded,
  isOpen,
  overrideOf,
  type Plan,
  whyUnusable,
} from './plan.js';

/** The role of a seat that would otherwise have none. */
const LAST_RESORT = 'viewer';
/** Every template has a place. */
const NONE: ReadonlySet<string> = new Set();

/** Computes what a seat goes back to when an override or a block ends. */
@Injectable()
export class RoleFallbacks {
  constructor(
    private readonly operations: OperationReader,
    private readonly ledger: LedgerLookup,
    private readonly policy: SeatPolicy,
    private readonly templates: PolicyReader,
  ) {}

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

  /** What the seat goes back to when its override ends. */
  async withoutOverride(
    { seat, evaluation }: Pick<Context, 'seat' | 'evaluation'>,
    noPlace = NONE,
  ): Promise<Pick<Plan, 'override' | 'fallback'>> {
    const origin = await this.operations.findOverrideOrigin(seat);
    const base = origin ? origin.base : null;
    if (base && 'override' in base) {
      return { override: noPlace.has(base.override.template) ? null : base.override };
    }
    const isCovered = evaluation.facts.wasIssued;
    return { override: null, fallback: !isCovered && base ? base.permission : null };
  }

  /**
   * What a participant who steps down goes back to: what the assignments give, but no more than a
   * demotion that lies under what they give back.
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
   * Demoting must not remove anybody: a seat that would have no role becomes a viewer. Null where
   * that would be more than they had, or cannot be given.
   */
  async lastResort(
    actor: Actor,
    context: Context,
    body: CommandBody,
    {
      after,
      had,
      noPlace,
    }: {
      after: Evaluation;
      had: EffectiveRole['grants'] | null;
      noPlace: ReadonlySet<string>;
    },
  ): Promise<Override | null> {
    if (!had || noPlace.has(LAST_RESORT) || !hasNoRule(after)) return null;
    if (whyUnusable(context.evaluation, LAST_RESORT)) return null;
    const override = overrideOf(actor, context, LAST_RESORT, body);
    const { grants } = await this.templates.version(LAST_RESORT, override.version);
    return exceeds(grants, had).length === 0 ? override : null;
  }

  /**
   * The changes that lie under the present one and have not ended, the nearest first. All of them:
   * otherwise enough short promotions would hide a demotion.
   */
  private async *openUnder({ seat, now }: Pick<Context, 'seat' | 'now'>): AsyncGenerator<Override> {
    for (let override = seat.override; override;) {
      const origin = await this.operations.findOverrideOrigin({ ...seat, override });
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
   * What replaces a role that has no place gives no more than that role: otherwise the end of a lease
   * would bring back what a demotion took. A seat that would get more, or no role, becomes a viewer;
   * where that has no place either, it keeps the role.
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
    const simulated = await this.policy.simulate(context.evaluation, unblocked, context.now);
    const { decision } = simulated;
    const given = decision.verdict === 'allow' ? (decision.played ?? decision) : null;
    const instead = given && (await this.templates.version(given.template, given.version));
    // A closed room or a suspension hides a role as well, and it is not known which.
    const isMore = instead
      ? exceeds(instead.grants, grants).length > 0
      : !hasNoRule(simulated) && decision.verdict === 'refuse';
    if (isMore) {
      if (!noPlace.has(LAST_RESORT) && !whyUnusable(context.evaluation, LAST_RESORT)) {
        return { ...plan, override: overrideOf(actor, context, LAST_RESORT, {}) };
      }
      return hasEnded(lost, context.now) ? plan : { ...plan, override: lost, isKept: true };
    }
    if (plan.override) return plan;
    const after = await this.policy.simulate(context.evaluation, plan, context.now);
    if (after.wanted.kind !== 'out') return plan;
    const had = (await this.templates.version(ended.template, ended.version)).grants;
    const override = await this.lastResort(actor, context, {}, { after, had, noPlace });
    return { ...plan, override };
  }

  /** Given for a session that has ended since. */
  private async isOver({ room }: Seat, { scope, at }: Override): Promise<boolean> {
    return scope === 'session' && (await this.ledger.hasSince(room, 'room.finished', at));
  }
}

function hasNoRule({ decision }: Evaluation): boolean {
  return decision.verdict === 'refuse' && decision.code === 'no_rule';
}
