import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { Loop } from '../common/loop.js';
import { PgPool } from './pg-pool.js';

const MEASURE_MS = 60_000;
/** While Postgres has not answered yet. */
const RETRY_MS = 1_000;
const SAMPLES = 3;
/** After a larger step of the server's own clock, as after a pause, the offset is measured again. */
const STEP_MS = 500;

/**
 * Postgres' time without asking Postgres: its distance from this process' monotonic clock, measured
 * at start and each minute. Nothing here trusts the server's own clock, which may be wrong or jump.
 */
@Injectable()
export class DatabaseClock implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger(DatabaseClock.name);
  /** Postgres' milliseconds minus `performance.now()`. */
  private offset: number | null = null;
  /** `Date.now()` minus `performance.now()` when that was measured. */
  private ownOffset = 0;
  private measuring: Promise<void> | null = null;
  private readonly loop = new Loop(
    {
      name: "measuring the database's clock",
      everyMs: () => (this.offset === null ? RETRY_MS : MEASURE_MS),
      log: this.log,
    },
    () => this.measure(),
  );

  constructor(private readonly pg: PgPool) {}

  async onModuleInit(): Promise<void> {
    await this.measure().catch((error: unknown) => {
      this.log.warn(`the database's clock is not known yet: ${String(error)}`);
    });
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** Throws `unavailable` while it has never been measured. */
  now(): Date {
    return new Date(this.at(performance.now()));
  }

  /** Postgres' milliseconds at a time of the monotonic clock. */
  at(monotonic: number): number {
    if (this.offset === null) {
      throw new AppError('unavailable', 'clock.unknown', "The database's time is not known yet.", {
        retryAfter: 1,
      });
    }
    if (Math.abs(ownOffset() - this.ownOffset) > STEP_MS)
      void this.measure().catch(() => undefined);
    return this.offset + monotonic;
  }

  /** How far this server's clock is ahead of Postgres', in milliseconds; null: not known. */
  get serverSkewMs(): number | null {
    return this.offset === null ? null : Date.now() - performance.now() - this.offset;
  }

  /** Asks now. Calls that come while one is under way share its answer. */
  measure(): Promise<void> {
    this.measuring ??= this.ask().finally(() => {
      this.measuring = null;
    });
    return this.measuring;
  }

  /** The sample with the shortest round trip is the most exact. */
  private async ask(): Promise<void> {
    let best: { offset: number; way: number } | null = null;
    for (let i = 0; i < SAMPLES; i++) {
      const sent = performance.now();
      const { rows } = await this.pg.query<{ ms: number }>(
        'database-clock',
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
      );
      const received = performance.now();
      const way = received - sent;
      if (best && way >= best.way) continue;
      best = { offset: (rows[0] as { ms: number }).ms - (sent + received) / 2, way };
    }
    if (!best) return;
    this.offset = best.offset;
    this.ownOffset = ownOffset();
  }
}

function ownOffset(): number {
  return Date.now() - performance.now();
}
