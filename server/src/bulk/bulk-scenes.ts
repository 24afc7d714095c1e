import { Injectable } from '@nestjs/common';
import { Transactions } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import {
  type DifferingSeat,
  type SceneResult,
  SceneSeats,
  type SceneTarget,
} from '../seats/public/acts.js';
import { type Seat, SeatReader } from '../seats/public/seats.js';
import type { BulkOperation, BulkTarget, TargetEnd } from './bulk.js';
import { BulkStore } from './bulk-store.js';
import type { Chunk, OperationLease } from './bulk-worker.js';
import { type CallPriority, type AdaptiveLimit, limitedBy } from './adaptive-limit.js';

/**
 * So many who are seen or heard are called at once, before anybody else: one after the other, each
 * would wait until LiveKit has told a full room of those before. A burst of more would be one too many
 * for clients that are slow to read (v1.13.5 cuts them off).
 */
const CALLED_AT_ONCE = 32;

/**
 * Brings the people in a room to its scene, or back from one. Policy follows the scene from its
 * commit on, so people who join later need nothing from here.
 */
@Injectable()
export class BulkScenes {
  constructor(
    private readonly store: BulkStore,
    private readonly seats: SeatReader,
    private readonly scenes: SceneSeats,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
  ) {}

  /**
   * Adds a target for everybody whose permission differs from the desired one: publishers first, and
   * work on them begins before the others are checked. Harmless to repeat. Returns how many there are.
   */
  async list(operation: BulkOperation, onPublishers: () => void): Promise<number> {
    const present = await this.seats.listPresent(operation.room);
    const publishing = present.filter(({ tracks }) => tracks.length > 0);
    await this.add(operation, await this.scenes.differing(publishing), false);
    onPublishers();
    const others = present.filter(({ tracks }) => tracks.length === 0);
    return this.add(operation, mayPublishFirst(await this.scenes.differing(others)), true);
  }

  /**
   * Null when another server holds the operation. Several chunks are under way at once, so the targets
   * of this one must not be in the next.
   */
  async chunk(
    operation: BulkOperation,
    targets: readonly BulkTarget[],
    limit: AdaptiveLimit,
    { holder }: OperationLease,
  ): Promise<Chunk | null> {
    const positions = targets.map(({ position }) => position);
    const isMine = await this.transactions.run(async (tx) => {
      if (!(await this.store.shareLease(tx, operation.id, holder))) return false;
      await this.store.markStarted(tx, operation.id, positions);
      return true;
    });
    if (!isMine) return null;
    const { length: count } = targets;
    return { count, carryOut: () => this.carryOut(operation, targets, limit) };
  }

  /** Tries the pending targets again. */
  async again(operation: BulkOperation, limit: AdaptiveLimit): Promise<void> {
    await this.carryOut(operation, await this.store.listPending(operation.id), limit);
  }

  private async carryOut(
    { id, room }: BulkOperation,
    targets: readonly BulkTarget[],
    limit: AdaptiveLimit,
  ): Promise<void> {
    const started = performance.now();
    const read = await this.scenes.read(
      room,
      targets.map(({ identity }) => identity),
    );
    const isUrgent = (one: SceneTarget, i: number) =>
      one.isPublishing && (targets[i] as BulkTarget).position <= CALLED_AT_ONCE;
    const urgent: SceneTarget[] = [];
    const others: SceneTarget[] = [];
    read.forEach((one, i) => {
      if (one && one !== 'failed') (isUrgent(one, i) ? urgent : others).push(one);
    });
    const results = new Map<SceneTarget, SceneResult | undefined>();
    const converge = async (some: readonly SceneTarget[], priority: CallPriority) => {
      const came = await this.scenes.converge(room, some, limitedBy(limit, priority));
      some.forEach((one, i) => results.set(one, came[i]));
    };
    await Promise.all([converge(urgent, 'urgent'), converge(others, 'paced')]);
    const ms = performance.now() - started;
    const ends = targets.map(({ position }, i): TargetEnd => {
      const one = read[i];
      if (one === 'failed') {
        return { position, outcome: 'failed', detail: 'This could not be done.', ms: null };
      }
      // Somebody else, such as a sweep, was here first.
      if (!one) return { position, outcome: 'applied', detail: null, ms: null };
      return endOf(position, results.get(one), ms);
    });
    await this.transactions.run((tx) => this.store.end(tx, id, ends));
    if (urgent.length > 0) this.scenes.checkTracksSoon(room);
    // Moderators see the change now, not after the next sweep.
    const topic = `room:${room}`;
    this.hints.publish(targets.map(({ identity }) => ({ topic, type: 'seat', key: identity })));
  }

  private add(
    { id, room, actor, reason, asOf: at, params: { headMs = 0 } }: BulkOperation,
    seats: readonly DifferingSeat[],
    isLast: boolean,
  ): Promise<number> {
    return this.transactions.run(async (tx) => {
      const operation = await this.store.lock(tx, id);
      if (!operation || operation.params.isListed === true) return operation?.total ?? 0;
      await this.store.addTargets(tx, id, seats.map(seatOf));
      // Those without tracks have nothing to wait for.
      await this.scenes.watchTracks(
        tx,
        { operationId: id, room, actor, reason, at, headMs },
        seats,
      );
      return isLast ? this.store.markListed(tx, id) : 0;
    });
  }
}

function seatOf({ seat }: { seat: Seat }): Seat {
  return seat;
}

function mayPublishFirst(seats: readonly DifferingSeat[]): DifferingSeat[] {
  const may = ({ seat }: DifferingSeat) => seat.permission?.canPublish === true;
  return [...seats.filter(may), ...seats.filter((one) => !may(one))];
}

function endOf(position: number, result: SceneResult | undefined, ms: number): TargetEnd {
  const rounded = Math.round(ms * 10) / 10;
  switch (result?.outcome) {
    case 'applied':
      return { position, outcome: 'applied', detail: null, ms: rounded };
    case 'absent':
      return { position, outcome: 'skipped', detail: 'left the room', ms: null };
    case 'failed':
      return { position, outcome: 'failed', detail: result.detail, ms: rounded };
    case 'unavailable':
      return { position, outcome: 'pending', detail: result.detail, ms: null };
    case undefined:
      return { position, outcome: 'pending', detail: 'too many changes at once', ms: null };
  }
}
