import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { Permission } from '../actor/permissions.js';
import { AppError } from '../common/errors/app-error.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { JoiningMutex } from './keyed-mutex.js';
import type {
  NewOperation,
  SeatAction,
  SeatBase,
  SeatOperation,
  SeatWish,
  Terms,
  WishTerms,
} from './seat.js';
import { toChange, toStateOf, toStateResponse } from './seat-answers.js';
import { SeatApplier, seatKey } from './seat-applier.js';
import { type Context, SeatContexts } from './seat-context.js';
import {
  allOf,
  describeChange,
  permissionAfter,
  publishingOf,
  tracksTaken,
} from './seat-effects.js';
import { SeatGuards } from './seat-guards.js';
import { SeatOperations } from './seat-operations.js';
import { cameTo, type Settlement, settlementOf, whatHappened } from './seat-outcomes.js';
import { SeatPolicy, type Standing } from './seat-policy.js';
import { type Holding, SeatRules } from './seat-rules.js';
import { SeatStore } from './seat-store.js';
import { SeatViews } from './seat-views.js';
import { SilenceWatch } from './silence-watch.js';
import { hasEnded, type Plan, sameWish, SeatWishes, whyUnusable } from './seat-wishes.js';
import type { SeatChange, SeatPreview } from './seats.schemas.js';
import { isBy, mayBeBy } from './seat.js';

const UNDO_MS = 60_000;
const MAX_TRIES = 4;
/** A moderator gets an answer by then; what LiveKit has not taken yet goes on behind it. */
const ANSWER_WITHIN_MS = 3_000;
/** A key that is held down, or pressed twice, is one act. */
const REPEATED_WITHIN_MS = 5_000;
/** Each extension adds to the last: pressed again after this, it is meant again. */
const EXTENDED_WITHIN_MS = 1_000;

export interface Wish {
  readonly action: SeatAction;
  readonly permission: Permission;
  readonly reason: string | undefined;
  readonly expectEpoch: number | undefined;
  readonly isConfirmed?: boolean | undefined;
  readonly undoes?: SeatOperation;
  /** What was asked for, as it was asked: the same again at the same time is the same act. */
  readonly body?: object;
  /** A block may be for somebody who has never been heard of. */
  readonly mayBeUnknown?: boolean;
  /**
   * A role that the plan gives back, and that has no place, is not refused: the plan is made again
   * without its template.
   */
  readonly givesBack?: boolean;
  /** Null: there is nothing to change. `noPlace`: templates that the seat cannot have now. */
  readonly plan: (
    context: Context,
    noPlace?: ReadonlySet<string>,
  ) => Plan | null | Promise<Plan | null>;
}

/** A role that was not given back, and why. */
export interface NotGivenBack {
  readonly template: string;
  readonly code: string;
  readonly because: string;
}

/** How an action came about; all of it may be left out. */
export interface ActOptions {
  /** Milliseconds since the epoch: when the moderator clicked. */
  readonly clickedAt?: number | undefined;
  /** An operation with this id is begun once, however often it is asked for. */
  readonly operationId?: string | undefined;
  /** The bulk operation that this is a part of. */
  readonly bulk?: string | undefined;
  /** What stands or falls with the change, such as the hand that it answers; refuses by throwing. */
  readonly within?: ((tx: Tx, operationId: string) => Promise<void>) | undefined;
}

interface Begun {
  readonly operation: SeatOperation;
  /** False: it had been begun before. */
  readonly isNew: boolean;
}

/** A change of what is wished for a seat. The order is always: intent, committed; LiveKit; outcome. */
@Injectable()
export class SeatChanges {
  /** Commits on one seat take turns; they do not wait for what LiveKit is slow to do. */
  private readonly turns = new JoiningMutex<Begun | null>();
  /** Operation → what comes of it, while this process carries it out. */
  private readonly running = new Map<string, Promise<Settlement>>();

  constructor(
    private readonly contexts: SeatContexts,
    private readonly store: SeatStore,
    private readonly policy: SeatPolicy,
    private readonly wishes: SeatWishes,
    private readonly guards: SeatGuards,
    private readonly rules: SeatRules,
    private readonly applier: SeatApplier,
    private readonly operations: SeatOperations,
    private readonly silence: SilenceWatch,
    private readonly views: SeatViews,
    private readonly transactions: Transactions,
  ) {}

  /** From the look at the seat to what came of it; null when there was nothing to change. */
  async change(
    actor: Actor,
    room: string,
    identity: string,
    wish: Wish,
    options: ActOptions = {},
  ): Promise<SeatChange | null> {
    const started = performance.now();
    const what = options.operationId === undefined ? nameOf(actor, wish) : null;
    const begun = await this.turns.run(seatKey(room, identity), what, () =>
      this.begin(actor, room, identity, wish, options),
    );
    if (!begun) return null;
    const work = begun.isNew
      ? this.carryOut(begun.operation)
      : this.follow(begun.operation, options);
    const settlement = await withinBound(work, started);
    return toChange(begun.operation, settlement);
  }

  /** What `change` would do, by the same code, up to where it would write. */
  async preview(actor: Actor, room: string, identity: string, wish: Wish): Promise<SeatPreview> {
    const context = await this.contexts.look(room, identity, wish);
    const before = toStateResponse(toStateOf(context.standing.role));
    try {
      const plan = await wish.plan(context);
      if (!plan) return { before, after: before, effects: [], problem: null };
      const after = await this.policy.suppose(context.standing, plan, context.now);
      this.guards.assertSensible(actor, wish.action, context, true);
      await this.guards.assertMay(actor, wish, context, after, true);
      return {
        before,
        after: toStateResponse(toStateOf(after.role)),
        effects: allOf(describeChange(wish.action, context, after, plan.fallback)),
        problem: null,
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
      return { before, after: before, effects: [], problem: error.message };
    }
  }

  private async begin(
    actor: Actor,
    room: string,
    identity: string,
    wish: Wish,
    options: ActOptions,
  ): Promise<Begun | null> {
    const notGivenBack: NotGivenBack[] = [];
    for (let attempt = 0; attempt < MAX_TRIES + notGivenBack.length; attempt++) {
      const known = options.operationId && (await this.store.findOperation(options.operationId));
      if (known) return { operation: known, isNew: false };
      const context = await this.contexts.look(room, identity, {
        ...wish,
        ...(options.clickedAt === undefined ? {} : { clickedAt: options.clickedAt }),
      });
      const repeated = options.within ? null : await this.repeated(actor, wish, context);
      if (repeated) return { operation: repeated, isNew: false };
      await this.guards.assertEpoch(context, wish.expectEpoch);
      const noPlace = new Set(notGivenBack.map(({ template }) => template));
      const plan = await wish.plan(context, noPlace);
      if (!plan) return null;
      this.guards.assertSensible(actor, wish.action, context, wish.isConfirmed ?? false);
      const after = await this.policy.suppose(context.standing, plan, context.now);
      await this.guards.assertMay(actor, wish, context, after);
      const change = { actor, wish, context, plan, after, options };
      try {
        const operation = await this.write({
          ...change,
          notGivenBack: plan.isKept ? [] : notGivenBack,
        });
        if (operation) return { operation, isNew: true };
        // Somebody else changed the seat between our look and our lock: look again.
      } catch (error) {
        if (!(error instanceof NoPlace)) throw error;
        if (!wish.givesBack || noPlace.has(error.template)) throw error.reason;
        const { code, message: because } = error.reason;
        notGivenBack.push({ template: error.template, code, because });
      }
    }
    throw new AppError('conflict', 'seat.changed', 'Others keep changing this seat.', {
      extra: { current: await this.views.one(room, identity, { mayBeUnknown: true }) },
    });
  }

  /**
   * The seat's last operation, when it is this very act by the same person a moment ago: begun
   * again it would change nothing but the number of entries and of calls.
   */
  private async repeated(
    actor: Actor,
    wish: Wish,
    context: Context,
  ): Promise<SeatOperation | null> {
    const { seat, standing, now } = context;
    const { lastChange } = seat;
    const span = wish.action === 'extend' ? EXTENDED_WITHIN_MS : REPEATED_WITHIN_MS;
    if (wish.undoes || lastChange?.kind !== wish.action || !mayBeBy(lastChange, actor)) return null;
    if (now.getTime() - Date.parse(lastChange.at) > span) return null;
    if (!['intent', 'applied', 'pending'].includes(lastChange.outcome)) return null;
    const last = await this.store.findOperation(lastChange.operationId);
    if (last?.epoch !== standing.epoch || !isBy(last, actor)) return null;
    const { expectEpoch } = wish;
    if (expectEpoch !== undefined && expectEpoch !== last.epoch && expectEpoch !== last.epoch - 1) {
      return null;
    }
    if (wish.action === 'extend') return last;
    const plan = await planOf(wish, context).catch(unlessRefused);
    return plan && sameWish(plan, seat) ? last : null;
  }

  /** Null when the seat is not any more what the plan was made for. */
  private async write({
    actor,
    wish,
    context,
    plan,
    after,
    options,
    notGivenBack,
  }: {
    actor: Actor;
    wish: Wish;
    context: Context;
    plan: Plan;
    after: Standing;
    options: ActOptions;
    notGivenBack: readonly NotGivenBack[];
  }): Promise<SeatOperation | null> {
    const { seat, standing } = context;
    const base = await this.wishes.baseOf(seat, standing);
    const operation = draft({ actor, wish, context, plan, after, base, options, notGivenBack });
    const isBegun = await this.transactions.run(async (tx) => {
      if (!context.isStored) await this.store.lock(tx, seat.room, seat.identity);
      const extra = {
        ...(wish.undoes ? { undoes: wish.undoes.id } : {}),
        ...(notGivenBack.length > 0 ? { notGivenBack } : {}),
      };
      if (!(await this.operations.beginChange(tx, operation, plan, actor, extra))) return false;
      if (wish.undoes && !(await this.store.markUndone(tx, wish.undoes.id, operation.id))) {
        throw new AppError('conflict', 'operation.undone', 'This has been undone already.');
      }
      const { override } = plan;
      const { room, identity } = seat;
      const holding = override && { room, identity, template: override.template };
      const isGiven = !plan.isKept && isGivenBy(context, plan);
      if (holding && isGiven) await this.assertHasPlace(tx, standing, holding);
      await options.within?.(tx, operation.id);
      if (holding && wish.action === 'promote') {
        await this.rules.notePromoted(tx, holding, operation.actor, operation.id);
      }
      return true;
    });
    return isBegun ? begun(operation) : null;
  }

  private async assertHasPlace(tx: Tx, standing: Standing, holding: Holding): Promise<void> {
    const { template } = holding;
    const problem = whyUnusable(standing, template);
    if (problem) {
      const text = `The role ${template} cannot be given: ${problem}.`;
      throw new NoPlace(template, new AppError('conflict', 'role_template.unusable', text));
    }
    try {
      await this.rules.assertMayHold(tx, holding);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
      throw new NoPlace(template, error);
    }
  }

  /** From here on nothing is refused: what LiveKit cannot take now is put right later. */
  private carryOut(operation: SeatOperation): Promise<Settlement> {
    const { id, room, identity } = operation;
    // Whoever asked for the same at the same time waits for the same.
    const running = this.running.get(id);
    if (running) return running;
    const work = this.applier
      .inTurn(room, identity, () => this.apply(operation))
      .finally(() => this.running.delete(id));
    this.running.set(id, work);
    return work;
  }

  private async apply(operation: SeatOperation): Promise<Settlement> {
    const started = performance.now();
    const { id, room, identity, after } = operation;
    try {
      const pushes = await this.applier.converge(room, identity, after.fallback);
      const settlement = await this.operations.settle(id, {
        ...settlementOf(operation, pushes, performance.now() - started),
        effects: whatHappened(operation, pushes),
      });
      if (settlement.outcome === 'applied') this.silence.lookSoon(operation);
      return settlement;
    } catch {
      // Postgres went away after the commit: the sweep finds the open operation and ends it.
      return { outcome: 'pending', detail: 'the outcome is not known yet', ms: null };
    }
  }

  /** What comes, or came, of an operation that was begun before. */
  private async follow(operation: SeatOperation, options: ActOptions): Promise<Settlement> {
    const running = this.running.get(operation.id);
    if (running) return running;
    const known = cameTo(operation);
    if (known) return known;
    // Whoever gave it this id answers for it: its server may have died before the call.
    if (options.operationId !== undefined) return this.carryOut(operation);
    return { outcome: 'pending', detail: 'another server carries it out', ms: null };
  }
}

/** The operation that a plan makes, before it is written. */
export function draft(made: {
  actor: Actor;
  wish: Pick<Wish, 'action' | 'reason'>;
  context: Context;
  plan: Plan;
  after: Standing;
  base: SeatBase | null;
  options: ActOptions;
  notGivenBack?: readonly NotGivenBack[];
}): NewOperation {
  const { actor, wish, context, plan, after, base, options, notGivenBack = [] } = made;
  const { seat, standing } = context;
  const described = describeChange(wish.action, context, after, plan.fallback);
  const kept = notGivenBack.map(
    ({ template, because }) => `does not get ${template} back: ${because}`,
  );
  const told = { ...described, notes: [...described.notes, ...kept] };
  const permission = permissionAfter(after, plan.fallback);
  return {
    ...newOperation(actor, wish.action, context, options),
    reason: wish.reason ?? null,
    before: {
      ...(plan.was ?? toStateOf(standing.role)),
      override: seat.override,
      block: seat.block,
      hold: seat.hold,
      base,
      sid: seat.sid,
    },
    after: {
      ...toStateOf(after.role),
      effects: allOf(told),
      wish: termsOf(plan),
      notes: told.notes,
      fallback: plan.fallback ?? null,
      takes: tracksTaken(seat, permission),
      ...publishingOf(permission),
      ...(after.silencing === 'mute' ? { mutes: true as const } : {}),
      headMs: context.headMs,
    },
    epoch: standing.epoch + 1,
    undoUntil: isUndoable(wish.action) ? new Date(context.now.getTime() + UNDO_MS) : null,
  };
}

/**
 * Whether the plan gives a role that the seat does not have now: another one, the same for another
 * time, or the one that a block took. One that has ended gives nothing.
 */
export function isGivenBy(
  { seat, now }: Pick<Context, 'seat' | 'now'>,
  { override, block }: Pick<Plan, 'override' | 'block'>,
): boolean {
  if (!override || hasEnded(override, now)) return false;
  const isUnblocked = seat.block !== null && block === null;
  return (
    isUnblocked ||
    override.template !== seat.override?.template ||
    override.until?.getTime() !== seat.override.until?.getTime()
  );
}

/** The seat cannot have the template now. */
class NoPlace extends Error {
  constructor(
    readonly template: string,
    readonly reason: AppError,
  ) {
    super(reason.message);
  }
}

/** Two that have the same name ask for the same; null: it is like no other. */
export function nameOf(
  { kind, id }: Actor,
  { action, body }: Pick<Wish, 'action' | 'body'>,
): string | null {
  return body ? JSON.stringify([kind, id, action, body]) : null;
}

async function planOf(wish: Wish, context: Context): Promise<Plan | null> {
  return wish.plan(context);
}

/** What is refused is no repetition of what was done. */
function unlessRefused(error: unknown): null {
  if (error instanceof AppError) return null;
  throw error;
}

/** What every operation on a seat begins with. */
export function newOperation(
  actor: Actor,
  action: SeatAction,
  { seat, now }: Context,
  options: ActOptions,
): Pick<NewOperation, 'id' | 'room' | 'identity' | 'action' | 'actor' | 'createdAt' | 'bulk'> {
  const { kind, id, label, requestId } = actor;
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

export function begun(operation: NewOperation): SeatOperation {
  const open = { outcome: 'intent', detail: null, ms: null, undoneBy: null } as const;
  return { ...operation, ...open, settledAt: null, goneMs: null };
}

/** The work's own answer, or `pending` when it takes too long; it goes on all the same. */
export async function withinBound(work: Promise<Settlement>, started: number): Promise<Settlement> {
  const rest = Math.max(0, ANSWER_WITHIN_MS - (performance.now() - started));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Settlement>((resolve) => {
    const settlement = { outcome: 'pending', detail: 'LiveKit has not answered yet', ms: null };
    timer = setTimeout(() => resolve(settlement as Settlement), rest);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const WITHOUT_UNDO: ReadonlySet<SeatAction> = new Set([
  'remove',
  'mute',
  'lease_end',
  'hold_end',
  'block_end',
  'peek_end',
]);

function isUndoable(action: SeatAction): boolean {
  return !WITHOUT_UNDO.has(action);
}

function termsOf({ override, block, hold }: SeatWish): WishTerms {
  const terms = (wish: Terms | null) => wish && { at: wish.at, until: wish.until };
  return { override: terms(override), block: terms(block), hold: terms(hold) };
}
