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
/** How fast the best time is forgotten, so that a room that grew is not held against what it was. */
const FADE = 1.02;

/** After so many failures in a row the others are not tried: what was wanted waits for the sweep. */
const GIVE_UP_AFTER = 8;
/** One call is let out this often, to see whether LiveKit is back. */
const PROBE_MS = 1_000;

/** What a call came to, as far as its pace goes. */
export type Answer = 'ok' | 'strained';

/** Urgent: goes out at once, beside as many as there may ever be, and the others wait for its end. */
export type Priority = 'paced' | 'urgent';

/**
 * How many calls to LiveKit are under way at once, for one room. A change of permission is told to
 * everybody in the room, so in a large room calls wait for each other long before a limit of
 * connections is met: while answers stay as fast as they ever were one more is let out for each that
 * comes back; when they slow down, fewer, down to where it began, since fewer than that help nobody;
 * when LiveKit fails or does not answer in time, half. What is urgent waits for nothing of this, and
 * is no measure of it; so it must be few.
 */
export class Pace {
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

  /** Calls that come back within a second at this pace; null before anything came back. */
  get perSecond(): number | null {
    return this.typical === null ? null : (this.limit * 1000) / Math.max(this.typical, 1);
  }

  /** Runs `call` when its turn has come. `strained` tells which errors mean that LiveKit has too much. */
  async run<T>(
    call: () => Promise<T>,
    strained: (error: unknown) => boolean,
    haste: Priority = 'paced',
  ): Promise<T> {
    if (haste === 'urgent' && this.active < MOST) {
      this.active += 1;
      this.urgent += 1;
    } else {
      haste = 'paced';
      await this.enter();
    }
    try {
      return await this.attempt(call, strained, haste);
    } finally {
      if (haste === 'urgent') this.urgent -= 1;
      this.leave();
    }
  }

  private async attempt<T>(
    call: () => Promise<T>,
    strained: (error: unknown) => boolean,
    haste: Priority,
  ): Promise<T> {
    const started = performance.now();
    if (this.strainedInARow >= GIVE_UP_AFTER) {
      if (started < this.tryAgainAt) throw this.lastError;
      this.tryAgainAt = started + PROBE_MS;
    }
    try {
      const result = await call();
      this.strainedInARow = 0;
      if (haste === 'paced') this.note('ok', performance.now() - started);
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
  note(answer: Answer, ms: number): void {
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

/** How calls to LiveKit go out at that pace. */
export function throughOf(pace: Pace, haste: Priority = 'paced'): CallLimiter {
  return (call) => pace.run(call, isUnavailable, haste);
}

function median(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
