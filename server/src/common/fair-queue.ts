export interface FairQueueOptions {
  /** Pieces of work under way at once. */
  readonly atOnce: number;
  /** How many may wait for one key, and in all; one more is rejected. */
  readonly perKey: number;
  readonly inAll: number;
  readonly patienceMs: number;
}

interface Waiter {
  readonly start: () => void;
  readonly giveUp: () => void;
  readonly timer: NodeJS.Timeout;
}

/** The queue was too long, or the wait took too long. */
export class QueueRejection extends Error {}

/**
 * Bounds how much work runs at once. Callers that wait take turns by key, so a key with thousands of
 * callers delays only its own. The queue itself is bounded.
 */
export class FairQueue {
  private readonly queues = new Map<string, Waiter[]>();
  private active = 0;
  private waiting = 0;

  constructor(private readonly options: FairQueueOptions) {}

  get length(): number {
    return this.waiting;
  }

  /** Rejects with `QueueRejection` before `work` starts. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.active >= this.options.atOnce) await this.wait(key);
    else this.active++;
    try {
      return await work();
    } finally {
      // The slot goes straight to the next caller, so that no new one gets ahead.
      if (!this.startNext()) this.active--;
    }
  }

  private wait(key: string): Promise<void> {
    const line = this.queues.get(key) ?? [];
    if (line.length >= this.options.perKey || this.waiting >= this.options.inAll) {
      return Promise.reject(new QueueRejection('too many wait'));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        start: resolve,
        giveUp: () => reject(new QueueRejection('waited too long')),
        timer: setTimeout(() => this.remove(key, waiter), this.options.patienceMs),
      };
      line.push(waiter);
      this.queues.set(key, line);
      this.waiting++;
    });
  }

  private remove(key: string, waiter: Waiter): void {
    const line = this.queues.get(key) ?? [];
    const at = line.indexOf(waiter);
    if (at === -1) return;
    line.splice(at, 1);
    this.waiting--;
    if (line.length === 0) this.queues.delete(key);
    waiter.giveUp();
  }

  private startNext(): boolean {
    const [turn] = this.queues;
    if (!turn) return false;
    const [key, line] = turn;
    const waiter = line.shift() as Waiter;
    this.waiting--;
    // The key goes behind all other keys.
    this.queues.delete(key);
    if (line.length > 0) this.queues.set(key, line);
    clearTimeout(waiter.timer);
    waiter.start();
    return true;
  }
}
