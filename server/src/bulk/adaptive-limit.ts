import { isUnavailable } from '../livekit/livekit-error.js';
import type { CallLimiter } from '../livekit/call-limiter.js';

/** In flight at the start: as many as make a real room faster (LiveKit v1.13.5). */
const START = 8;
const MOST = 32;
const LEAST = 1;
/** Slower than this many times the fastest: the calls wait for each other, more do not help. */
const SLOWER = 1.6;
/** Differences that our own process makes by being busy. */
const JITTER_MS = 2;
/** Answers are compared in windows: single ones vary too much. */
const WINDOW = 8;
/** How fast the best time is forgotten, so that a room that grew is not compared with its past. */
const FADE = 1.02;

/** After so many failures in a row no call is tried: the changes stay pending for the sweep. */
const GIVE_UP_AFTER = 8;
/** One call is let out this often, to see whether LiveKit is back. */
const PROBE_MS = 1_000;

/** The result of a call, as far as the limit needs it. */
type CallResult = 'ok' | 'strained';

/** Urgent calls start at once, up to the hard maximum, and the paced ones wait for them. */
export type CallPriority = 'paced' | 'urgent';

/**
 * An adaptive limit on concurrent calls to LiveKit for one room. LiveKit sends each change of permission
 * to everybody in the room, so calls slow each other down in a large room. The limit grows while
 * responses stay fast, shrinks to its start when they slow down, and halves when LiveKit fails or times
 * out. Urgent calls bypass the limit and are not measured, so there must be few of them.
 */
export class AdaptiveLimit {
  private limit = START;
  private active = 0;
  private urgent = 0;
  private readonly waiting: (() => void)[] = [];
  private fastest = Infinity;
  private times: number[] = [];
  private isStarting = true;
  private typical: number | null = null;
  private strainedInARow = 0;
  private lastError: unknown = null;
  private tryAgainAt = 0;

  get inFlight(): number {
    return this.limit;
  }

  /** Calls per second at the current limit; null before the first response. */
  get perSecond(): number | null {
    return this.typical === null ? null : (this.limit * 1000) / Math.max(this.typical, 1);
  }

  /** Runs `call` within the limit. `strained`: whether an error means that LiveKit is overloaded. */
  async run<T>(
    call: () => Promise<T>,
    strained: (error: unknown) => boolean,
    priority: CallPriority = 'paced',
  ): Promise<T> {
    if (priority === 'urgent' && this.active < MOST) {
      this.active += 1;
      this.urgent += 1;
    } else {
      priority = 'paced';
      await this.enter();
    }
    try {
      return await this.attempt(call, strained, priority);
    } finally {
      if (priority === 'urgent') this.urgent -= 1;
      this.leave();
    }
  }

  private async attempt<T>(
    call: () => Promise<T>,
    strained: (error: unknown) => boolean,
    priority: CallPriority,
  ): Promise<T> {
    const started = performance.now();
    if (this.strainedInARow >= GIVE_UP_AFTER) {
      if (started < this.tryAgainAt) throw this.lastError;
      this.tryAgainAt = started + PROBE_MS;
    }
    try {
      const result = await call();
      this.strainedInARow = 0;
      if (priority === 'paced') this.note('ok', performance.now() - started);
      return result;
    } catch (error) {
      const isStrained = strained(error);
      this.strainedInARow = isStrained ? this.strainedInARow + 1 : 0;
      if (isStrained) {
        this.lastError = error;
        this.tryAgainAt = performance.now() + PROBE_MS;
      }
      if (isStrained) this.note('strained', performance.now() - started);
      throw error;
    }
  }

  /** Exposed for its own test: what an answer that took `ms` does to the limit. */
  note(answer: CallResult, ms: number): void {
    if (answer === 'strained') {
      this.limit = Math.max(LEAST, Math.floor(this.limit / 2));
      this.times = [];
      this.isStarting = false;
      return;
    }
    this.times.push(ms);
    if (this.times.length < Math.min(WINDOW, this.limit)) return;
    const typical = median(this.times);
    this.times = [];
    this.typical = typical;
    this.fastest = Math.min(this.fastest * FADE, typical);
    if (typical > this.fastest * SLOWER + JITTER_MS) {
      this.limit = Math.max(Math.min(START, this.limit), Math.ceil(this.limit * 0.75));
      this.isStarting = false;
    } else {
      // Doubled until the first sign that it is too much, then one by one.
      this.limit = Math.min(MOST, this.isStarting ? this.limit * 2 : this.limit + 1);
    }
  }

  private get hasRoom(): boolean {
    return this.urgent === 0 && this.active < this.limit;
  }

  private async enter(): Promise<void> {
    if (this.hasRoom) {
      this.active += 1;
      return;
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private leave(): void {
    this.active -= 1;
    while (this.hasRoom) {
      const next = this.waiting.shift();
      if (!next) return;
      this.active += 1;
      next();
    }
  }
}

/** Runs calls to LiveKit within the limit. */
export function limitedBy(limit: AdaptiveLimit, priority: CallPriority = 'paced'): CallLimiter {
  return (call) => limit.run(call, isUnavailable, priority);
}

function median(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
