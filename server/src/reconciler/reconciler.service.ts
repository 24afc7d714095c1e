import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { inSequence } from '../common/in-parallel.js';
import { Loop } from '../common/loop.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { EventFeed, type FeedEvent } from '../events/event-feed.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { WebhookInbox } from '../webhooks/webhook-inbox.js';
import { WebhookProcessor } from '../webhooks/webhook-processor.js';
import { LeasesService } from '../seats/leases.service.js';
import { type SweepReport, sweepIntervalMs, Sweep } from './sweep.js';
import { SweepLock } from './sweep-lock.js';

const HOUSEKEEPING_MS = 10 * 60_000;
/** How soon the next round comes when the last one found something, as a part of the usual time. */
const EAGER = [0.2, 0.4, 0.8];
const ROOM = 'room:';
/** Hints that say nothing about LiveKit. */
const NOT_NEWS = new Set(['acting']);

export interface SweepStatus {
  /** Null until this server has swept: another one may be doing it. */
  readonly lastAt: string | null;
  readonly ms: number | null;
  readonly round: SweepReport | null;
}

/**
 * Sweeps again and again, on one server of all: webhooks are hints, this is the truth. Neither
 * LiveKit nor Postgres going away ends it; what could not be done is done by the next sweep.
 */
@Injectable()
export class ReconcilerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop = new Loop(
    {
      name: 'the sweep',
      firstMs: 0,
      everyMs: () => this.nextRoundMs(),
      log: new Logger(ReconcilerService.name),
    },
    () => this.round(),
  );
  private startedAt = 0;
  private readonly stopListening: (() => void)[] = [];
  /** Sweeps in a row that found drift. */
  private eager = 0;
  /** LiveKit was away since the last sweep that got through. */
  private mayHaveRestarted = false;
  private lastHousekeeping = 0;
  private last: SweepStatus = { lastAt: null, ms: null, round: null };

  constructor(
    private readonly lock: SweepLock,
    private readonly sweep: Sweep,
    private readonly leases: LeasesService,
    private readonly inbox: WebhookInbox,
    private readonly webhooks: WebhookProcessor,
    private readonly health: LiveKitHealth,
    private readonly feed: EventFeed,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  get status(): SweepStatus {
    return this.last;
  }

  onApplicationBootstrap(): void {
    this.stopListening.push(
      this.health.onReturn(() => {
        this.mayHaveRestarted = true;
        this.sweepSoon();
      }),
      this.feed.listen((events) => this.hear(events)),
    );
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.sweep.stop();
    for (const stop of this.stopListening) stop();
    await this.loop.stop();
  }

  /** Sweeps at once, or once more when one is under way. */
  sweepSoon(): void {
    this.loop.wake();
  }

  private nextRoundMs(): number {
    const usual = sweepIntervalMs(this.config);
    const wanted = usual * (this.eager > 0 ? (EAGER[this.eager - 1] ?? 1) : 1);
    // A round that takes longer than the time between two must leave room for other work.
    return Math.max(wanted - (performance.now() - this.startedAt), usual * 0.1);
  }

  /** A hint about a room, from any server, is a reason to visit it. */
  private hear(events: readonly FeedEvent[]): void {
    for (const { topic, type } of events) {
      if (topic.startsWith(ROOM) && !NOT_NEWS.has(type))
        this.sweep.noteActivity(topic.slice(ROOM.length));
    }
  }

  private async round(): Promise<void> {
    this.startedAt = performance.now();
    if (!(await this.lock.hold())) return;
    let round: SweepReport | null = null;
    // What one of them cannot do keeps none of the others from theirs.
    await inSequence([
      () => this.webhooks.catchUp(),
      () => this.leases.endDue(),
      () => this.housekeep(),
      async () => {
        if (this.health.status.state === 'up') round = await this.compare();
      },
      async () => this.note(round),
    ]);
  }

  private note(round: SweepReport | null): void {
    const found = round ? round.drifted + round.unsettled : 0;
    this.eager = found > 0 ? this.eager + 1 : 0;
    this.last = {
      lastAt: new Date().toISOString(),
      ms: Math.round((performance.now() - this.startedAt) * 10) / 10,
      round,
    };
  }

  private async compare(): Promise<SweepReport | null> {
    const mayHaveRestarted = this.mayHaveRestarted;
    this.mayHaveRestarted = false;
    try {
      return await this.sweep.run(mayHaveRestarted, this.config.sweep);
    } catch (error) {
      this.mayHaveRestarted ||= mayHaveRestarted;
      if (!isUnavailable(error)) throw error;
      this.mayHaveRestarted = true;
      await this.health.probe();
      return null;
    }
  }

  private async housekeep(): Promise<void> {
    const now = performance.now();
    if (this.lastHousekeeping !== 0 && now - this.lastHousekeeping < HOUSEKEEPING_MS) return;
    this.lastHousekeeping = now;
    await this.inbox.forgetOld();
    await this.feed.forgetOld();
  }
}
