import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Loop } from '../common/loop.js';
import { DatabaseClock } from '../database/database-clock.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { Metrics } from '../metrics/metrics.service.js';

export interface ClocksView {
  /** How far the clock is ahead of Postgres', in milliseconds; null: not known. */
  readonly serverSkewMs: number | null;
  readonly livekitSkewMs: number | null;
  /** One of them differs by so much that it should be set. */
  readonly isOff: boolean;
}

const WATCH_MS = 60_000;
const OFF_MS = 2_000;

/** Reports clocks that differ from Postgres', whose time decides: in status, metrics and log. */
@Injectable()
export class ClockWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(ClockWatch.name);
  private readonly warned = new Set<string>();
  private readonly loop = new Loop(
    { name: 'comparing clocks', firstMs: 0, everyMs: WATCH_MS, log: this.log },
    () => this.compare(),
  );

  constructor(
    private readonly database: DatabaseClock,
    private readonly livekit: LiveKitClock,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  view(): ClocksView {
    const serverSkewMs = rounded(this.database.serverSkewMs);
    const livekitSkewMs = serverSkewMs === null ? null : rounded(this.livekit.skewMs);
    return { serverSkewMs, livekitSkewMs, isOff: isOff(serverSkewMs) || isOff(livekitSkewMs) };
  }

  private compare(): void {
    const { serverSkewMs, livekitSkewMs } = this.view();
    this.report('server', "This server's clock", serverSkewMs);
    this.report('livekit', "LiveKit's clock", livekitSkewMs);
  }

  private report(clock: string, name: string, skewMs: number | null): void {
    if (skewMs === null) return;
    this.metrics.clockSkew.set({ clock }, skewMs / 1_000);
    if (!isOff(skewMs)) {
      if (this.warned.delete(clock)) this.log.log(`${name} agrees with Postgres' again`);
      return;
    }
    if (this.warned.has(clock)) return;
    this.warned.add(clock);
    const seconds = Math.abs(skewMs / 1_000).toFixed(1);
    const side = skewMs > 0 ? 'ahead of' : 'behind';
    this.log.warn(
      `${name} is ${seconds} s ${side} Postgres', whose time decides: synchronize it with NTP`,
    );
  }
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

function isOff(skewMs: number | null): boolean {
  return skewMs !== null && Math.abs(skewMs) >= OFF_MS;
}
