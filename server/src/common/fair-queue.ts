export interface FairQueueOptions {
  /** Pieces of work under way at once. */
  readonly atOnce: number;
  /** The same for one key; left out: as many as in all. */
  readonly atOncePerKey?: number;
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

/** The queue was too long, or the wait took too long. `isOwn`: too many of the same key wait. */
export class QueueRejection extends Error {
  constructor(
    message: string,
    readonly isOwn = false,
  ) {
    super(message);
  }
}

/**
 * Bounds how much work runs at once. Callers that wait take turns by key, so a key with thousands of
 * callers delays only its own. The queue itself is bounded.
 */
export class FairQueue {
  private readonly queues = new Map<string, Waiter[]>();
  private readonly activeOf = new Map<string, number>();
  private active = 0;
  private waiting = 0;

  constructor(private readonly options: FairQueueOptions) {}

  get length(): number {
    return this.waiting;
  }

  get running(): number {
    return this.active;
  }

  /** Rejects with `QueueRejection` before `work` starts. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.mayStart(key)) this.occupy(key);
    else await this.wait(key);
    try {
      return await work();
    } finally {
      this.release(key);
      // The slot goes straight to the next caller, so that no new one gets ahead.
      this.startNext();
    }
  }

  private mayStart(key: string): boolean {
    const { atOnce, atOncePerKey = atOnce } = this.options;
    return this.active < atOnce && (this.activeOf.get(key) ?? 0) < atOncePerKey;
  }

  private occupy(key: string): void {
    this.active++;
    this.activeOf.set(key, (this.activeOf.get(key) ?? 0) + 1);
  }

  private release(key: string): void {
    this.active--;
    const left = (this.activeOf.get(key) ?? 0) - 1;
    if (left > 0) this.activeOf.set(key, left);
    else this.activeOf.delete(key);
  }

  private wait(key: string): Promise<void> {
    const line = this.queues.get(key) ?? [];
    const isOwn = line.length >= this.options.perKey;
    if (isOwn || this.waiting >= this.options.inAll) {
      return Promise.reject(new QueueRejection('too many wait', isOwn));
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

  private startNext(): void {
    for (const [key, line] of this.queues) {
      if (this.mayStart(key)) return this.startOne(key, line);
    }
  }

  private startOne(key: string, line: Waiter[]): void {
    const waiter = line.shift() as Waiter;
    this.waiting--;
    // The key goes behind all other keys.
    this.queues.delete(key);
    if (line.length > 0) this.queues.set(key, line);
    clearTimeout(waiter.timer);
    this.occupy(key);
    waiter.start();
  }
}
