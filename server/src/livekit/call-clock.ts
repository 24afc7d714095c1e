import { Injectable } from '@nestjs/common';
import { DatabaseClock } from '../database/database-clock.js';

/** When LiveKit was asked for what it said, by Postgres' clock. */
export interface CallTimes {
  /** Right before the call: what it said was true then, or later. */
  readonly askedAt: Date;
  /**
   * What was asked for before this is older. Of a call that changes something it is when its answer
   * came: what was asked for meanwhile may be of before the change.
   */
  readonly asOf: Date;
}

/** Times calls to LiveKit, so that what they say is ordered in one way everywhere. */
@Injectable()
export class CallClock {
  constructor(private readonly database: DatabaseClock) {}

  /**
   * Begin right before the call, and ask for its times when the answer is there. `after`: a time that
   * Postgres told before; the measured clock may be some milliseconds behind it.
   */
  start(after: Date | null = null): { read: () => CallTimes; changed: () => CallTimes } {
    const askedAt = later(after, this.database.now());
    return {
      read: () => ({ askedAt, asOf: askedAt }),
      changed: () => ({ askedAt, asOf: later(askedAt, this.database.now()) }),
    };
  }

  /** For a call that only reads. */
  async read<T>(
    call: () => Promise<T>,
    after: Date | null = null,
  ): Promise<{ answer: T; times: CallTimes }> {
    const { read } = this.start(after);
    return { answer: await call(), times: read() };
  }
}

function later(one: Date | null, other: Date): Date {
  return one && one > other ? one : other;
}
