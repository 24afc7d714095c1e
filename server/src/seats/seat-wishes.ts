import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { exceeds } from '../grants/ceiling.js';
import type { Block, Hold, Override } from '../grants/policy.js';
import {
  canonicalSources,
  publishableSources,
  TRACK_SOURCES,
  type TrackSource,
} from '../grants/role-grants.js';
import type { ObservedPermission } from '../livekit/participant-view.js';
import { PolicyReader } from '../policy/policy-reader.js';
import type { RoleState, Seat, SeatBase, SeatWish } from './seat.js';
import type { Context } from './seat-context.js';
import { SeatPolicy, type Standing } from './seat-policy.js';
import { SeatStore } from './seat-store.js';

/** What is promoted to when neither the moderator nor the room says. */
const DEFAULT_PROMOTION = 'speaker';
/** What somebody is demoted to who would otherwise have no role at all. */
const LAST_RESORT = 'viewer';
/** Leases on top of each other that are looked through. */
const MAX_LEASES = 10;

/** What an action asks for. */
export interface Plan extends SeatWish {
  readonly fallback?: ObservedPermission | null;
  /** The role that ends, where the clock has taken it already. */
  readonly was?: RoleState;
}

interface Terms {
  readonly for?: number | undefined;
  readonly reason?: string | undefined;
}

/** Turns what a moderator asks for into what is to be wished for the seat. */
@Injectable()
export class SeatWishes {
  constructor(
    private readonly store: SeatStore,
    private readonly policy: SeatPolicy,
    private readonly templates: PolicyReader,
  ) {}

  async promotion(
    actor: Actor,
    context: Context,
    body: Terms & { template?: string | undefined },
  ): Promise<Plan> {
    const { standing } = context;
    const key = body.template ?? standing.room.promoteTemplate ?? DEFAULT_PROMOTION;
    const override = this.overrideOf(actor, context, key, body);
    if (body.template === undefined) await this.assertIsPromotion(standing, override);
    return { ...wishOf(context), override };
  }

  /** Without a template: drops the override, and what lies under it applies again. */
  async demotion(
    actor: Actor,
    context: Context,
    body: Terms & { template?: string | undefined },
  ): Promise<Plan> {
    const wish = wishOf(context);
    if (body.template !== undefined) {
      return { ...wish, override: this.overrideOf(actor, context, body.template, body) };
    }
    const plan = { ...wish, ...(await this.withoutOverride(context)) };
    const after = await this.policy.suppose(context.standing, plan, context.now);
    if (after.wanted.kind !== 'out' || after.wanted.code === 'seat.blocked') return plan;
    return { ...wish, override: await this.lastResort(actor, context, body, after) };
  }

  /** The lease ends `for` later than it would have. */
  extension({ seat, standing, now }: Context, body: { for: number }): Plan {
    const { override } = wishOf({ standing });
    const until = override?.until;
    if (!override || !until || until <= now) {
      const has = override ? 'Their role has no end' : 'They hold no role of this room';
      throw new AppError('conflict', 'seat.no_lease', `${has} that could be put off.`, {
        extra: { identity: seat.identity },
      });
    }
    const later = new Date(until.getTime() + body.for * 1000);
    return { ...wishOf({ standing }), override: { ...override, scope: 'until', until: later } };
  }

  block(actor: Actor, context: Context, body: Terms): Plan {
    const block: Block = { ...this.terms(actor, context, body) };
    return { ...wishOf(context), block };
  }

  /**
   * Without sources: all that they may publish, or, for who may publish nothing, all there are. A
   * hold adds to the one that is there, and never shortens it.
   */
  hold(
    actor: Actor,
    context: Context,
    body: Terms & { sources?: readonly TrackSource[] | undefined },
  ): Plan {
    const wish = wishOf(context);
    const asked = body.sources ?? publishableBy(context);
    const terms = this.terms(actor, context, body);
    const old = wish.hold && isOpen(wish.hold, context.now) ? wish.hold : null;
    const hold: Hold = {
      ...terms,
      sources: canonicalSources([...asked, ...(old?.sources ?? [])]),
      until: old ? later(old.until, terms.until) : terms.until,
    };
    return { ...wish, hold };
  }

  /** What the seat goes back to when its override ends. */
  async withoutOverride({
    seat,
    standing,
  }: Pick<Context, 'seat' | 'standing'>): Promise<Pick<Plan, 'override' | 'fallback'>> {
    const origin = await this.store.findOverrideOrigin(seat);
    const base = origin ? origin.base : null;
    if (base && 'override' in base) return { override: base.override };
    const isCovered = standing.facts.wasIssued;
    return { override: null, fallback: !isCovered && base ? base.permission : null };
  }

  /**
   * What a lease on top of another change goes back to: that change, unless it has come to its own
   * end. Under it may lie another one.
   */
  async afterLease(context: Context): Promise<Pick<Plan, 'override' | 'fallback'>> {
    const { seat, now } = context;
    let override = seat.override;
    for (let depth = 0; override && depth < MAX_LEASES; depth++) {
      const origin = await this.store.findOverrideOrigin({ ...seat, override });
      const under = origin?.override ?? null;
      if (under && isOpen(under, now) && !(await this.isOver(seat, under))) {
        return { override: under };
      }
      override = under;
    }
    return this.withoutOverride(context);
  }

  /** Given for a session that has ended since. */
  private async isOver({ room }: Seat, { scope, at }: Override): Promise<boolean> {
    return scope === 'session' && (await this.store.hasEndedSince(room, at));
  }

  async baseOf(seat: Seat, standing: Standing): Promise<SeatBase | null> {
    const origin = await this.store.findOverrideOrigin(seat);
    if (origin) return origin.base;
    if (seat.override) return { override: seat.override };
    if (standing.wanted.kind === 'free' && seat.isPresent && seat.permission) {
      return { permission: seat.permission };
    }
    const { uncovered } = standing.facts;
    return standing.wanted.kind === 'uncovered' && uncovered
      ? { permission: uncovered.permission as ObservedPermission }
      : null;
  }

  private terms(actor: Actor, { now }: Context, body: Terms) {
    return {
      at: now,
      until: body.for === undefined ? null : new Date(now.getTime() + body.for * 1000),
      by: actor.label,
      byKind: actor.kind,
      reason: body.reason ?? null,
    };
  }

  private overrideOf(actor: Actor, context: Context, template: string, body: Terms): Override {
    const state = context.standing.input.templates[template];
    if (!state) throw fieldError('template', 'no role template has this key');
    if (state.isArchived) throw fieldError('template', 'this role template is archived');
    if (state.published === null) throw fieldError('template', 'has no published version');
    return {
      template,
      version: state.published,
      scope: body.for === undefined ? 'session' : 'until',
      ...this.terms(actor, context, body),
    };
  }

  /** A click on *promote* never takes something away: who holds more already keeps it. */
  private async assertIsPromotion({ role }: Standing, override: Override): Promise<void> {
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

  /** Demoting must not throw anybody out: who would have no role at all stays as a viewer. */
  private async lastResort(
    actor: Actor,
    context: Context,
    body: Terms,
    after: Standing,
  ): Promise<Override> {
    const state = context.standing.input.templates[LAST_RESORT];
    const current = context.standing.role;
    if (current && state?.published != null && !state.isArchived && isWantOfRules(after)) {
      const { grants } = await this.templates.version(LAST_RESORT, state.published);
      if (exceeds(grants, current.grants).length === 0) {
        return this.overrideOf(actor, context, LAST_RESORT, body);
      }
    }
    throw new AppError(
      'conflict',
      'seat.no_other_role',
      'No other role applies to them here: demote to a template, or remove them.',
      { extra: { because: after.decision.because } },
    );
  }
}

/** What is wished now. */
export function wishOf({ standing }: Pick<Context, 'standing'>): SeatWish {
  const { override = null, block = null, hold = null } = standing.input.seat ?? {};
  return { override, block, hold };
}

/** Whether both wish the same: for as long, if not from the same moment on. */
export function sameWish(a: SeatWish, b: SeatWish): boolean {
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

function lengthOf(wish: { at: Date; until: Date | null } | null): number | null {
  return wish?.until ? wish.until.getTime() - wish.at.getTime() : null;
}

function publishableBy({ standing, seat }: Context): readonly TrackSource[] {
  const { role } = standing;
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

function isWantOfRules({ decision }: Standing): boolean {
  return decision.verdict === 'refuse' && decision.code === 'no_rule';
}
