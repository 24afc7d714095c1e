import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.js';
import type { Permission } from '../access/permissions.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { Transactions } from '../database/transactions.js';
import { exceeds } from '../grants/ceiling.js';
import type { PermissionLike } from '../grants/compile-grant.js';
import { effects as effectsOf, notLiveChangeable } from '../grants/effects.js';
import { listInWords } from '../grants/grant-catalogue.js';
import type { Block, Override } from '../grants/policy.js';
import { completeGrants } from '../grants/role-grants.js';
import { toParticipantPermission } from '../grants/compile-grant.js';
import { Hints } from '../events/hints.js';
import type { LedgerEntryInput, LedgerRef } from '../ledger/ledger-entry.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import type { ObservedPermission, ObservedTrack } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { type PolicyFacts, PolicyReader } from '../policy/policy-reader.js';
import type { RoleState, Seat, SeatAction, SeatBase, SeatOperation } from './seat.js';
import { SeatApplier } from './seat-applier.js';
import { LEASES, SeatOperations, type Settlement, settlementOf } from './seat-operations.js';
import { type EffectiveRole, SeatPolicy, type Standing } from './seat-policy.js';
import { SeatStore } from './seat-store.js';
import { emptySeat, SeatViews } from './seat-views.js';
import type { BlockBody, ChangeBody, MuteBody, ReasonBody, SeatChange } from './seats.schemas.js';

const UNDO_MS = 60_000;
/** What is promoted to when neither the moderator nor the room says. */
const DEFAULT_PROMOTION = 'speaker';
/** What somebody is demoted to who would otherwise have no role at all. */
const LAST_RESORT = 'viewer';
const MAX_TRIES = 4;
const NOTHING = toParticipantPermission(completeGrants({}));

/** What an action asks for. */
interface Plan {
  readonly override: Override | null;
  readonly block: Block | null;
  readonly fallback?: ObservedPermission | null;
}

interface Context {
  readonly seat: Seat;
  readonly standing: Standing;
  /** Postgres' time, to the millisecond. */
  readonly now: Date;
}

interface Wish {
  readonly action: SeatAction;
  readonly permission: Permission;
  readonly reason: string | undefined;
  readonly expectEpoch: number | undefined;
  readonly undoes?: SeatOperation;
  readonly plan: (context: Context) => Plan | Promise<Plan>;
}

/** What moderators do with seats. The order is always: intent, committed; LiveKit; outcome. */
@Injectable()
export class SeatsService {
  constructor(
    private readonly store: SeatStore,
    private readonly policy: SeatPolicy,
    private readonly templates: PolicyReader,
    private readonly applier: SeatApplier,
    private readonly operations: SeatOperations,
    private readonly views: SeatViews,
    private readonly rooms: RoomsPort,
    private readonly transactions: Transactions,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
  ) {}

  promote(actor: Actor, room: string, identity: string, body: ChangeBody): Promise<SeatChange> {
    return this.change(actor, room, identity, {
      action: 'promote',
      permission: 'seat.promote',
      reason: body.reason,
      expectEpoch: body.expectEpoch,
      plan: async (context) => {
        const { standing } = context;
        const key = body.template ?? standing.room.promoteTemplate ?? DEFAULT_PROMOTION;
        const override = this.overrideOf(actor, context, key, body);
        if (body.template === undefined) await this.assertIsPromotion(standing, override);
        return { override, block: standing.input.seat?.block ?? null };
      },
    });
  }

  /** Without a template: drops the override, and what lies under it applies again. */
  demote(actor: Actor, room: string, identity: string, body: ChangeBody): Promise<SeatChange> {
    return this.change(actor, room, identity, {
      action: 'demote',
      permission: 'seat.demote',
      reason: body.reason,
      expectEpoch: body.expectEpoch,
      plan: async (context) => {
        const block = context.standing.input.seat?.block ?? null;
        if (body.template !== undefined) {
          return { override: this.overrideOf(actor, context, body.template, body), block };
        }
        const plan = { ...(await this.withoutOverride(context)), block };
        const after = await this.policy.suppose(context.standing, plan, context.now);
        if (after.wanted.kind !== 'out' || after.wanted.code === 'seat.blocked') return plan;
        return { override: await this.lastResort(actor, context, body, after), block };
      },
    });
  }

  block(actor: Actor, room: string, identity: string, body: BlockBody): Promise<SeatChange> {
    return this.change(actor, room, identity, {
      action: 'block',
      permission: 'seat.block',
      reason: body.reason,
      expectEpoch: body.expectEpoch,
      plan: ({ standing, now }) => ({
        override: standing.input.seat?.override ?? null,
        block: {
          at: now,
          until: body.for === undefined ? null : new Date(now.getTime() + body.for * 1000),
          by: actor.label,
          reason: body.reason ?? null,
        },
      }),
    });
  }

  unblock(actor: Actor, room: string, identity: string, body: ReasonBody): Promise<SeatChange> {
    return this.change(actor, room, identity, {
      action: 'unblock',
      permission: 'seat.block',
      reason: body.reason,
      expectEpoch: body.expectEpoch,
      plan: ({ standing }) => ({ override: standing.input.seat?.override ?? null, block: null }),
    });
  }

  /** The inverse of an operation, as an operation of its own; never a delayed sending. */
  async undo(actor: Actor, id: string): Promise<SeatChange> {
    const operation = await this.store.findOperation(id);
    if (!operation || !actor.can('seat.read', operation.room)) throw operationNotFound();
    const inverse = INVERSES[operation.action];
    if (!inverse || !operation.undoUntil) {
      throw new AppError('conflict', 'operation.not_undoable', 'This cannot be undone.');
    }
    if (!actor.can(inverse.permission, operation.room)) {
      throw new AppError(
        'forbidden',
        'access.denied',
        `This needs the permission ${inverse.permission}, which you do not have.`,
        { extra: { permission: inverse.permission } },
      );
    }
    if (operation.undoneBy) {
      throw new AppError('conflict', 'operation.undone', 'This has been undone already.', {
        extra: { undoneBy: operation.undoneBy },
      });
    }
    if (operation.undoUntil.getTime() < Date.now()) {
      throw new AppError('conflict', 'operation.undo_expired', 'It is too late to undo this.');
    }
    return this.change(actor, operation.room, operation.identity, {
      action: inverse.action,
      permission: inverse.permission,
      reason: undefined,
      expectEpoch: operation.epoch,
      undoes: operation,
      plan: () => ({
        override: operation.before.override,
        block: operation.before.block,
        fallback:
          operation.before.base && 'permission' in operation.before.base
            ? operation.before.base.permission
            : null,
      }),
    });
  }

  /** Ends the connection and nothing else: whoever holds a token may come back. */
  remove(actor: Actor, room: string, identity: string, body: ReasonBody): Promise<SeatChange> {
    return this.act(actor, room, identity, 'remove', 'seat.remove', body, async ({ seat }) => {
      const effects = seat.isPresent ? ['leaves the room; may come back with a token'] : [];
      return {
        effects,
        run: async () => {
          const wasThere = await this.rooms.removeParticipant(room, identity);
          return wasThere ? null : 'was not in the room';
        },
      };
    });
  }

  /** Mutes what they publish now, of one source or all; they may unmute themselves. */
  mute(actor: Actor, room: string, identity: string, body: MuteBody): Promise<SeatChange> {
    const isMeant = (track: ObservedTrack) =>
      !track.isMuted &&
      track.type !== 'data' &&
      (body.source === undefined || track.source === body.source);
    return this.act(actor, room, identity, 'mute', 'seat.mute', body, async ({ seat }) => {
      const tracks = seat.tracks.filter(isMeant);
      return {
        effects: tracks.map((track) => `mutes their ${track.source.replaceAll('_', ' ')}`),
        run: async () => {
          const participant = await this.rooms.findParticipant(room, identity);
          if (!participant) throw notPresent();
          await Promise.all(
            participant.tracks
              .filter(isMeant)
              .map((track) => this.rooms.muteTrack(room, identity, track.sid)),
          );
          await this.applier.lookAgain(room, identity);
          return null;
        },
      };
    });
  }

  /**
   * A token was asked for with another template than policy gives: the template becomes the seat's
   * override for this session, in the transaction that writes the token's own entry.
   */
  async overrideForToken(
    actor: Actor,
    facts: PolicyFacts,
    { template, version }: { template: string; version: number },
    entry: LedgerEntryInput,
  ): Promise<LedgerRef> {
    const { identity } = facts;
    const room = facts.room?.name ?? '';
    const context = await this.look(room, identity);
    await this.assertWithinCeiling(actor, 'token.issue_as', context, context.standing.role);
    const ref = await this.transactions.run(async (tx) => {
      const { seat, now } = await this.store.lock(tx, room, identity);
      const by = actor.label;
      const override: Override = {
        template,
        version,
        scope: 'session',
        until: null,
        at: now,
        by,
        reason: entry.reason ?? null,
      };
      await this.store.wish(tx, seat, override, seat.block);
      await this.store.noteIssued(tx, seat, now);
      tx.afterCommit(() => {
        this.hints.publish([{ topic: `room:${room}`, type: 'seat', key: identity }]);
      });
      const [written] = await this.ledger.append(tx, [entry]);
      return written as LedgerRef;
    });
    // Somebody who is in the room already has the new role at once; nobody waits for that.
    if (context.seat.isPresent) {
      void this.applier
        .inTurn(room, identity, () => this.applier.converge(room, identity))
        .catch(() => undefined);
    }
    return ref;
  }

  /** A change of what is wished for a seat, from the look at it to what came of it. */
  private change(actor: Actor, room: string, identity: string, wish: Wish): Promise<SeatChange> {
    return this.applier.inTurn(room, identity, async () => {
      const operation = await this.commit(actor, room, identity, wish);
      const settlement = await this.carryOut(operation);
      return toChange(operation, settlement);
    });
  }

  private async commit(
    actor: Actor,
    room: string,
    identity: string,
    wish: Wish,
  ): Promise<SeatOperation> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const context = await this.look(room, identity);
      await this.assertEpoch(context, wish.expectEpoch);
      const plan = await wish.plan(context);
      const after = await this.policy.suppose(context.standing, plan, context.now);
      await this.assertMay(actor, wish, context, after);
      const operation = await this.write(actor, wish, context, plan, after);
      if (operation) return operation;
      // Somebody else changed the seat between our look and our lock: look again.
    }
    throw new AppError('conflict', 'seat.changed', 'Others keep changing this seat.', {
      extra: { current: await this.views.one(room, identity) },
    });
  }

  /** Null when the seat is not any more what the plan was made for. */
  private async write(
    actor: Actor,
    wish: Wish,
    { seat, standing, now }: Context,
    plan: Plan,
    after: Standing,
  ): Promise<SeatOperation | null> {
    const base = await this.baseOf(seat, standing);
    return this.transactions.run(async (tx) => {
      const locked = await this.store.lock(tx, seat.room, seat.identity);
      if (locked.seat.epoch !== standing.epoch) return null;
      const epoch = await this.store.wish(tx, seat, plan.override, plan.block);
      const operation: SeatOperation = {
        id: randomUUID(),
        room: seat.room,
        identity: seat.identity,
        action: wish.action,
        actor: { kind: actor.kind, id: actor.id, label: actor.label },
        reason: wish.reason ?? null,
        before: {
          ...toStateOf(standing.role),
          override: seat.override,
          block: seat.block,
          base,
          sid: seat.sid,
        },
        after: {
          ...toStateOf(after.role),
          effects: describeEffects(seat, standing, after),
          fallback: plan.fallback ?? null,
        },
        epoch,
        outcome: 'intent',
        detail: null,
        ms: null,
        undoUntil: new Date(now.getTime() + UNDO_MS),
        undoneBy: null,
        createdAt: now,
        settledAt: null,
      };
      await this.operations.begin(
        tx,
        { ...operation, requestId: actor.requestId },
        actor,
        wish.undoes ? { undoes: wish.undoes.id } : {},
      );
      if (wish.undoes && !(await this.store.markUndone(tx, wish.undoes.id, operation.id))) {
        throw new AppError('conflict', 'operation.undone', 'This has been undone already.');
      }
      if (plan.override?.until) {
        tx.afterCommit(() => this.hints.publish([{ topic: LEASES, type: 'lease' }]));
      }
      return operation;
    });
  }

  /** From here on nothing is refused: what LiveKit cannot take now is put right later. */
  private async carryOut(operation: SeatOperation): Promise<Settlement> {
    const started = performance.now();
    const { room, identity, after } = operation;
    let settlement: Settlement;
    try {
      const pushes = await this.applier.converge(room, identity, after.fallback);
      settlement = settlementOf(operation, pushes, performance.now() - started);
      await this.operations.settle(operation.id, settlement);
    } catch {
      // Postgres went away after the commit: the sweep finds the open operation and ends it.
      settlement = { outcome: 'pending', detail: 'the outcome is not known yet', ms: null };
    }
    return settlement;
  }

  /** An act on who is in the room now, which leaves what is wished as it is. */
  private act(
    actor: Actor,
    room: string,
    identity: string,
    action: 'remove' | 'mute',
    permission: Permission,
    body: { reason?: string | undefined; expectEpoch?: number | undefined },
    prepare: (context: Context) => Promise<{
      effects: string[];
      /** Answers with a remark, or null. */
      run: () => Promise<string | null>;
    }>,
  ): Promise<SeatChange> {
    return this.applier.inTurn(room, identity, async () => {
      const context = await this.look(room, identity);
      const { seat, standing, now } = context;
      await this.assertEpoch(context, body.expectEpoch);
      await this.assertWithinCeiling(actor, permission, context, standing.role);
      const { effects, run } = await prepare(context);
      const operation: SeatOperation = {
        id: randomUUID(),
        room,
        identity,
        action,
        actor: { kind: actor.kind, id: actor.id, label: actor.label },
        reason: body.reason ?? null,
        before: {
          ...toStateOf(standing.role),
          override: seat.override,
          block: seat.block,
          base: null,
          sid: seat.sid,
        },
        after: { ...toStateOf(standing.role), effects, fallback: null },
        epoch: standing.epoch,
        outcome: 'intent',
        detail: null,
        ms: null,
        undoUntil: null,
        undoneBy: null,
        createdAt: now,
        settledAt: null,
      };
      await this.transactions.run(async (tx) => {
        await this.store.lock(tx, room, identity);
        await this.operations.begin(tx, { ...operation, requestId: actor.requestId }, actor);
      });
      const settlement = await this.runAct(action, run);
      await this.operations.settle(operation.id, settlement).catch(() => undefined);
      return toChange(operation, settlement);
    });
  }

  private async runAct(
    action: 'remove' | 'mute',
    run: () => Promise<string | null>,
  ): Promise<Settlement> {
    const started = performance.now();
    const ms = () => Math.round((performance.now() - started) * 10) / 10;
    try {
      if (!(await this.applier.isReachable())) {
        return unreachable(action, 'LiveKit cannot be reached');
      }
      return { outcome: 'applied', detail: await run(), ms: ms() };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (isUnavailable(error)) return unreachable(action, error.message);
      return { outcome: 'failed', detail: error.message, ms: ms() };
    }
  }

  /** The seat and how it stands, read together. Throws 404 for an identity that nobody has. */
  private async look(room: string, identity: string): Promise<Context> {
    const [{ seat, at }, standing] = await Promise.all([
      this.store.look(room, identity),
      this.policy.stand(room, identity),
    ]);
    if (!seat && !standing.facts.user && !(await this.isInLiveKit(room, identity))) {
      throw new AppError(
        'not_found',
        'seat.not_found',
        'Nobody has this identity: it belongs to no user and to nobody in the room.',
      );
    }
    return { seat: seat ?? emptySeat(room, identity), standing, now: new Date(at.getTime()) };
  }

  private async isInLiveKit(room: string, identity: string): Promise<boolean> {
    try {
      return (await this.rooms.findParticipant(room, identity)) !== null;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  private async assertEpoch({ seat, standing }: Context, expected: number | undefined) {
    if (expected === undefined || expected === standing.epoch) return;
    const current = await this.views.one(seat.room, seat.identity);
    const by = current.lastChange ? ` by ${current.lastChange.by}` : '';
    throw new AppError('conflict', 'seat.changed', `The seat has been changed${by}.`, {
      extra: { current },
    });
  }

  private async assertMay(actor: Actor, wish: Wish, context: Context, after: Standing) {
    const { standing } = context;
    const { action, permission } = wish;
    if (action === 'promote' && after.decision.verdict === 'refuse') {
      throw new AppError(
        'conflict',
        after.decision.code,
        after.decision.because[0]?.text ?? 'They may not be in the room.',
        { extra: { because: after.decision.because } },
      );
    }
    await this.assertWithinCeiling(actor, permission, context, standing.role);
    // A block hides the role that comes back with its end; that one counts as well.
    const unblocked = await this.policy.suppose(
      after,
      { override: after.input.seat?.override ?? null, block: null },
      context.now,
    );
    await this.assertWithinCeiling(actor, permission, context, unblocked.role);
    if (action !== 'demote' || actor.can('seat.promote', standing.room.name)) return;
    const gains = after.role ? exceeds(after.role.grants, standing.role?.grants ?? null) : [];
    if (gains.length === 0) return;
    throw new AppError(
      'forbidden',
      'access.denied',
      'This gives more than they have now, which needs the permission seat.promote.',
      { extra: { permission: 'seat.promote', beyond: gains } },
    );
  }

  private async assertWithinCeiling(
    actor: Actor,
    permission: Permission,
    { seat }: Context,
    role: EffectiveRole | null,
  ): Promise<void> {
    const beyond = role ? actor.exceeding(permission, role.grants, seat.room) : [];
    if (beyond.length === 0) return;
    await this.ledger
      .appendDurably({
        kind: 'access.refused',
        outcome: 'refused',
        actor,
        room: seat.room,
        identity: seat.identity,
        payload: { permission, template: role?.template, beyond },
      })
      .catch(() => undefined);
    throw new AppError(
      'forbidden',
      'seat.above_ceiling',
      `The role ${role?.template ?? ''} goes beyond what you may handle: ${listInWords(beyond)}.`,
      { extra: { beyond } },
    );
  }

  private overrideOf(
    actor: Actor,
    { standing, now }: Context,
    template: string,
    body: ChangeBody,
  ): Override {
    const state = standing.input.templates[template];
    if (!state) throw fieldError('template', 'no role template has this key');
    if (state.isArchived) throw fieldError('template', 'this role template is archived');
    if (state.published === null) throw fieldError('template', 'has no published version');
    return {
      template,
      version: state.published,
      scope: body.for === undefined ? 'session' : 'until',
      until: body.for === undefined ? null : new Date(now.getTime() + body.for * 1000),
      at: now,
      by: actor.label,
      reason: body.reason ?? null,
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

  /** What the seat goes back to when its override ends. */
  async withoutOverride({ seat, standing }: Context): Promise<Pick<Plan, 'override' | 'fallback'>> {
    const origin = await this.store.findOverrideOrigin(seat);
    const base = origin ? origin.before.base : null;
    if (base && 'override' in base) return { override: base.override };
    const isCovered = standing.facts.wasIssued;
    return { override: null, fallback: !isCovered && base ? base.permission : null };
  }

  private async baseOf(seat: Seat, standing: Standing): Promise<SeatBase | null> {
    const origin = await this.store.findOverrideOrigin(seat);
    if (origin) return origin.before.base;
    if (seat.override) return { override: seat.override };
    if (standing.wanted.kind === 'free' && seat.isPresent && seat.permission) {
      return { permission: seat.permission };
    }
    return null;
  }

  /** Demoting must not throw anybody out: who would have no role at all stays as a viewer. */
  private async lastResort(
    actor: Actor,
    context: Context,
    body: ChangeBody,
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

const INVERSES: Partial<Record<SeatAction, { action: SeatAction; permission: Permission }>> = {
  promote: { action: 'demote', permission: 'seat.demote' },
  demote: { action: 'promote', permission: 'seat.promote' },
  block: { action: 'unblock', permission: 'seat.block' },
  unblock: { action: 'block', permission: 'seat.block' },
};

export function operationNotFound(): AppError {
  return new AppError('not_found', 'operation.not_found', 'There is no such operation.');
}

function isWantOfRules({ decision }: Standing): boolean {
  return decision.verdict === 'refuse' && decision.code === 'no_rule';
}

function notPresent(): AppError {
  return new AppError('conflict', 'seat.not_present', 'They are not in the room.');
}

/** A removal waits for LiveKit; a mute is about this moment, and the moment has passed. */
function unreachable(action: 'remove' | 'mute', detail: string): Settlement {
  return { outcome: action === 'remove' ? 'pending' : 'failed', detail, ms: null };
}

export function toStateOf(role: EffectiveRole | null): RoleState {
  return {
    template: role?.template ?? null,
    version: role?.version ?? null,
    permission: role?.permission ?? null,
  };
}

/** What will physically happen, for somebody who is there; for somebody who is not, when. */
function describeEffects(seat: Seat, before: Standing, after: Standing): string[] {
  if (after.wanted.kind === 'out') {
    return seat.isPresent
      ? ['leaves the room, and no token lets them back in']
      : ['no token lets them in'];
  }
  if (!seat.isPresent) return ['takes effect when they join'];
  if (!after.role) return [];
  const had: PermissionLike = seat.permission ?? before.role?.permission ?? NOTHING;
  const sentences = effectsOf(had, after.role.permission, seat.tracks);
  const later = before.role ? notLiveChangeable(before.role.grants, after.role.grants) : [];
  return later.length === 0
    ? sentences
    : [...sentences, `changes only when they join anew: ${listInWords(later)}`];
}

function toChange(operation: SeatOperation, { outcome, detail }: Settlement): SeatChange {
  const { id, before, after, epoch, undoUntil } = operation;
  return {
    operationId: id,
    // Superseded: what was asked never came about, because somebody else asked something else.
    outcome: outcome === 'superseded' ? 'failed' : outcome,
    detail,
    before: toStateResponse(before),
    after: toStateResponse(after),
    effects: [...after.effects],
    epoch,
    undoUntil: undoUntil?.toISOString() ?? null,
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
