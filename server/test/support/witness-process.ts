import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILE_CACHE } from './compile-cache.js';

const PROGRAM = join(import.meta.dirname, '../../dist/witness.js');
let count = 0;

/** A witness as it is run elsewhere: a process of its own, and no variable of Rolecall. */
export class WitnessProcess {
  readonly key: string;
  readonly vkey: string;
  private readonly logs: string;
  url = '';
  private child: ChildProcess | null = null;

  /** `folder` has its key, its state and its list of logs. */
  constructor(folder: string, logs: readonly string[], name = 'w.example/1') {
    this.key = join(folder, `key-${++count}`);
    this.logs = join(folder, `logs-${count}`);
    const made = this.run('keygen', '--key', this.key, '--name', name);
    this.vkey = made.stdout.trim();
    this.know(logs);
  }

  run(...args: string[]) {
    return spawnSync(process.execPath, [PROGRAM, 'witness', ...args], {
      env: COMPILE_CACHE,
      encoding: 'utf8',
    });
  }

  /** The verifier keys of the logs that it cosigns. */
  know(logs: readonly string[]): void {
    writeFileSync(this.logs, logs.map((vkey) => `${vkey}\n`).join(''));
  }

  get options(): string[] {
    return ['--listen', '127.0.0.1:0', '--key', this.key, '--logs', this.logs];
  }

  async start(): Promise<this> {
    const args = ['witness', ...this.options];
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: COMPILE_CACHE });
    this.child = child;
    let out = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      out += chunk.toString();
      const url = /listens at (\S+)/.exec(out)?.[1];
      if (url) {
        this.url = url;
        return this;
      }
    }
    throw new Error('the witness has ended');
  }

  async kill(): Promise<void> {
    if (!this.child || this.child.signalCode) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  async post(body: string, path = '/add-checkpoint') {
    const response = await fetch(`${this.url}${path}`, { method: 'POST', body });
    const type = response.headers.get('content-type');
    return { status: response.status, type, text: await response.text() };
  }
}
