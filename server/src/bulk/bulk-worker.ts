import { Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { Transactions } from '../ledger/transactions.js';
import { BulkActors } from './bulk-actors.js';
import { BulkActs } from './bulk-acts.js';
import { BulkScenes } from './bulk-scenes.js';
import { type BulkOperation, type Counts, permissionOf } from './bulk.js';
import { BulkStore } from './bulk-store.js';
import { ChunkSize } from './chunk-size.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import { actorName } from '../grants/actor-name.js';

/** One server's right to work on an operation. */
export interface OperationLease {
  readonly holder: string;
  /** Another server has it, or this one stops. */
  isLost(): boolean;
  notify(room: string): void;
}

/** Targets whose intents are committed: LiveKit has to be called, and the outcomes recorded. */
export interface Chunk {
  readonly count: number;
  carryOut(): Promise<void>;
}

/**
 * Chunks that are under way at once: while the intents of one are written, LiveKit is called for
 * another, and the outcomes of a third are written.
 */
const CHUNKS_AT_ONCE = 3;
const MAX_ROOMS = 200;

/** The measured throughput of a room, shared by all operations in it. */
interface RoomThroughput {
  readonly limit: AdaptiveLimit;
  readonly chunks: ChunkSize;
}

/** Works on one operation until nothing is left to do, or until the lease is lost. */
@Injectable()
export class BulkWorker {
  private readonly throughputs = new Map<string, RoomThroughput>();

  constructor(
    private readonly store: BulkStore,
    private readonly actors: BulkActors,
    private readonly acts: BulkActs,
    private readonly scenes: BulkScenes,
    private readonly transactions: Transactions,
  ) {}

  async run(id: string, lease: OperationLease): Promise<void> {
    const operation = await this.store.find(id);
    if (!operation || operation.finishedAt) return;
    await this.recover(operation, lease);
    const under: Promise<void>[] = [];
    try {
      const { limit, chunks } = this.throughputOf(operation.room);
      for (let size = chunks.first(); ; size = chunks.next(limit.perSecond)) {
        const chunk = await this.prepare(id, size, lease);
        if (!chunk) break;
        under.push(this.finishChunk(chunk, operation.room, lease));
        if (under.length >= CHUNKS_AT_ONCE) await under.shift();
      }
    } finally {
      // Chunks that are under way are completed, whatever happened to the others.
      await Promise.allSettled(under);
    }
    await Promise.all(under);
    await this.finish(id);
    lease.notify(operation.room);
  }

  /** LiveKit is back: pending targets of scenes are done now and not by the next sweep. */
  async settlePending(): Promise<void> {
    for (const id of await this.store.listWithPendingScene()) {
      const operation = await this.store.find(id);
      if (operation) await this.scenes.again(operation, this.throughputOf(operation.room).limit);
    }
  }

  private async finishChunk(chunk: Chunk, room: string, lease: OperationLease): Promise<void> {
    await chunk.carryOut();
    this.throughputOf(room).chunks.ended(chunk.count, performance.now());
    lease.notify(room);
  }

  /** What a server that died left between intent and outcome is settled, never begun again. */
  private async recover(operation: BulkOperation, lease: OperationLease): Promise<void> {
    const started = await this.store.listStarted(operation.id);
    if (started.length === 0) return;
    await this.acts.settle(operation, started);
    lease.notify(operation.room);
  }

  /** Commits the next intents. Null when there is nothing to start. */
  private async prepare(id: string, size: number, lease: OperationLease): Promise<Chunk | null> {
    if (lease.isLost()) return null;
    const [operation, targets] = await Promise.all([
      this.store.find(id),
      this.store.next(id, size),
    ]);
    if (operation?.status !== 'running' || targets.length === 0) return null;
    const { limit } = this.throughputOf(operation.room);
    if (operation.action === 'scene') return this.scenes.chunk(operation, targets, limit, lease);
    const actor = await this.actors.now(operation.actor);
    if (!actor || !actor.can(permissionOf(operation), operation.room)) {
      await this.stop(operation);
      return null;
    }
    return this.acts.chunk(operation, actor, targets, limit, lease);
  }

  /** The actor lost the permission: the rest is not done in their name. */
  private async stop({ id, actor, room }: BulkOperation): Promise<void> {
    const because = `${actorName(actor.label, actor.kind)} may no longer do this`;
    await this.transactions.run(async (tx) => {
      const locked = await this.store.lock(tx, id);
      if (locked?.status !== 'running') return;
      const cancelled = await this.store.cancelRest(tx, id, because);
      await this.store.cancel(tx, id);
      tx.record({
        kind: 'bulk.cancelled',
        outcome: 'ok',
        actor: SYSTEM_ACTOR,
        room,
        payload: { operationId: id, because, cancelled },
      });
    });
  }

  /** Writes the end, once every target has come to its own. */
  private async finish(id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const operation = await this.store.lock(tx, id);
      if (!operation || operation.finishedAt || operation.status === 'paused') return;
      if (operation.params.isListed !== true) return;
      const counts = await this.store.counts(tx, id);
      if (counts.waiting + counts.started > 0) return;
      const status = operation.status === 'cancelled' ? 'cancelled' : endOf(counts);
      await this.store.finish(tx, id, status);
      const { waiting: _waiting, started: _started, ...sums } = counts;
      tx.record({
        kind: 'bulk.finished',
        outcome: 'ok',
        actor: operation.actor,
        room: operation.room,
        reason: operation.reason,
        payload: {
          operationId: id,
          action: operation.action,
          status,
          total: operation.total,
          ...sums,
        },
      });
    });
  }

  private throughputOf(room: string): RoomThroughput {
    const known = this.throughputs.get(room);
    if (known) return known;
    if (this.throughputs.size >= MAX_ROOMS) this.throughputs.clear();
    const course = { limit: new AdaptiveLimit(), chunks: new ChunkSize() };
    this.throughputs.set(room, course);
    return course;
  }
}

/** An operation failed only when no target was applied or is pending. */
function endOf({ failed, applied, pending }: Counts): 'done' | 'failed' {
  return failed > 0 && applied + pending === 0 ? 'failed' : 'done';
}
