import { Injectable, Logger } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { inParallel, inSequence } from '../../common/in-parallel.js';
import { withTimeout } from '../../common/with-timeout.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import type { CallLimiter } from '../../livekit/call-limiter.js';
import { JoiningMutex, seatKey } from '../convergence/keyed-mutex.js';
import type { SeatOperation } from '../model/seat.js';
import { BatchesInProgress } from '../convergence/batches-in-progress.js';
import { SeatApplier } from '../convergence/seat-applier.js';
import type { OperationEnd } from '../model/seat.js';
import type { Context } from '../model/context.js';
import { SeatContexts } from './seat-contexts.js';
import { SeatOperations } from '../store/seat-operations.js';
import { knownResult } from '../model/outcomes.js';
import type { OperationResult } from '../model/seat.js';
import { SeatRules } from '../model/extensions.js';
import { OperationReader } from '../store/operation-reader.js';
import { SeatViews, toChange, toStateOf, toStateResponse } from '../views/seat-views.js';
import type { SeatChange, SeatPreview } from '../views/seats.schemas.js';
import { SilenceWatch } from '../observation/silence-watch.js';
import { ActStrategy } from './act-strategy.js';
import {
  type BegunCommand,
  CommandStrategy,
  NoPlace,
  type PreparedCommand,
  withNoPlace,
} from './command-strategy.js';
import { toOpenOperation } from './operation-draft.js';
import {
  type Command,
  type ImmediateAct,
  isImmediate,
  type NotGivenBack,
  type RequestOptions,
} from './requests.js';
import type { Prepared, Strategy } from './strategy.js';

const MAX_TRIES = 4;
/** A moderator gets an answer by then; what LiveKit has not taken yet goes on. */
const ANSWER_WITHIN_MS = 3_000;
const NOT_ANSWERED: OperationResult = {
  outcome: 'pending',
  detail: 'LiveKit has not answered yet',
  ms: null,
};
/** Called together and read again together: the fewer, the sooner a seat is read after its call. */
const GROUP = 128;

/** One seat of many that a command is asked for. */
export interface BatchItem {
  readonly identity: string;
  readonly operationId: string;
  readonly command: Command;
}

export type BatchResult =
  | { readonly item: BatchItem; readonly kind: 'begun'; readonly begun: BegunCommand }
  /** The seat changed between reading and locking: ask again. */
  | { readonly item: BatchItem; readonly kind: 'moved' }
  /** A limit has to be checked in a transaction of its own: `run` it. */
  | { readonly item: BatchItem; readonly kind: 'alone' }
  | { readonly item: BatchItem; readonly kind: 'unchanged' }
  | { readonly item: BatchItem; readonly kind: 'refused'; readonly error: AppError };

interface Accepted {
  readonly operation: SeatOperation;
  /** False: the operation had begun before. */
  readonly isNew: boolean;
}

type PreparedItem = { readonly item: BatchItem; readonly prepared: PreparedCommand };

/**
 * Carries out what is asked of seats, always in this order: the intent is committed, LiveKit is
 * called, the outcome is written. One request or many; commands and immediate acts alike.
 */
@Injectable()
export class OperationRunner {
  private readonly log = new Logger(OperationRunner.name);
  /** Commits on one seat queue; they do not wait for LiveKit. */
  private readonly queue = new JoiningMutex<Accepted | null>();
  /** Operation → its outcome, while this process carries it out. */
  private readonly running = new Map<string, Promise<OperationResult>>();

  constructor(
    private readonly commands: CommandStrategy,
    private readonly acts: ActStrategy,
    private readonly contexts: SeatContexts,
    private readonly operationReader: OperationReader,
    private readonly rules: SeatRules,
    private readonly applier: SeatApplier,
    private readonly batches: BatchesInProgress,
    private readonly operations: SeatOperations,
    private readonly silence: SilenceWatch,
    private readonly views: SeatViews,
    private readonly transactions: Transactions,
  ) {}

  /** Answers within three seconds. Null: there was nothing to change. */
  async run(
    actor: Actor,
    room: string,
    identity: string,
    request: Command | ImmediateAct,
    options: RequestOptions = {},
  ): Promise<SeatChange | null> {
    const started = performance.now();
    const name = options.operationId === undefined ? nameOf(actor, request) : null;
    const accepted = await this.queue.run(seatKey(room, identity), name, () =>
      isImmediate(request)
        ? this.begin(this.acts, actor, room, identity, request, options)
        : this.begin(this.commands, actor, room, identity, request, options),
    );
    if (!accepted) return null;
    const { operation, isNew } = accepted;
    const work = isNew
      ? this.carryOut(operation, request)
      : this.follow(operation, request, options.operationId !== undefined);
    const rest = Math.max(0, ANSWER_WITHIN_MS - (performance.now() - started));
    return toChange(operation, await withTimeout(work, rest, () => NOT_ANSWERED));
  }

  /** What `run` would do; changes nothing. */
  async preview(
    actor: Actor,
    room: string,
    identity: string,
    request: Command | ImmediateAct,
  ): Promise<SeatPreview> {
    const context = await this.contexts.read(room, identity, request);
    const before = toStateResponse(toStateOf(context.evaluation.role));
    try {
      const preview = isImmediate(request)
        ? await this.acts.preview(actor, request, context)
        : await this.commands.preview(actor, request, context);
      return { before, ...(preview ?? { after: before, effects: [] }), problem: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
      return { before, after: before, effects: [], problem: error.message };
    }
  }

  /**
   * Commits the intents of commands for many seats of one room, as parts of the operation `bulk` if
   * there is one. `before` runs first in the transaction: when it answers false nothing is written,
   * and the result is null.
   */
  async beginMany(
    actor: Actor,
    room: string,
    items: readonly BatchItem[],
    bulk: string | null,
    account: {
      before: (tx: Tx) => Promise<boolean>;
      after: (tx: Tx, results: readonly BatchResult[]) => Promise<void>;
    },
  ): Promise<BatchResult[] | null> {
    const all = await this.prepareMany(actor, room, items, bulk);
    const ready = all.filter((one) => 'prepared' in one);
    const others = all.filter((one) => 'kind' in one);
    return this.transactions.run(async (tx) => {
      if (!(await account.before(tx))) return null;
      const written = await this.commands.write(
        tx,
        actor,
        room,
        ready.map(({ prepared }) => prepared),
        { mayRefuse: false },
      );
      const results = [...others, ...(await this.resultsOf(ready, written))];
      await account.after(tx, results);
      return results;
    });
  }

  /** Calls LiveKit for each, as `through` lets them, and writes the outcomes of all of them. */
  async carryOutMany(
    room: string,
    many: readonly BegunCommand[],
    through: CallLimiter,
  ): Promise<void> {
    if (many.length === 0) return;
    const identities = many.map(({ operation: { identity } }) => identity);
    await this.batches.whileIncluding(room, identities, async () => {
      const ends: OperationEnd[] = [];
      await inSequence([
        () =>
          inParallel(inGroups(many, GROUP), many.length, async (some) => {
            ends.push(...(await this.commands.convergeMany(room, some, through)));
          }),
        () => this.transactions.run((tx) => this.operations.settleMany(tx, room, ends)),
      ]);
      for (const { operation, result } of ends) {
        if (result.outcome === 'applied') this.silence.checkSoon(operation);
      }
    });
  }

  /** Bulk operations follow the end of each of their seats, in the transaction that writes it. */
  onBulkEnd(listener: (tx: Tx, ends: readonly OperationEnd[]) => Promise<void>): void {
    this.operations.onBulkEnd(listener);
  }

  private async begin<R extends Command | ImmediateAct, P extends Prepared>(
    strategy: Strategy<R, P>,
    actor: Actor,
    room: string,
    identity: string,
    request: R,
    options: RequestOptions,
  ): Promise<Accepted | null> {
    const { operationId, clickedAt, within } = options;
    const mayRepeat = operationId === undefined && within === undefined;
    let notGivenBack: readonly NotGivenBack[] = [];
    for (let attempt = 0; attempt < MAX_TRIES + notGivenBack.length; attempt++) {
      const known = operationId && (await this.operationReader.find(operationId));
      if (known) return { operation: known, isNew: false };
      const context = await this.contexts.read(room, identity, {
        mayBeUnknown: request.mayBeUnknown ?? false,
        ...(clickedAt === undefined ? {} : { clickedAt }),
      });
      const how = { options, mayRepeat, notGivenBack };
      const prepared = await strategy.prepare(actor, request, context, how);
      if (!prepared) return null;
      if ('repeats' in prepared) return { operation: prepared.repeats, isNew: false };
      try {
        const written = await this.transactions.run((tx) =>
          strategy.write(tx, actor, room, [prepared], { mayRefuse: true }),
        );
        if (written.size > 0)
          return { operation: toOpenOperation(prepared.operation), isNew: true };
        // Somebody else changed the seat after we read it: read it again.
      } catch (error) {
        if (!(error instanceof NoPlace) || isImmediate(request)) throw error;
        notGivenBack = withNoPlace(request, notGivenBack, error);
      }
    }
    throw new AppError('conflict', 'seat.changed', 'Others keep changing this seat.', {
      extra: { current: await this.views.one(room, identity, { mayBeUnknown: true }) },
    });
  }

  private carryOut(
    operation: SeatOperation,
    request: Command | ImmediateAct,
  ): Promise<OperationResult> {
    const { id, room, identity } = operation;
    const running = this.running.get(id);
    if (running) return running;
    const work = this.applier
      .withLock(room, identity, async () => {
        const result = isImmediate(request)
          ? await this.acts.carryOut(operation, request)
          : await this.commands.carryOut(operation);
        if (result.outcome === 'applied') this.silence.checkSoon(operation);
        return result;
      })
      .finally(() => this.running.delete(id));
    this.running.set(id, work);
    return work;
  }

  /** The outcome of an operation that began before. */
  private async follow(
    operation: SeatOperation,
    request: Command | ImmediateAct,
    isOwnId: boolean,
  ): Promise<OperationResult> {
    const running = this.running.get(operation.id);
    if (running) return running;
    // It may have ended after it was read and before it was searched among the running ones.
    const known = knownResult(operation) ?? (await this.readResult(operation.id));
    if (known) return known;
    const { isResumable } = isImmediate(request) ? this.acts : this.commands;
    // The server that began it may have died before the call; who gave the id answers for it.
    if (isOwnId && isResumable) return this.carryOut(operation, request);
    return { outcome: 'pending', detail: 'another server carries it out', ms: null };
  }

  private async readResult(id: string): Promise<OperationResult | null> {
    const operation = await this.operationReader.find(id);
    return operation && knownResult(operation);
  }

  private async prepareMany(
    actor: Actor,
    room: string,
    items: readonly BatchItem[],
    bulk: string | null,
  ): Promise<(PreparedItem | BatchResult)[]> {
    const readings = await this.contexts.readMany(
      room,
      items.map(({ identity, command: { mayBeUnknown = false } }) => ({ identity, mayBeUnknown })),
    );
    const mayRefuse = memoize((template: string) => this.rules.mayRefuse(room, template));
    return Promise.all(
      items.map(async (item, i): Promise<PreparedItem | BatchResult> => {
        try {
          const reading = readings[i] as Context | Error;
          if (reading instanceof Error) throw reading;
          return await this.prepareItem(actor, item, reading, bulk, mayRefuse);
        } catch (error) {
          return { item, kind: 'refused', error: this.refusalOf(error) };
        }
      }),
    );
  }

  private async prepareItem(
    actor: Actor,
    item: BatchItem,
    context: Context,
    bulk: string | null,
    mayRefuse: (template: string) => Promise<boolean>,
  ): Promise<PreparedItem | BatchResult> {
    // The seat changed between the two readings: it is read again, alone.
    if (context.seat.epoch !== context.evaluation.epoch) return { item, kind: 'alone' };
    const options = { operationId: item.operationId, ...(bulk === null ? {} : { bulk }) };
    const how = { options, mayRepeat: false };
    const prepared = await this.commands.prepare(actor, item.command, context, how);
    if (!prepared || 'repeats' in prepared) return { item, kind: 'unchanged' };
    const isAlone = await this.commands.needsOwnTransaction(prepared, mayRefuse);
    return isAlone ? { item, kind: 'alone' } : { item, prepared };
  }

  /** The refusal of one seat; what makes Postgres unavailable concerns all of them and is thrown. */
  private refusalOf(error: unknown): AppError {
    if (!(error instanceof AppError)) {
      this.log.error('a seat could not be changed', error);
      return new AppError('conflict', 'seat.not_changed', 'This could not be done.');
    }
    if (error.kind === 'unavailable') throw error;
    return error;
  }

  private resultsOf(
    ready: readonly PreparedItem[],
    written: ReadonlySet<string>,
  ): Promise<BatchResult[]> {
    const committedAt = performance.now();
    return Promise.all(
      ready.map(async ({ item, prepared }): Promise<BatchResult> => {
        if (!written.has(item.identity)) return { item, kind: 'moved' };
        const one = await this.commands.toBegun(prepared, committedAt);
        return { item, kind: 'begun', begun: one };
      }),
    );
  }
}

/** Two requests with the same name are the same act; null: like no other. */
function nameOf({ kind, id }: Actor, { action, body }: Command | ImmediateAct): string | null {
  return body ? JSON.stringify([kind, id, action, body]) : null;
}

function memoize<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (key) => {
    const answer = answers.get(key) ?? ask(key);
    answers.set(key, answer);
    return answer;
  };
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}
