/** Lets at most `width` calls go at once; the others wait for their turn, in order. */
export class CallQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly width: number) {}

  readonly through = async <T>(call: () => Promise<T>): Promise<T> => {
    if (this.running >= this.width)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await call();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  };
}
