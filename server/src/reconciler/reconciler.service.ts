import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { EventFeed } from '../events/event-feed.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { WebhookInbox } from '../presence/webhook-inbox.js';
import { WebhookProcessor } from '../presence/webhook-processor.js';
import { LeasesService } from '../seats/leases.service.js';
import { Sweep } from './sweep.js';
import { SweepLock } from './sweep-lock.js';

const HOUSEKEEPING_MS = 10 * 60_000;

export interface SweepStatus {
  /** Null until this server has swept: another one may be doing it. */
  readonly lastAt: string | null;
  readonly ms: number | null;
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
  private stopListening: (() => void) | null = null;
  /** LiveKit was away since the last sweep that got through. */
  private mayHaveRestarted = false;
  private lastHousekeeping = 0;
  private last: SweepStatus = { lastAt: null, ms: null };

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
    this.stopListening = this.health.onReturn(() => {
      this.mayHaveRestarted = true;
      this.sweepSoon();
    });
    this.sweepSoon();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.stopListening?.();
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
    this.timer = setTimeout(() => this.sweepSoon(), this.config.sweep * 1000);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    if (!(await this.lock.hold())) return;
    const started = performance.now();
    await this.webhooks.catchUp();
    await this.leases.endDue();
    await this.housekeep();
    if (this.health.status.state === 'up') await this.compare();
    this.last = {
      lastAt: new Date().toISOString(),
      ms: Math.round((performance.now() - started) * 10) / 10,
    };
  }

  private async compare(): Promise<void> {
    const mayHaveRestarted = this.mayHaveRestarted;
    this.mayHaveRestarted = false;
    try {
      await this.sweep.run(mayHaveRestarted, this.config.sweep);
    } catch (error) {
      this.mayHaveRestarted ||= mayHaveRestarted;
      if (!isUnavailable(error)) throw error;
      this.mayHaveRestarted = true;
      await this.health.probe();
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
