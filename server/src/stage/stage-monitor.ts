import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { inParallel } from '../common/in-parallel.js';
import { Loop } from '../common/loop.js';
import { Transactions } from '../ledger/transactions.js';
import { type Hint, Hints } from '../hints/hints.js';
import { StageLimits } from './stage-limits.js';
import { StageNotifier } from './stage-notifier.js';
import { StageStore } from './stage-store.js';

/** One short statement on a small index, by every server; the rows' locks let each end once. */
const EVERY_MS = 2_000;
const COLLECT_MS = 250;
const BATCH = 200;
const MAX_ROOMS = 5_000;
const ROOM = 'room:';

/**
 * Ends overdue requests, and notices when a place becomes free (a demotion, a lease that ended,
 * somebody who left), so that moderators see who is next in the queue.
 */
@Injectable()
export class StageMonitor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(StageMonitor.name);
  /** Room → how its places were taken when last looked at. */
  private readonly known = new Map<string, string>();
  private readonly waiting = new Set<string>();
  private readonly ends = new Loop(
    { name: 'ending overdue requests', everyMs: EVERY_MS, log: this.log },
    () => this.endOverdue(),
  );
  private readonly counts = new Loop(
    { name: 'counting the places that are taken', everyMs: Infinity, log: this.log },
    () => this.countPlaces(),
  );
  private stopListening: (() => void) | null = null;

  constructor(
    private readonly store: StageStore,
    private readonly limits: StageLimits,
    private readonly notifier: StageNotifier,
    private readonly hints: Hints,
    private readonly transactions: Transactions,
  ) {}

  onApplicationBootstrap(): void {
    this.ends.start();
    this.counts.start();
    this.stopListening = this.hints.listen((hints) => this.onHints(hints));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopListening?.();
    await Promise.all([this.ends.stop(), this.counts.stop()]);
  }

  /** Ends every request that is over. */
  async endOverdue(): Promise<void> {
    while (await this.store.hasOverdue()) {
      const ended = await this.transactions.run(async (tx) => {
        const requests = await this.store.endOverdue(tx, BATCH);
        for (const request of requests) this.notifier.record(tx, request, SYSTEM_ACTOR);
        return requests;
      });
      if (ended.length === 0) return; // another server has them
    }
  }

  private onHints(hints: readonly Hint[]): void {
    for (const { topic, type } of hints) {
      if ((type === 'seat' || type === 'policy') && topic.startsWith(ROOM)) {
        this.waiting.add(topic.slice(ROOM.length));
      }
    }
    if (this.waiting.size > 0) this.counts.wake(COLLECT_MS);
  }

  private async countPlaces(): Promise<void> {
    const rooms = [...this.waiting];
    this.waiting.clear();
    if (this.known.size > MAX_ROOMS) this.known.clear();
    await inParallel(rooms, 1, async (room) => {
      const now = JSON.stringify(await this.limits.list(room));
      const before = this.known.get(room) ?? '[]';
      if (now === '[]') this.known.delete(room);
      else this.known.set(room, now);
      if (now !== before) this.notifier.notifyRoom(room);
    });
  }
}
