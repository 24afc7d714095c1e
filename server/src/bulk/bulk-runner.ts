import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { Loop } from '../common/loop.js';
import { Hints } from '../hints/hints.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { BulkStore } from './bulk-store.js';
import { BulkWorker } from './bulk-worker.js';

/** Well within a lease, so that a slow moment does not lose it. */
const RENEW_MS = 1_500;
/** How long an operation of a server that died waits at most, beyond its lease. */
const CLAIM_MS = 2_000;
/** The shortest time between two notifications of progress. */
const NOTIFY_MS = 250;

interface Running {
  isLost: boolean;
  /** There may be more to do than was read. */
  isAskedAgain: boolean;
  readonly work: Promise<void>;
}

/**
 * Runs bulk operations. One server at a time holds the lease on an operation's row: when it dies,
 * another one (or the same, restarted) continues from the state of its targets.
 */
@Injectable()
export class BulkRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Names this process; not the machine, so that a second start is another holder. */
  readonly holder = randomUUID();
  private readonly log = new Logger(BulkRunner.name);
  private readonly running = new Map<string, Running>();
  private readonly lastNotified = new Map<string, { at: number; timer: NodeJS.Timeout | null }>();
  private readonly renewals = new Loop(
    { name: 'renewing leases on operations', everyMs: RENEW_MS, log: this.log },
    () => this.renew(),
  );
  private readonly claims = new Loop(
    { name: 'claiming operations', firstMs: 0, everyMs: CLAIM_MS, log: this.log },
    () => this.claimAll(),
  );
  private stopListening: (() => void) | null = null;
  private settling: Promise<void> | null = null;
  private isStopped = false;

  constructor(
    private readonly store: BulkStore,
    private readonly worker: BulkWorker,
    private readonly hints: Hints,
    private readonly health: LiveKitHealth,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.health.onReturn(() => this.settlePending());
    this.renewals.start();
    this.claims.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.stopListening?.();
    for (const { timer } of this.lastNotified.values()) if (timer) clearTimeout(timer);
    for (const running of this.running.values()) running.isLost = true;
    // Leases are kept until the work has ended; what is claimed meanwhile is not begun.
    await this.claims.stop();
    await Promise.all([this.settling, ...[...this.running.values()].map(({ work }) => work)]);
    await this.renewals.stop();
    await this.store.release(this.holder).catch(() => undefined); // the leases end by themselves
  }

  /** Starts the operation, or continues it after a change such as a resume. */
  startOrContinue(id: string, room: string): void {
    this.notify(id, room);
    const running = this.running.get(id);
    if (running) running.isAskedAgain = true;
    else void this.claimOne(id);
  }

  /** Notifies watchers of the room of progress. */
  notify(id: string, room: string): void {
    const last = this.lastNotified.get(id);
    if (last?.timer || this.isStopped) return;
    const publish = () => {
      this.lastNotified.set(id, { at: performance.now(), timer: null });
      this.hints.publish([{ topic: `room:${room}`, type: 'bulk', key: id }]);
    };
    const wait = last ? NOTIFY_MS - (performance.now() - last.at) : 0;
    if (wait <= 0) {
      publish();
      return;
    }
    const timer = setTimeout(publish, wait);
    timer.unref();
    this.lastNotified.set(id, { at: last?.at ?? 0, timer });
  }

  private async claimAll(): Promise<void> {
    for (const id of await this.store.claim(this.holder, null)) this.begin(id);
    if (this.health.status.state === 'up') this.settlePending();
    this.forgetFinished();
  }

  private settlePending(): void {
    this.settling ??= this.worker
      .settlePending()
      .catch((error: unknown) => this.log.debug(`targets of scenes stay pending: ${String(error)}`))
      .finally(() => {
        this.settling = null;
      });
  }

  private async claimOne(id: string): Promise<void> {
    if (this.isStopped) return;
    try {
      for (const claimed of await this.store.claim(this.holder, id)) this.begin(claimed);
    } catch (error) {
      this.log.debug(`operation ${id} could not be claimed yet`, { error });
    }
  }

  private begin(id: string): void {
    if (this.running.has(id) || this.isStopped) return;
    const running: Running = {
      isLost: false,
      isAskedAgain: false,
      work: Promise.resolve()
        .then(() => this.run(id))
        .finally(() => this.running.delete(id)),
    };
    this.running.set(id, running);
  }

  private async run(id: string): Promise<void> {
    const running = this.running.get(id) as Running;
    const lease = {
      holder: this.holder,
      isLost: () => running.isLost,
      notify: (room: string) => this.notify(id, room),
    };
    try {
      do {
        running.isAskedAgain = false;
        await this.worker.run(id, lease);
      } while (running.isAskedAgain && !running.isLost);
    } catch (error) {
      // Its targets say how far it is; the next claim continues from there.
      const isAway = error instanceof AppError && error.kind === 'unavailable';
      const text = `operation ${id} stopped: ${String(error)}`;
      if (isAway) this.log.warn(text);
      else this.log.error(error instanceof Error ? error.stack : text);
    }
  }

  private async renew(): Promise<void> {
    const ids = [...this.running.keys()];
    if (ids.length === 0) return;
    const kept = new Set(await this.store.renew(this.holder, ids));
    for (const id of ids) {
      const running = this.running.get(id);
      if (running && !kept.has(id)) running.isLost = true;
    }
  }

  private forgetFinished(): void {
    for (const [id, { timer }] of this.lastNotified) {
      if (!timer && !this.running.has(id)) this.lastNotified.delete(id);
    }
  }
}
