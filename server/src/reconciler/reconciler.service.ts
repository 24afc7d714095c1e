import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { inSequence } from '../common/in-parallel.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { EventFeed, type FeedEvent } from '../events/event-feed.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { WebhookInbox } from '../webhooks/webhook-inbox.js';
import { WebhookProcessor } from '../webhooks/webhook-processor.js';
import { SeatChecks } from '../seats/repair/seat-checks.js';
import { type Round, roundMs, Sweep } from './sweep.js';
import { SweepLock } from './sweep-lock.js';

const HOUSEKEEPING_MS = 10 * 60_000;
/** How soon the next round comes when the last one found something, as a part of the usual time. */
const EAGER = [0.2, 0.4, 0.8];
const ROOM = 'room:';
/** Who else looks at a seat says nothing of LiveKit. */
const NOT_NEWS = new Set(['acting']);

export interface SweepStatus {
  /** Null until this server has swept: another one may be doing it. */
  readonly lastAt: string | null;
  readonly ms: number | null;
  readonly round: Round | null;
}

/**
 * Sweeps again and again, on one server of all: webhooks are hints, this is the truth. Neither
 * LiveKit nor Postgres going away ends it; what could not be done is done by the next sweep.
 */
@Injectable()
export class ReconcilerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(ReconcilerService.name);
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> | null = null;
  private isAskedAgain = false;
  private isStopped = false;
  private startedAt = 0;
  private readonly stopListening: (() => void)[] = [];
  /** Rounds in a row that found something to put right. */
  private eager = 0;
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
    this.sweepSoon();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.sweep.stop();
    for (const stop of this.stopListening) stop();
    if (this.timer) clearTimeout(this.timer);
    await this.sweeping;
  }

  /** Sweeps at once, or once more when one is under way. */
  sweepSoon(): void {
    if (this.isStopped) return;
    if (this.sweeping) {
      this.isAskedAgain = true;
      return;
    }
    if (this.timer) clearTimeout(this.timer);
    this.isAskedAgain = false;
    this.startedAt = performance.now();
    this.sweeping = this.round()
      .catch((error: unknown) => {
        this.log.warn(`the sweep did not get through: ${describe(error)}`);
      })
      .finally(() => {
        this.sweeping = null;
        this.schedule();
      });
  }

  private schedule(): void {
    if (this.isStopped) return;
    if (this.isAskedAgain) {
      this.sweepSoon();
      return;
    }
    const usual = roundMs(this.config);
    const wanted = usual * (this.eager > 0 ? (EAGER[this.eager - 1] ?? 1) : 1);
    // A round that takes longer than the time between two must leave room for other work.
    const delay = Math.max(wanted - (performance.now() - this.startedAt), usual * 0.1);
    this.timer = setTimeout(() => this.sweepSoon(), delay);
    this.timer.unref();
  }

  /** Whatever a server tells of a room is a reason to look at it, on whichever server. */
  private hear(events: readonly FeedEvent[]): void {
    for (const { topic, type } of events) {
      if (topic.startsWith(ROOM) && !NOT_NEWS.has(type)) this.sweep.stir(topic.slice(ROOM.length));
    }
  }

  private async round(): Promise<void> {
    if (!(await this.lock.hold())) return;
    let round: Round | null = null;
    // What one of them cannot do keeps none of the others from theirs.
    await inSequence([
      () => this.webhooks.catchUp(),
      () => this.checks.endDue(),
      () => this.housekeep(),
      async () => {
        if (this.health.status.state === 'up') round = await this.compare();
      },
      async () => this.note(round),
    ]);
  }

  private note(round: Round | null): void {
    const found = round ? round.drifted + round.unsettled : 0;
    this.eager = found > 0 ? this.eager + 1 : 0;
    this.last = {
      lastAt: new Date().toISOString(),
      ms: Math.round((performance.now() - this.startedAt) * 10) / 10,
      round,
    };
  }

  private async compare(): Promise<Round | null> {
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

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
