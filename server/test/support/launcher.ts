import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRunning, type ProcessRecord } from '../../../tools/lib/processes.mjs';
import { until } from './until.js';

const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url));
const READY = /^Rolecall is ready at (\S+)$/m;
/** It may have to install and build first. */
export const START_MS = 180_000;

export interface Run {
  supervisor: ProcessRecord;
  postgres: ProcessRecord;
  server: ProcessRecord;
  livekit?: ProcessRecord;
}

/** `npm start`, as a person runs it, with data of its own. */
export class Launcher {
  output = '';
  private npm: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    readonly home: string,
    readonly port: number,
    private readonly env: Record<string, string> = {},
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  start(...options: string[]): ChildProcess {
    return this.launch('npm', ['start', '--', '--port', String(this.port), ...options]);
  }

  /** On a terminal of its own, which `interrupt` presses Ctrl-C in. */
  startOnTerminal(...options: string[]): ChildProcess {
    const command = ['npm', 'start', '--', '--port', this.port, ...options].join(' ');
    return this.launch('script', [
      '--quiet',
      '--flush',
      '--return',
      '--command',
      command,
      '/dev/null',
    ]);
  }

  interrupt(): void {
    this.npm?.stdin?.write('\u0003');
  }

  private launch(program: string, args: string[]): ChildProcess {
    const npm = spawn(program, args, {
      cwd: CHECKOUT,
      env: { ...process.env, ROLECALL_HOME: this.home, ROLECALL_LOG: 'warn', ...this.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.output = '';
    npm.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    npm.stderr.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = new Promise((resolve) => npm.once('close', () => resolve()));
    this.npm = npm;
    return npm;
  }

  /** Fails with all that the launcher has printed: a start that goes wrong says why. */
  async until(what: string, check: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
    try {
      await until(what, check, ms);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.output}`, { cause: error });
    }
  }

  async untilReady(): Promise<void> {
    await this.until('the ready line', () => READY.test(this.output), START_MS);
    await this.until('/readyz answers 200', () => this.isReady());
  }

  /** Until the part `name` is another process than it was in `before`, and the server is ready. */
  async untilBack(name: 'postgres' | 'server', before: Run): Promise<void> {
    await this.until(`another ${name}`, () => this.run()[name].pid !== before[name].pid);
    await this.until('/readyz answers 200', () => this.isReady());
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }

  run(): Run {
    return JSON.parse(readFileSync(join(this.home, 'run.json'), 'utf8')) as Run;
  }

  /** Everything that was started, as far as it still runs. */
  left(run: Run): ProcessRecord[] {
    return [run.supervisor, run.server, run.livekit, run.postgres].filter(
      (record): record is ProcessRecord => isRunning(record),
    );
  }

  async stop(): Promise<void> {
    this.npm?.kill('SIGTERM');
    await this.ended;
    this.npm = null;
  }
}
