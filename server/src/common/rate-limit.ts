import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from './errors/refusals.js';

/** Counts requests by key, in this process. */
export class RateLimit {
  private readonly limiter: RateLimiterMemory;

  constructor(private readonly most: { readonly points: number; readonly seconds: number }) {
    this.limiter = new RateLimiterMemory({ points: most.points, duration: most.seconds });
  }

  get points(): number {
    return this.most.points;
  }

  /** Counts one. Throws `too_many` (429) with the time to wait. */
  async consume(key: string): Promise<void> {
    try {
      await this.limiter.consume(key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      // The span ends by a timer, and what is left of it is told by a clock that may have been set back.
      throw tooManyRequests(Math.min(error.msBeforeNext, this.most.seconds * 1_000));
    }
  }
}
