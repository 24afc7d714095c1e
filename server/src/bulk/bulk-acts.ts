import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { inParallel } from '../common/in-parallel.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { type BatchItem, type BatchResult, OperationRunner } from '../seats/public/acts.js';
import { SeatChecks } from '../seats/public/observations.js';
import {
  type OperationEnd,
  OperationReader,
  type SeatOperation,
  SeatReader,
} from '../seats/public/seats.js';
import type { SeatChange } from '../seats/views/seats.schemas.js';
import type { BulkOperation, BulkTarget, TargetEnd } from './bulk.js';
import { BulkRequests, meansPresent } from './bulk-requests.js';
import { BulkStore } from './bulk-store.js';
import type { Chunk, OperationLease } from './bulk-worker.js';
import { type AdaptiveLimit, limitedBy } from './adaptive-limit.js';
import { endOfRefusal, skipped, toFollowed } from './target-ends.js';

/** Moderators' acts on many seats, by the same rules as on one. */
@Injectable()
export class BulkActs implements OnModuleInit {
  private readonly log = new Logger(BulkActs.name);

  constructor(
    private readonly store: BulkStore,
    private readonly requests: BulkRequests,
    private readonly runner: OperationRunner,
    private readonly checks: SeatChecks,
    private readonly seatReader: SeatReader,
    private readonly seatOperations: OperationReader,
    private readonly transactions: Transactions,
  ) {}

  /**
   * The end of an operation on a seat ends its target in the same transaction. A seat that a scene's
   * operation still has to update counts as no drift.
   */
  onModuleInit(): void {
    this.runner.onBulkEnd((tx, ends) => this.follow(tx, ends));
    this.checks.usePendingScenes(this.store);
  }

  private async follow(tx: Tx, ends: readonly OperationEnd[]): Promise<void> {
    for (const [bulk, some] of Map.groupBy(ends, ({ operation }) => operation.bulk as string)) {
      await this.store.follow(tx, bulk, some.map(toFollowed));
    }
  }

  /** Null when another server holds the operation, or when it no longer runs. */
  chunk(
    operation: BulkOperation,
    actor: Actor,
    targets: readonly BulkTarget[],
    limit: AdaptiveLimit,
    lease: OperationLease,
  ): Promise<Chunk | null> {
    return this.requests.isImmediate(operation)
      ? this.beginActs(operation, actor, targets, limit, lease)
      : this.beginChanges(operation, actor, targets, limit, lease);
  }

  /** What a server that died left between intent and outcome: carried on, never begun again. */
  async settle(operation: BulkOperation, targets: readonly BulkTarget[]): Promise<void> {
    const ids = targets.map(({ seatOperation }) => seatOperation);
    const found = await this.seatOperations.findMany(ids);
    // One that cannot be settled now is left to the sweep, and keeps none of the others waiting.
    await inParallel(found, found.length, (one) => this.checks.settle(one)).catch(unlessAway);
    const known = new Map((await this.seatOperations.findMany(ids)).map((one) => [one.id, one]));
    const left = targets.flatMap(({ position, seatOperation }): TargetEnd[] => {
      const one = known.get(seatOperation);
      if (!one) return [];
      // What is settled has ended its target; what is not yet is done by the sweep.
      const detail = one.detail ?? 'LiveKit has not answered yet';
      return one.outcome === 'intent' ? [{ position, outcome: 'pending', detail, ms: null }] : [];
    });
    await this.transactions.run(async (tx) => {
      await this.store.end(tx, operation.id, left);
      await this.store.backToWaiting(
        tx,
        operation.id,
        targets
          .filter(({ seatOperation }) => !known.has(seatOperation))
          .map(({ position }) => position),
      );
    });
  }

  private async beginChanges(
    operation: BulkOperation,
    actor: Actor,
    targets: readonly BulkTarget[],
    limit: AdaptiveLimit,
    { holder }: OperationLease,
  ): Promise<Chunk | null> {
    const { id, room } = operation;
    const originals = await this.originalsOf(operation, targets);
    const items = targets.map(({ identity, seatOperation }): BatchItem => ({
      identity,
      operationId: seatOperation,
      command: this.requests.command(operation, actor, identity, originals.get(identity)),
    }));
    const positions = new Map(targets.map(({ identity, position }) => [identity, position]));
    const results = await this.runner.beginMany(actor, room, items, id, {
      before: (tx) => this.store.shareLease(tx, id, holder),
      // Whose seat moved meanwhile stays in line, and is looked at again with the next.
      after: (tx, all) => this.note(tx, id, all, positions),
    });
    if (!results) return null;
    const begun = results.flatMap((one) => (one.kind === 'begun' ? [one.begun] : []));
    const alone = results.flatMap(({ kind, item }) => (kind === 'alone' ? [item] : []));
    return {
      count: targets.length,
      carryOut: async () => {
        await this.runner.carryOutMany(room, begun, limitedBy(limit));
        await this.oneByOne(operation, actor, holder, alone, positions);
      },
    };
  }

  /** In the transaction of the intents: marks targets as started, or as ended when nothing is done. */
  private async note(
    tx: Tx,
    id: string,
    results: readonly BatchResult[],
    positions: ReadonlyMap<string, number>,
  ): Promise<void> {
    const started: number[] = [];
    const ends: TargetEnd[] = [];
    for (const result of results) {
      const position = positions.get(result.item.identity) as number;
      if (result.kind === 'begun' || result.kind === 'alone') started.push(position);
      if (result.kind === 'unchanged') ends.push(skipped(position, 'nothing to change'));
      if (result.kind === 'refused') ends.push(endOfRefusal(position, result.error));
    }
    await this.store.markStarted(tx, id, started);
    await this.store.end(tx, id, ends);
  }

  /**
   * Where a limit may refuse it: each takes its slot in a transaction of its own. Once the role is
   * full the rest of the chunk need not ask.
   */
  private async oneByOne(
    operation: BulkOperation,
    actor: Actor,
    holder: string,
    items: readonly BatchItem[],
    positions: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { id, room } = operation;
    const ends: TargetEnd[] = [];
    let full: AppError | null = null;
    for (const { identity, operationId, command } of items) {
      const position = positions.get(identity) as number;
      if (full) {
        ends.push(endOfRefusal(position, full));
        continue;
      }
      const within = async (tx: Tx) => {
        if (!(await this.store.shareLease(tx, id, holder))) throw stopped();
      };
      const options = { operationId, bulk: id, within };
      const { end, error } = await this.endOf(
        position,
        this.runner.run(actor, room, identity, command, options),
      );
      if (error?.code === 'bulk.stopped') break;
      if (error?.code === 'stage.full') full = error;
      ends.push(end);
    }
    await this.transactions.run(async (tx) => {
      await this.store.end(tx, id, ends);
      await this.store.backToWaiting(
        tx,
        id,
        items.slice(ends.length).map(({ identity }) => positions.get(identity) as number),
      );
    });
  }

  private async beginActs(
    operation: BulkOperation,
    actor: Actor,
    targets: readonly BulkTarget[],
    limit: AdaptiveLimit,
    { holder }: OperationLease,
  ): Promise<Chunk | null> {
    const { id, room } = operation;
    const seats = await this.seatReader.findMany(
      room,
      targets.map(({ identity }) => identity),
    );
    const present = new Set(seats.flatMap((seat) => (seat.isPresent ? seat.identity : [])));
    const [meant, gone] = partition(
      targets,
      ({ identity }) => !meansPresent(operation) || present.has(identity),
    );
    const isMine = await this.transactions.run(async (tx) => {
      if (!(await this.store.shareLease(tx, id, holder))) return false;
      await this.store.markStarted(
        tx,
        id,
        meant.map(({ position }) => position),
      );
      await this.store.end(
        tx,
        id,
        gone.map(({ position }) => skipped(position, 'left the room')),
      );
      return true;
    });
    if (!isMine) return null;
    const through = limitedBy(limit);
    return {
      count: targets.length,
      carryOut: async () => {
        const ends = await Promise.all(
          meant.map(async (target) => {
            const { identity, seatOperation: operationId, position } = target;
            const act = this.requests.immediateAct(operation, actor, identity);
            const work = through(() =>
              this.runner.run(actor, room, identity, act, { operationId, bulk: id }),
            );
            return (await this.endOf(position, work)).end;
          }),
        );
        await this.transactions.run((tx) => this.store.end(tx, id, ends));
      },
    };
  }

  /** What the act came to, or why it was refused; throws only where Postgres is away. */
  private async endOf(
    position: number,
    act: Promise<SeatChange | null>,
  ): Promise<{ end: TargetEnd; error: AppError | null }> {
    try {
      const change = await act;
      const end = change
        ? { position, outcome: change.outcome, detail: change.detail, ms: null }
        : skipped(position, 'nothing to change');
      return { end, error: null };
    } catch (error) {
      if (error instanceof AppError) {
        if (error.code === 'database.unavailable') throw error;
        return { end: endOfRefusal(position, error), error };
      }
      this.log.error('a seat could not be changed', error);
      const end = { position, outcome: 'failed', detail: 'This could not be done.', ms: null };
      return { end: end as TargetEnd, error: null };
    }
  }

  /** What an undo takes back, by identity. */
  private async originalsOf(
    { undoOf }: BulkOperation,
    targets: readonly BulkTarget[],
  ): Promise<Map<string, SeatOperation>> {
    if (undoOf === null) return new Map();
    const ids = await this.store.seatOperationsOf(
      undoOf,
      targets.map(({ identity }) => identity),
    );
    const operations = await this.seatOperations.findMany(ids);
    return new Map(operations.map((operation) => [operation.identity, operation]));
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Without Postgres no outcome can be recorded: the operation is continued later. */
function unlessAway(error: unknown): void {
  if (error instanceof AppError && error.kind === 'unavailable') throw error;
}

function stopped(): AppError {
  return new AppError('conflict', 'bulk.stopped', 'The operation no longer runs.');
}
