import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { exceeds } from '../../grants/ceiling.js';
import type { Block, Hold, Override } from '../../grants/policy.js';
import { promotesTo } from '../../grants/presets.js';
import { reasonsWithin } from '../../grants/reasons.js';
import {
  canonicalSources,
  publishableSources,
  TRACK_SOURCES,
  type TrackSource,
} from '../../grants/role-grants.js';
import type { ObservedPermission } from '../../livekit/participant-view.js';
import { PolicyReader } from '../../policy/policy-reader.js';
import type { Context } from '../model/context.js';
import type { Seat, SeatBase } from '../model/seat.js';
import { type Evaluation, SeatPolicy } from '../model/seat-policy.js';
import { OperationReader } from '../store/operation-reader.js';
import {
  type CommandBody,
  desiredStateOf,
  givenNow,
  isOpen,
  overrideOf,
  type Plan,
} from './plan.js';
import { RoleFallbacks } from './role-fallbacks.js';

/** Computes the desired state that a command asks for. */
@Injectable()
export class CommandPlanner {
  constructor(
    private readonly operations: OperationReader,
    private readonly fallbacks: RoleFallbacks,
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
    const override = overrideOf(actor, context, key, body);
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
    noPlace: ReadonlySet<string> = new Set(),
  ): Promise<Plan> {
    const desired = desiredStateOf(context);
    if (body.template !== undefined) {
      return { ...desired, override: overrideOf(actor, context, body.template, body) };
    }
    const isSelf = actor.kind === 'participant';
    const back = isSelf
      ? this.fallbacks.steppedDown(context)
      : this.fallbacks.withoutOverride(context, noPlace);
    const plan: Plan = { ...desired, ...(await back) };
    const after = await this.policy.simulate(context.evaluation, plan, context.now);
    if (after.wanted.kind !== 'out' || after.wanted.code === 'seat.blocked') return plan;
    const had = context.evaluation.role?.grants ?? null;
    const override = await this.fallbacks.lastResort(actor, context, body, {
      after,
      had,
      noPlace,
    });
    if (override) return { ...desired, override };
    throw new AppError(
      'conflict',
      'seat.no_other_role',
      'No other role applies to them here: demote to a template, or remove them.',
      { extra: { because: reasonsWithin(after.decision.because, actor.roomLimit()) } },
    );
  }

  /** The lease ends `for` later than it would have. */
  extension({ seat, evaluation, now }: Context, body: CommandBody): Plan {
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
    const later = new Date(until.getTime() + (body.for ?? 0) * 1000);
    return {
      ...desiredStateOf({ evaluation }),
      override: { ...override, scope: 'until', until: later },
    };
  }

  block(actor: Actor, context: Context, body: CommandBody): Plan {
    const block: Block = { ...givenNow(actor, context, body) };
    return { ...desiredStateOf(context), block };
  }

  /**
   * Without sources: all that they may publish, or all there are if they may publish nothing. A hold
   * adds to the one that is there, and never shortens it.
   */
  hold(
    actor: Actor,
    context: Context,
    body: CommandBody & { sources?: readonly TrackSource[] | undefined },
  ): Plan {
    const desired = desiredStateOf(context);
    const asked = body.sources ?? publishableBy(context);
    const terms = givenNow(actor, context, body);
    const old = desired.hold && isOpen(desired.hold, context.now) ? desired.hold : null;
    const hold: Hold = {
      ...terms,
      sources: canonicalSources([...asked, ...(old?.sources ?? [])]),
      until: old ? later(old.until, terms.until) : terms.until,
    };
    return { ...desired, hold };
  }

  async baseOf(seat: Seat, evaluation: Evaluation): Promise<SeatBase | null> {
    const origin = await this.operations.findOverrideOrigin(seat);
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

  /** A click on *promote* never takes something away: a higher role is kept. */
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
}

function publishableBy({ evaluation, seat }: Context): readonly TrackSource[] {
  const { role } = evaluation;
  const sources = role
    ? publishableSources(role.grants)
    : canonicalSources(seat.permission?.canPublishSources ?? []);
  return sources.length > 0 ? sources : TRACK_SOURCES;
}

/** Null lasts longest: for the session, or for good. */
function later(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a > b ? a : b) : null;
}
