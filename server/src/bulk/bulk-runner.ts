import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { Hints } from '../hints/hints.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { BulkStore } from './bulk-store.js';
import { BulkWorker } from './bulk-worker.js';

/** Well within a lease, so that a slow moment does not lose it. */
const RENEW_MS = 1_500;
/** How long an operation of a server that died waits at most, beyond its lease. */
const LOOK_MS = 2_000;
/** Progress is told at most so often. */
const TELL_MS = 250;

interface Running {
  isLost: boolean;
  /** There may be more to do than was seen. */
  isAskedAgain: boolean;
  readonly work: Promise<void>;
}

/**
 * Works off operations on many seats. Each is held by one server, by a lease on its row: when that
 * server dies, another one (or the same, started again) takes it up where its targets say that it is.
 */
@Injectable()
export class BulkRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Names this process; not the machine, so that a second start is another holder. */
  readonly holder = randomUUID();
  private readonly log = new Logger(BulkRunner.name);
  private readonly running = new Map<string, Running>();
  private readonly told = new Map<string, { at: number; timer: NodeJS.Timeout | null }>();
  private renewTimer: NodeJS.Timeout | null = null;
  private lookTimer: NodeJS.Timeout | null = null;
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
    this.renewTimer = setInterval(() => void this.renew(), RENEW_MS);
    this.renewTimer.unref();
    this.lookTimer = setInterval(() => void this.look(), LOOK_MS);
    this.lookTimer.unref();
    this.stopListening = this.health.onReturn(() => this.settlePending());
    void this.look();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.stopListening?.();
    for (const timer of [this.renewTimer, this.lookTimer]) if (timer) clearInterval(timer);
    for (const { timer } of this.told.values()) if (timer) clearTimeout(timer);
    for (const running of this.running.values()) running.isLost = true;
    await Promise.all([this.settling, ...[...this.running.values()].map(({ work }) => work)]);
    await this.store.release(this.holder).catch(() => undefined); // the leases end by themselves
  }

  /** Something was asked of the operation: begin with it, or look at it again. */
  take(id: string, room: string): void {
    this.tell(id, room);
    const running = this.running.get(id);
    if (running) running.isAskedAgain = true;
    else void this.claim(id);
  }

  /** Tells who watches the room that the operation has moved on. */
  tell(id: string, room: string): void {
    const last = this.told.get(id);
    if (last?.timer || this.isStopped) return;
    const publish = () => {
      this.told.set(id, { at: performance.now(), timer: null });
      this.hints.publish([{ topic: `room:${room}`, type: 'bulk', key: id }]);
    };
    const wait = last ? TELL_MS - (performance.now() - last.at) : 0;
    if (wait <= 0) {
      publish();
      return;
    }
    const timer = setTimeout(publish, wait);
    timer.unref();
    this.told.set(id, { at: last?.at ?? 0, timer });
  }

  private async look(): Promise<void> {
    await this.claim(null);
    if (this.health.status.state === 'up') this.settlePending();
    this.forgetTold();
  }

  private settlePending(): void {
    this.settling ??= this.worker
      .settlePending()
      .catch((error: unknown) => this.log.debug(`scenes wait: ${String(error)}`))
      .finally(() => {
        this.settling = null;
      });
  }

  private async claim(id: string | null): Promise<void> {
    if (this.isStopped) return;
    try {
      for (const claimed of await this.store.claim(this.holder, id)) this.begin(claimed);
    } catch (error) {
      this.log.debug(`operations are not read: ${String(error)}`);
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
    const turn = {
      holder: this.holder,
      isOver: () => running.isLost,
      tell: (room: string) => this.tell(id, room),
    };
    try {
      do {
        running.isAskedAgain = false;
        await this.worker.run(id, turn);
      } while (running.isAskedAgain && !running.isLost);
    } catch (error) {
      // Its targets say where it is; the next look goes on from there.
      const isAway = error instanceof AppError && error.kind === 'unavailable';
      const text = `operation ${id} stopped: ${String(error)}`;
      if (isAway) this.log.warn(text);
      else this.log.error(error instanceof Error ? error.stack : text);
    }
  }

  private async renew(): Promise<void> {
    const ids = [...this.running.keys()];
    if (ids.length === 0) return;
    try {
      const kept = new Set(await this.store.renew(this.holder, ids));
      for (const id of ids) {
        const running = this.running.get(id);
        if (running && !kept.has(id)) running.isLost = true;
      }
    } catch (error) {
      this.log.debug(`leases are not renewed: ${String(error)}`);
    }
  }

  private forgetTold(): void {
    for (const [id, { timer }] of this.told) {
      if (!timer && !this.running.has(id)) this.told.delete(id);
    }
  }
}
