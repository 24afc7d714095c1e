import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { DatabaseClock } from '../database/database-clock.js';
import { LiveKitHealth } from './livekit.health.js';

/** livekit-server bears this much between its clock and the times in a token. */
const LEEWAY_MS = 60_000;
/** Less than this may be the measurement's own error. */
const NOTICED_MS = 2_000;

/** LiveKit's time, and what it differs from Postgres', which decides everywhere else. */
@Injectable()
export class LiveKitClock {
  constructor(
    private readonly database: DatabaseClock,
    private readonly health: LiveKitHealth,
  ) {}

  /** How far LiveKit's clock is ahead of Postgres', in milliseconds; null: not known. */
  get skewMs(): number | null {
    const { clockOffset } = this.health;
    if (clockOffset === null) return null;
    const monotonic = performance.now();
    return clockOffset + monotonic - this.database.at(monotonic);
  }

  /** For tokens that only LiveKit reads, and to compare with times of its own. */
  now(): Date {
    return new Date(this.database.now().getTime() + this.noticedSkewMs());
  }

  /** Converts a time of LiveKit's clock to Postgres' clock. */
  toDatabase(time: Date): Date {
    const skew = this.noticedSkewMs();
    return skew === 0 ? time : new Date(time.getTime() - skew);
  }

  /** Throws `unavailable` when LiveKit would take a token that is made now as too new or expired. */
  assertTokensHold(): void {
    const skew = this.noticedSkewMs();
    if (Math.abs(skew) <= LEEWAY_MS) return;
    const seconds = Math.round(Math.abs(skew) / 1_000);
    throw new AppError(
      'unavailable',
      'clock.skewed',
      `LiveKit's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the database's: tokens would have wrong times.`,
      { retryAfter: 60 },
    );
  }

  private noticedSkewMs(): number {
    const skew = this.skewMs ?? 0;
    return Math.abs(skew) < NOTICED_MS ? 0 : skew;
  }
}
