import { Injectable } from '@nestjs/common';
import { seatKey } from './keyed-mutex.js';

/** Which seats a batch of this process is going to call LiveKit for. After a crash the sweep does. */
@Injectable()
export class BatchesInProgress {
  /** Seat → how many batches include it. */
  private readonly counts = new Map<string, number>();

  /** Marks the seats while the work goes on. */
  async whileIncluding<T>(
    room: string,
    identities: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    const keys = identities.map((identity) => seatKey(room, identity));
    for (const key of keys) this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      for (const key of keys) {
        const left = (this.counts.get(key) ?? 1) - 1;
        if (left > 0) this.counts.set(key, left);
        else this.counts.delete(key);
      }
    }
  }

  include(room: string, identity: string): boolean {
    return this.counts.has(seatKey(room, identity));
  }
}
