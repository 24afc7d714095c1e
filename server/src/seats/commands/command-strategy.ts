import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import type { Tx } from '../../ledger/transactions.js';
import type { CallLimiter } from '../../livekit/call-limiter.js';
import type { NewOperation, SeatOperation } from '../model/seat.js';
import { toStateOf, toStateResponse } from '../views/seat-views.js';
import { type SeatReading, SeatApplier } from '../convergence/seat-applier.js';
import { SeatBatchStore } from '../store/seat-batch-store.js';
import type { OperationEnd } from '../model/seat.js';
import type { Context } from '../model/context.js';
import { sentencesOf, describeChange } from '../model/effects.js';
import { SeatGuards } from './seat-guards.js';
import { SeatOperations } from '../store/seat-operations.js';
import { resultOf, observedEffects } from '../model/outcomes.js';
import type { OperationResult } from '../model/seat.js';
import { SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import { type RoleClaim, SeatRules } from '../model/extensions.js';
import { CommandPlanner } from './command-planner.js';
import { isSameDesiredState, type Plan, whyUnusable } from './plan.js';
import type { SeatPreview } from '../views/seats.schemas.js';
import { toOpenOperation, draftCommand, templateGiven } from './operation-draft.js';
import { RecentOperations } from './recent-operations.js';
import type { Command, NotGivenBack } from './requests.js';
import type { PrepareOptions, Prepared, Repeated, Strategy, WriteOptions } from './strategy.js';

/** A key that is held down, or pressed twice, is one operation. */
const REPEATED_WITHIN_MS = 5_000;
/** Each extension adds to the last: pressed again after this, it is meant again. */
const EXTENDED_WITHIN_MS = 1_000;

export interface PreparedCommand extends Prepared {
  readonly command: Command;
  readonly plan: Plan;
  readonly after: Evaluation;
  readonly notGivenBack: readonly NotGivenBack[];
}

/** An operation that has begun, with the reading that its first call may follow from. */
export interface BegunCommand {
  readonly operation: SeatOperation;
  readonly reading: SeatReading;
}

/** Requests that change the desired state: LiveKit is brought to it after the commit. */
@Injectable()
export class CommandStrategy implements Strategy<Command, PreparedCommand> {
  /** Bringing LiveKit to the desired state again is harmless. */
  readonly isResumable = true;

  constructor(
    private readonly policy: SeatPolicy,
    private readonly planner: CommandPlanner,
    private readonly guards: SeatGuards,
    private readonly rules: SeatRules,
    private readonly recent: RecentOperations,
    private readonly batches: SeatBatchStore,
    private readonly operations: SeatOperations,
    private readonly applier: SeatApplier,
  ) {}

  async prepare(
    actor: Actor,
    command: Command,
    context: Context,
    { options, mayRepeat, notGivenBack = [] }: PrepareOptions,
  ): Promise<PreparedCommand | Repeated | null> {
    const repeats = mayRepeat ? await this.findRepeated(actor, command, context) : null;
    if (repeats) return { repeats };
    await this.guards.assertEpoch(context, command.expectEpoch);
    const noPlace = new Set(notGivenBack.map(({ template }) => template));
    const plan = await command.plan(context, noPlace);
    if (!plan) return null;
    this.guards.assertSensible(actor, command.action, context, command.isConfirmed ?? false);
    const after = await this.policy.simulate(context.evaluation, plan, context.now);
    await this.guards.assertMay(actor, command, context, after);
    const base = await this.planner.baseOf(context.seat, context.evaluation);
    const lost = plan.isKept ? [] : notGivenBack;
    const made = { actor, command, context, plan, after, base, options, notGivenBack: lost };
    const operation = draftCommand(made);
    return { command, context, plan, after, options, notGivenBack: lost, operation };
  }

  async preview(
    actor: Actor,
    command: Command,
    context: Context,
  ): Promise<Pick<SeatPreview, 'after' | 'effects'> | null> {
    const plan = await command.plan(context);
    if (!plan) return null;
    const after = await this.policy.simulate(context.evaluation, plan, context.now);
    this.guards.assertSensible(actor, command.action, context, true);
    await this.guards.assertMay(actor, command, context, after, true);
    return {
      after: toStateResponse(toStateOf(after.role)),
      effects: sentencesOf(describeChange(command.action, context, after, plan.fallback)),
    };
  }

  /** Whether only the transaction that gives the role can tell if it has a place. */
  async needsOwnTransaction(
    { context, plan }: PreparedCommand,
    mayRefuse: (template: string) => Promise<boolean>,
  ): Promise<boolean> {
    const given = templateGiven(context, plan);
    if (given === null) return false;
    return whyUnusable(context.evaluation, given) !== null || mayRefuse(given);
  }

  async write(
    tx: Tx,
    actor: Actor,
    room: string,
    prepared: readonly PreparedCommand[],
    { mayRefuse }: WriteOptions,
  ): Promise<ReadonlySet<string>> {
    const absent = prepared.filter(({ context }) => !context.isStored).map(identityOf);
    if (absent.length > 0) await this.batches.ensure(tx, room, absent);
    const extras = new Map(prepared.map((one) => [identityOf(one), extraOf(one)]));
    const changes = prepared.map(({ operation, plan }) => ({ operation, desired: plan }));
    const written = await this.operations.beginChanges(
      tx,
      room,
      changes,
      actor,
      ({ identity }) => extras.get(identity) ?? {},
    );
    const mine = prepared.filter((one) => written.has(identityOf(one)));
    if (mine.length === 0) return written;
    await this.markUndone(tx, mine, mayRefuse);
    for (const one of mayRefuse ? mine : []) {
      await this.assertHasPlace(tx, one);
      await one.options.within?.(tx, one.operation.id);
    }
    const promoted = mine.filter(({ command }) => command.action === 'promote').flatMap(claimsOf);
    if (promoted.length > 0) await this.rules.notePromotedAll(tx, promoted, actor);
    return written;
  }

  /** From here on nothing is refused: what LiveKit cannot take now is repaired later. */
  async carryOut(operation: SeatOperation): Promise<OperationResult> {
    const started = performance.now();
    const { id, room, identity, after } = operation;
    try {
      const pushes = await this.applier.converge(room, identity, after.fallback);
      return await this.operations.settle(id, {
        ...resultOf(operation, pushes, performance.now() - started),
        effects: observedEffects(operation, pushes),
      });
    } catch {
      // Postgres went away after the commit: the sweep finds the open operation and ends it.
      return { outcome: 'pending', detail: 'the outcome is not known yet', ms: null };
    }
  }

  /** Calls LiveKit for many seats of a room and reads them again together; does not settle. */
  async convergeMany(
    room: string,
    some: readonly BegunCommand[],
    through: CallLimiter,
  ): Promise<OperationEnd[]> {
    const started = performance.now();
    const seats = some.map(({ operation: { after }, reading }) => {
      return { reading, fallback: after.fallback };
    });
    const pushes = await this.applier.convergeAll(room, seats, through);
    const ms = performance.now() - started;
    return some.map(({ operation }, i) => {
      const mine = pushes[i] ?? [];
      const effects = observedEffects(operation, mine);
      return { operation, result: { ...resultOf(operation, mine, ms), effects } };
    });
  }

  /** What the first call may follow from without reading the seat again. */
  async toBegun(
    { context: { seat, now }, after, operation }: PreparedCommand,
    committedAt: number,
  ): Promise<BegunCommand> {
    const facts = { ...after.facts, input: after.input, epoch: operation.epoch };
    const evaluation = await this.policy.evaluateFacts(facts, seat);
    const reading = { evaluation, snapshot: { seat, at: now }, at: committedAt };
    return { operation: toOpenOperation(operation), reading };
  }

  private async findRepeated(
    actor: Actor,
    command: Command,
    context: Context,
  ): Promise<SeatOperation | null> {
    const { seat, evaluation } = context;
    const { action, expectEpoch } = command;
    if (command.undoes || seat.lastChange?.outcome === 'superseded') return null;
    const span = action === 'extend' ? EXTENDED_WITHIN_MS : REPEATED_WITHIN_MS;
    const last = await this.recent.find(actor, action, context, span);
    if (!last || last.epoch !== evaluation.epoch) return null;
    if (expectEpoch !== undefined && expectEpoch !== last.epoch && expectEpoch !== last.epoch - 1) {
      return null;
    }
    if (action === 'extend') return last;
    const plan = await planOrNull(command, context);
    return plan && isSameDesiredState(plan, seat) ? last : null;
  }

  private async markUndone(
    tx: Tx,
    prepared: readonly PreparedCommand[],
    mayRefuse: boolean,
  ): Promise<void> {
    const undone = prepared.flatMap(({ command: { undoes }, operation }) =>
      undoes ? [{ id: undoes.id, by: operation.id }] : [],
    );
    if (undone.length === 0) return;
    const marked = await this.batches.markUndone(tx, undone);
    if (mayRefuse && marked.size < undone.length) {
      throw new AppError('conflict', 'operation.undone', 'This has been undone already.');
    }
  }

  private async assertHasPlace(tx: Tx, prepared: PreparedCommand): Promise<void> {
    const { context, plan } = prepared;
    const template = plan.isKept ? null : templateGiven(context, plan);
    if (template === null) return;
    const problem = whyUnusable(context.evaluation, template);
    if (problem) {
      const text = `The role ${template} cannot be given: ${problem}.`;
      throw new NoPlace(template, new AppError('conflict', 'role_template.unusable', text));
    }
    try {
      const { room, identity } = context.seat;
      await this.rules.assertMayHave(tx, { room, identity, template });
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
      throw new NoPlace(template, error);
    }
  }
}

/** The seat cannot have the template now. */
export class NoPlace extends Error {
  constructor(
    readonly template: string,
    readonly reason: AppError,
  ) {
    super(reason.message);
  }
}

/** The roles not given back, with the one that has just turned out to have no place; or throws. */
export function withNoPlace(
  command: Command,
  notGivenBack: readonly NotGivenBack[],
  { template, reason }: NoPlace,
): NotGivenBack[] {
  const isKnown = notGivenBack.some((one) => one.template === template);
  if (!command.givesBack || isKnown) throw reason;
  return [...notGivenBack, { template, code: reason.code, because: reason.message }];
}

function identityOf({ operation }: { operation: NewOperation }): string {
  return operation.identity;
}

function extraOf({ command: { undoes }, notGivenBack }: PreparedCommand): Record<string, unknown> {
  return {
    ...(undoes ? { undoes: undoes.id } : {}),
    ...(notGivenBack.length > 0 ? { notGivenBack } : {}),
  };
}

function claimsOf({ operation, plan }: PreparedCommand): (RoleClaim & { operationId: string })[] {
  const { id: operationId, room, identity } = operation;
  return plan.override ? [{ room, identity, template: plan.override.template, operationId }] : [];
}

/** Null also where the plan is refused: that repeats nothing. */
async function planOrNull(command: Command, context: Context): Promise<Plan | null> {
  try {
    return await command.plan(context);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
