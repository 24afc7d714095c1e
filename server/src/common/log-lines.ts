import pino from 'pino';

/** Characters of lines that wait. */
const MOST_WAITING = 64 * 1024;

/**
 * Lines that may wait go out in one write at the end of a turn of the event loop: a busy server answers
 * dozens of requests in a turn, and each write takes longer than making its line.
 */
export class LogLines {
  private waiting = '';
  private isScheduled = false;

  constructor(private readonly output: pino.DestinationStream) {}

  /** For lines that go out at once, after those that wait. */
  readonly now: pino.DestinationStream = {
    write: (line: string) => {
      this.waiting += line;
      this.flush();
    },
  };

  /** For lines that may wait for others of this turn. */
  readonly together: pino.DestinationStream = {
    write: (line: string) => {
      this.waiting += line;
      if (this.waiting.length >= MOST_WAITING) this.flush();
      if (this.isScheduled) return;
      this.isScheduled = true;
      setImmediate(() => {
        this.isScheduled = false;
        this.flush();
      });
    },
  };

  flush(): void {
    const lines = this.waiting;
    if (lines === '') return;
    this.waiting = '';
    this.output.write(lines);
  }
}

let errorOutput: LogLines | null = null;

/** The process' stderr, in the order of the lines, whoever logs. What waits is written before the end. */
export function stderrLines(): LogLines {
  if (!errorOutput) {
    const lines = new LogLines(pino.destination({ dest: 2, sync: true }));
    process.on('exit', () => lines.flush());
    errorOutput = lines;
  }
  return errorOutput;
}
