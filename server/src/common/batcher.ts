import { AppError } from './errors/app-error.js';

interface Caller<K, V> {
  key: K;
  resolve: (value: V) => void;
  reject: (error: unknown) => void;
}

export interface BatcherOptions {
  /** At most this many keys go into one call of `work`. */
  maxBatch?: number;
  /** Calls of `work` under way at once. 1 keeps the order of batches. */
  concurrency?: number;
  /** Callers that may wait; one more is refused by `onFull`. */
  maxWaiting?: number;
  onFull?: () => Error;
}

/**
 * Group commit, for reads as well as for writes: whatever waits when the previous round trip comes
 * back goes out together. No timer: an idle batcher sends at once, a busy one batches by itself.
 */
export class Batcher<K, V> {
  private waiting: Caller<K, V>[] = [];
  private active = 0;
  private isScheduled = false;
  private readonly maxBatch: number;
  private readonly concurrency: number;
  private readonly maxWaiting: number;

  /** `work` answers one value (or Error) per key, in order; throwing fails the whole batch. */
  constructor(
    private readonly work: (keys: K[]) => Promise<(V | Error)[]>,
    private readonly options: BatcherOptions = {},
  ) {
    this.maxBatch = options.maxBatch ?? 500;
    this.concurrency = options.concurrency ?? 1;
    this.maxWaiting = options.maxWaiting ?? 10_000;
  }

  load(key: K): Promise<V> {
    if (this.waiting.length >= this.maxWaiting) {
      return Promise.reject(this.options.onFull?.() ?? new Error('too many callers wait'));
    }
    return new Promise<V>((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      this.schedule();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  async drained(): Promise<void> {
    while (this.active > 0 || this.waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private schedule(): void {
    if (this.isScheduled || this.active >= this.concurrency) return;
    this.isScheduled = true;
    // One turn later, so that requests read from the sockets in this turn share the round trip.
    setImmediate(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    while (this.active < this.concurrency && this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxBatch);
      this.active++;
      void this.run(batch);
    }
  }

  private async run(batch: Caller<K, V>[]): Promise<void> {
    try {
      const values = await this.work(batch.map((w) => w.key));
      batch.forEach((w, i) => {
        const value = values[i] as V | Error;
        if (value instanceof Error) w.reject(value);
        else w.resolve(value);
      });
    } catch (error) {
      for (const w of batch) w.reject(error);
      // What is down for this batch is down for those who wait behind it. They have waited long
      // enough; one time-out after the other would keep the last of them for minutes.
      if (error instanceof AppError && error.kind === 'unavailable') {
        for (const w of this.waiting.splice(0)) w.reject(error);
      }
    } finally {
      this.active--;
      if (this.waiting.length > 0) this.schedule();
    }
  }
}
