import { Injectable, Logger } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { inParallel, inSequence } from '../common/in-parallel.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { RemoteUnmute } from '../livekit/remote-unmute.js';
import type { NewOperation, SeatOperation } from './seat.js';
import { type Fresh, SeatApplier, type Through } from './seat-applier.js';
import { begun, draft, isGivenBy, type Wish } from './seat-changes.js';
import type { Context } from './seat-context.js';
import { SeatGuards } from './seat-guards.js';
import { SeatOperations } from './seat-operations.js';
import { settlementOf, whatHappened } from './seat-outcomes.js';
import { SeatPolicy, type Standing } from './seat-policy.js';
import { SeatRules } from './seat-rules.js';
import { type Change, type End, SeatBatchStore } from './seat-batch-store.js';
import { emptySeat } from './seat-views.js';
import { SilenceWatch } from './silence-watch.js';
import { type Plan, SeatWishes, whyUnusable } from './seat-wishes.js';

/** What is asked for one seat of many. */
export interface Item {
  readonly identity: string;
  /** Its operation has this id, however often it is asked for. */
  readonly operationId: string;
  readonly wish: Wish;
}

/** What became of it: what is begun has to be carried out. */
export type Begun =
  | { readonly item: Item; readonly kind: 'begun'; readonly made: Made }
  /** Somebody changed the seat between the look and the lock: to be asked for again. */
  | { readonly item: Item; readonly kind: 'moved' }
  /** A limit has to be asked inside a transaction of its own. */
  | { readonly item: Item; readonly kind: 'alone' }
  | { readonly item: Item; readonly kind: 'unchanged' }
  | { readonly item: Item; readonly kind: 'refused'; readonly error: AppError };

export interface Made {
  readonly operation: SeatOperation;
  /** How the seat stood when the wish was committed, so that the first call need not read it again. */
  readonly fresh: Fresh;
}

/** Called together and read again together: the fewer, the sooner a seat is read after its call. */
const GROUP = 128;

interface Planned {
  readonly item: Item;
  readonly context: Context;
  readonly plan: Plan;
  readonly after: Standing;
  readonly operation: NewOperation;
}

/**
 * `SeatChanges` for many seats of one room: the same looks, plans, guards and rules, with one
 * statement where there would be one for each.
 */
@Injectable()
export class SeatBatches {
  private readonly log = new Logger(SeatBatches.name);

  constructor(
    private readonly batches: SeatBatchStore,
    private readonly policy: SeatPolicy,
    private readonly wishes: SeatWishes,
    private readonly guards: SeatGuards,
    private readonly rules: SeatRules,
    private readonly applier: SeatApplier,
    private readonly operations: SeatOperations,
    private readonly silence: SilenceWatch,
    private readonly remoteUnmute: RemoteUnmute,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Commits the intents. `before` runs first inside the transaction: when it answers false nothing
   * is written, and the answer is null. `after` keeps account of what is.
   */
  async begin(
    actor: Actor,
    room: string,
    items: readonly Item[],
    bulk: string,
    account: {
      before: (tx: Tx) => Promise<boolean>;
      after: (tx: Tx, results: readonly Begun[]) => Promise<void>;
    },
  ): Promise<Begun[] | null> {
    const planned = await this.planAll(actor, room, items, bulk);
    const ready = planned.filter((one) => 'operation' in one);
    const results: Begun[] = planned.filter((one) => 'kind' in one);
    return this.transactions.run(async (tx) => {
      if (!(await account.before(tx))) return null;
      const written = await this.write(tx, actor, room, ready);
      const all = [...results, ...(await this.outcomesOf(ready, written))];
      await account.after(tx, all);
      return all;
    });
  }

  /** Calls LiveKit for each, as `through` lets them, and writes what came of all of them. */
  async carryOut(room: string, made: readonly Made[], through: Through): Promise<void> {
    if (made.length === 0) return;
    const identities = made.map(({ operation: { identity } }) => identity);
    await this.applier.withInHand(room, identities, async () => {
      const ends: End[] = [];
      await inSequence([
        () =>
          inParallel(inGroups(made, GROUP), made.length, async (some) => {
            ends.push(...(await this.apply(room, some, through)));
          }),
        () => this.transactions.run((tx) => this.operations.settleMany(tx, room, ends)),
      ]);
      for (const { operation, settlement } of ends) {
        if (settlement.outcome === 'applied') this.silence.lookSoon(operation);
      }
    });
  }

  private async apply(room: string, made: readonly Made[], through: Through): Promise<End[]> {
    const started = performance.now();
    const wishes = made.map(({ operation: { after }, fresh }) => {
      return { fresh, fallback: after.fallback };
    });
    const pushes = await this.applier.convergeAll(room, wishes, through);
    const ms = performance.now() - started;
    return made.map(({ operation }, i) => {
      const mine = pushes[i] ?? [];
      const settlement = {
        ...settlementOf(operation, mine, ms),
        effects: whatHappened(operation, mine),
      };
      return { operation, settlement };
    });
  }

  private async planAll(
    actor: Actor,
    room: string,
    items: readonly Item[],
    bulk: string,
  ): Promise<(Planned | Begun)[]> {
    const identities = items.map(({ identity }) => identity);
    const [{ seats, at }, facts] = await Promise.all([
      this.batches.look(room, identities),
      Promise.allSettled(identities.map((identity) => this.policy.read(room, identity))),
    ]);
    const standings = await Promise.allSettled(
      facts.map(async (one) => {
        if (one.status === 'rejected') throw one.reason;
        return this.policy.judge(one.value, seats.get(one.value.identity) ?? null);
      }),
    );
    const now = new Date(at.getTime());
    const mayRefuse = this.refusals(room);
    return Promise.all(
      items.map(async (item, i): Promise<Planned | Begun> => {
        const seat = seats.get(item.identity);
        const reading = standings[i] as PromiseSettledResult<Standing>;
        if (reading.status === 'rejected') {
          return { item, kind: 'refused', error: this.refusalOf(reading.reason) };
        }
        const standing = reading.value;
        const context: Context = {
          seat: seat ?? emptySeat(room, item.identity),
          standing,
          now,
          headMs: 0,
          isStored: seat !== undefined,
          isUnmuteOff: standing.silencing === 'mute' && this.remoteUnmute.state === 'off',
        };
        try {
          if (!seat && !standing.facts.user && !item.wish.mayBeUnknown) throw unknown();
          // Somebody came between the two readings: this one is read anew, by itself.
          if (context.seat.epoch !== standing.epoch) return { item, kind: 'alone' };
          return await this.plan(actor, item, context, { bulk, mayRefuse });
        } catch (error) {
          return { item, kind: 'refused', error: this.refusalOf(error) };
        }
      }),
    );
  }

  /** Of one seat; what keeps Postgres from answering is of all of them, and is thrown. */
  private refusalOf(error: unknown): AppError {
    if (!(error instanceof AppError)) {
      this.log.error('a seat could not be changed', error);
      return new AppError('conflict', 'seat.not_changed', 'This could not be done.');
    }
    if (error.kind === 'unavailable') throw error;
    return error;
  }

  private async plan(
    actor: Actor,
    item: Item,
    context: Context,
    { bulk, mayRefuse }: { bulk: string; mayRefuse: (template: string) => Promise<boolean> },
  ): Promise<Planned | Begun> {
    const { wish, operationId } = item;
    await this.guards.assertEpoch(context, wish.expectEpoch);
    const plan = await wish.plan(context);
    if (!plan) return { item, kind: 'unchanged' };
    this.guards.assertSensible(actor, wish.action, context, wish.isConfirmed ?? false);
    const after = await this.policy.suppose(context.standing, plan, context.now);
    await this.guards.assertMay(actor, wish, context, after);
    const given = templateGiven(context, plan);
    if (given !== null && (whyUnusable(context.standing, given) || (await mayRefuse(given)))) {
      return { item, kind: 'alone' };
    }
    const base = await this.wishes.baseOf(context.seat, context.standing);
    const options = { operationId, bulk };
    const operation = draft({ actor, wish, context, plan, after, base, options });
    return { item, context, plan, after, operation };
  }

  /**
   * Whether a limit may refuse a template, which can only be told in the transaction that takes the
   * slot. Asked once for all that are begun together.
   */
  private refusals(room: string): (template: string) => Promise<boolean> {
    const asked = new Map<string, Promise<boolean>>();
    return (template) => {
      const known = asked.get(template);
      if (known) return known;
      const answer = this.rules.mayRefuse(room, template);
      asked.set(template, answer);
      return answer;
    };
  }

  private async write(
    tx: Tx,
    actor: Actor,
    room: string,
    planned: readonly Planned[],
  ): Promise<ReadonlySet<string>> {
    if (planned.length === 0) return new Set();
    const fresh = planned.filter(({ context }) => !context.isStored);
    if (fresh.length > 0) {
      await this.batches.ensure(
        tx,
        room,
        fresh.map(({ item }) => item.identity),
      );
    }
    const undoes = new Map(planned.map(({ item }) => [item.identity, item.wish.undoes?.id]));
    const changes = planned.map(({ operation, plan }): Change => ({ operation, wish: plan }));
    const written = await this.operations.beginChanges(tx, room, changes, actor, ({ identity }) => {
      const undone = undoes.get(identity);
      return undone === undefined ? {} : { undoes: undone };
    });
    const mine = planned.filter(({ item }) => written.has(item.identity));
    await this.noteUndone(tx, mine);
    const promoted = mine.flatMap(({ item, plan, operation }) =>
      item.wish.action === 'promote' && plan.override
        ? [
            {
              room,
              identity: item.identity,
              template: plan.override.template,
              operationId: operation.id,
            },
          ]
        : [],
    );
    if (promoted.length > 0) await this.rules.notePromotedAll(tx, promoted, actor);
    return written;
  }

  private async noteUndone(tx: Tx, planned: readonly Planned[]): Promise<void> {
    const undone = planned.flatMap(({ item: { wish, operationId } }) =>
      wish.undoes ? [{ id: wish.undoes.id, by: operationId }] : [],
    );
    if (undone.length > 0) await this.batches.markUndone(tx, undone);
  }

  private outcomesOf(planned: readonly Planned[], written: ReadonlySet<string>): Promise<Begun[]> {
    const committedAt = performance.now();
    return Promise.all(
      planned.map(async ({ item, context, after, operation }): Promise<Begun> => {
        if (!written.has(item.identity)) return { item, kind: 'moved' };
        const { seat, now } = context;
        const facts = { ...after.facts, input: after.input, epoch: operation.epoch };
        const standing = await this.policy.judge(facts, seat);
        const fresh = { standing, seen: { seat, at: now }, at: committedAt };
        return { item, kind: 'begun', made: { operation: begun(operation), fresh } };
      }),
    );
  }
}

/** The role that the seat is about to be given; null where it keeps the one that it has. */
function templateGiven(context: Context, plan: Plan): string | null {
  return plan.override && isGivenBy(context, plan) ? plan.override.template : null;
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}

function unknown(): AppError {
  return new AppError('not_found', 'seat.not_found', 'nobody has this identity');
}
