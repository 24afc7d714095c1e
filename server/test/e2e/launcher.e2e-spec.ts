import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { isRunning, type ProcessRecord } from '../../../tools/lib/processes.mjs';
import { until } from '../support/until.js';

const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url));
const READY = /^Rolecall is ready at (\S+)$/m;
const START_MS = 180_000;

interface Run {
  supervisor: ProcessRecord;
  postgres: ProcessRecord;
  server: ProcessRecord;
  livekit?: ProcessRecord;
}

/** `npm start`, as a person runs it, with data of its own. */
class Launcher {
  output = '';
  private npm: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    readonly home: string,
    readonly port: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  start(): ChildProcess {
    const npm = spawn('npm', ['start', '--', '--port', String(this.port)], {
      cwd: CHECKOUT,
      env: { ...process.env, ROLECALL_HOME: this.home, ROLECALL_LOG: 'warn' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.output = '';
    npm.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    npm.stderr.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = new Promise((resolve) => npm.once('close', () => resolve()));
    this.npm = npm;
    return npm;
  }

  /** Fails with all that the launcher has printed: a start that goes wrong says why. */
  async until(what: string, check: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
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

describe('npm start', () => {
  let launcher: Launcher;

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), 'rolecall-launcher-'));
    launcher = new Launcher(home, await freeTcpPort());
  });

  beforeEach(async () => {
    launcher.start();
    await launcher.untilReady();
  }, START_MS + 15_000);

  afterEach(() => launcher.stop(), 20_000);

  afterAll(() => rmSync(launcher.home, { recursive: true, force: true }));

  it('keeps its secrets for the owner of the folder and prints none of them', () => {
    const file = join(launcher.home, 'secrets.json');
    const secrets = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const values = Object.values(secrets).flatMap((group) => Object.values(group));

    expect(values.length).toBeGreaterThanOrEqual(5);
    expect(values.filter((value) => launcher.output.includes(value))).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(launcher.home).mode & 0o777).toBe(0o700);
  });

  it('ends everything within 10 seconds of a SIGTERM to npm', async () => {
    const run = launcher.run();
    const since = Date.now();

    await launcher.stop();
    await launcher.until('nothing is left', () => launcher.left(run).length === 0);

    expect(Date.now() - since).toBeLessThan(10_000);
    expect(await launcher.isReady()).toBe(false);
  }, 30_000);

  it('brings back a Postgres and a server that were killed', async () => {
    const before = launcher.run();

    process.kill(before.postgres.pid, 'SIGKILL');
    await launcher.untilBack('postgres', before);
    expect(launcher.run().server).toEqual(before.server);
    process.kill(before.server.pid, 'SIGKILL');
    await launcher.untilBack('server', before);

    expect(launcher.run().supervisor).toEqual(before.supervisor);
  }, 60_000);

  it(
    'leaves nothing when its supervisor is killed, and starts again by itself',
    async () => {
      const run = launcher.run();

      process.kill(run.supervisor.pid, 'SIGKILL');
      await launcher.until('nothing is left', () => launcher.left(run).length === 0);
      launcher.start();
      await launcher.untilReady();

      expect(launcher.run().server.pid).not.toBe(run.server.pid);
    },
    START_MS + 30_000,
  );

  it('says so when the same data are already in use', async () => {
    const second = new Launcher(launcher.home, await freeTcpPort());

    await new Promise((resolve) => second.start().once('close', resolve));

    expect(second.output).toContain(`Rolecall already runs with the data in ${launcher.home}`);
    expect(await launcher.isReady()).toBe(true);
  }, 30_000);
});
