/** Nest's `Logger` is one. */
interface FailureLog {
  warn(message: string, data: { error: unknown }): void;
  debug(message: string, data: { error: unknown }): void;
}

export interface LoopOptions {
  /** What is done, as it reads in "… failed". */
  readonly name: string;
  /** From the end of a pass to the start of the next one; `Infinity` waits for `wake`. */
  readonly everyMs: number | (() => number);
  /** From `start` to the first pass; left out: as between two passes. */
  readonly firstMs?: number;
  /** Varies each wait by this part of it, so that servers that start together drift apart. */
  readonly jitter?: number;
  readonly log: FailureLog;
}

/** The longest time that a timer of Node can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Repeats a task until it is stopped, one pass at a time. A pass that fails is logged with its cause
 * and ends nothing; of failures in a row, the first is a warning.
 */
export class Loop {
  /** By the monotonic clock. */
  private dueAt = Infinity;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private isStarted = false;
  private isFailing = false;

  constructor(
    private readonly options: LoopOptions,
    private readonly task: () => unknown,
  ) {}

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.wake(this.options.firstMs ?? this.waitMs());
  }

  /** Ends the loop. Resolves when the pass that is under way has ended; a task must not await it. */
  async stop(): Promise<void> {
    this.isStarted = false;
    this.dueAt = Infinity;
    this.clear();
    await this.running;
  }

  /**
   * Starts the next pass no later than in `inMs`. While one is under way, another one follows it:
   * what it is asked for may have come too late for this one.
   */
  wake(inMs = 0): void {
    if (!this.isStarted) return;
    this.dueAt = Math.min(this.dueAt, performance.now() + inMs);
    this.arm();
  }

  private arm(): void {
    if (this.running || this.dueAt === Infinity) return;
    this.clear();
    const wait = this.dueAt - performance.now();
    if (wait <= 0) {
      this.running = this.pass().then(() => {
        this.running = null;
        this.wake(this.waitMs());
      });
      return;
    }
    // Rounded up: Node's timers may end a fraction of a millisecond early.
    this.timer = setTimeout(() => this.arm(), Math.min(Math.ceil(wait), LONGEST_TIMER_MS));
    this.timer.unref();
  }

  private async pass(): Promise<void> {
    this.dueAt = Infinity;
    try {
      await this.task();
      this.isFailing = false;
    } catch (error) {
      this.options.log[this.isFailing ? 'debug' : 'warn'](`${this.options.name} failed`, { error });
      this.isFailing = true;
    }
  }

  private waitMs(): number {
    const { everyMs, jitter = 0 } = this.options;
    const ms = typeof everyMs === 'function' ? everyMs() : everyMs;
    return ms * (1 + jitter * (2 * Math.random() - 1));
  }

  private clear(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }
}
