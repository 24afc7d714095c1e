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
import { ProgramLists } from './program-lists.js';
import { SeatChecks } from '../seats/public/observations.js';
import { type SweepReport, sweepIntervalMs, Sweep } from './sweep.js';
import { SweepLock } from './sweep-lock.js';

const HOUSEKEEPING_MS = 10 * 60_000;
/** The time to the next sweep after one, two … sweeps that found drift, as a part of the usual time. */
const DRIFT_FACTORS = [0.2, 0.4, 0.8];
const ROOM = 'room:';
/** Hints that say nothing about LiveKit. */
const IGNORED_HINTS = new Set(['acting']);

export interface SweepStatus {
  /** Null until this server has swept: another one may be doing it. */
  readonly lastAt: string | null;
  readonly ms: number | null;
  readonly round: SweepReport | null;
}

/**
 * Sweeps in a loop, on one of all servers: webhooks may be lost, so this is what the promises rest on.
 * Outages of LiveKit or Postgres do not end it; the next sweep does what this one could not.
 */
@Injectable()
export class ReconcilerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop = new Loop(
    {
      name: 'the sweep',
      firstMs: 0,
      everyMs: () => this.nextSweepMs(),
      log: new Logger(ReconcilerService.name),
    },
    () => this.sweepOnce(),
  );
  private startedAt = 0;
  private readonly stopListening: (() => void)[] = [];
  /** Sweeps in a row that found drift. */
  private sweepsWithDrift = 0;
  /** LiveKit was away since the last sweep that got through. */
  private mayHaveRestarted = false;
  private lastHousekeeping = 0;
  private last: SweepStatus = { lastAt: null, ms: null, round: null };

  constructor(
    private readonly lock: SweepLock,
    private readonly sweep: Sweep,
    private readonly checks: SeatChecks,
    private readonly inbox: WebhookInbox,
    private readonly webhooks: WebhookProcessor,
    private readonly health: LiveKitHealth,
    private readonly feed: EventFeed,
    private readonly programs: ProgramLists,
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
      this.feed.listen((events) => this.onEvents(events)),
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

  private nextSweepMs(): number {
    const usual = sweepIntervalMs(this.config);
    const wanted =
      usual * (this.sweepsWithDrift > 0 ? (DRIFT_FACTORS[this.sweepsWithDrift - 1] ?? 1) : 1);
    // A sweep that takes longer than the interval must leave time for other work.
    return Math.max(wanted - (performance.now() - this.startedAt), usual * 0.1);
  }

  /** A hint about a room, from any server, is a reason to visit it. */
  private onEvents(events: readonly FeedEvent[]): void {
    for (const { topic, type } of events) {
      if (topic === 'livekit') this.programs.askSoon();
      if (topic.startsWith(ROOM) && !IGNORED_HINTS.has(type))
        this.sweep.noteActivity(topic.slice(ROOM.length));
    }
  }

  private async sweepOnce(): Promise<void> {
    this.startedAt = performance.now();
    if (!(await this.lock.hold())) return;
    let report: SweepReport | null = null;
    // What one of them cannot do keeps none of the others from theirs.
    await inSequence([
      () => this.webhooks.catchUp(),
      () => this.checks.endDue(),
      () => this.housekeep(),
      async () => {
        if (this.health.status.state === 'up') report = await this.compare();
      },
      async () => this.recordReport(report),
    ]);
  }

  private recordReport(report: SweepReport | null): void {
    const found = report ? report.drifted + report.unsettled : 0;
    this.sweepsWithDrift = found > 0 ? this.sweepsWithDrift + 1 : 0;
    this.last = {
      lastAt: new Date().toISOString(),
      ms: Math.round((performance.now() - this.startedAt) * 10) / 10,
      round: report,
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
