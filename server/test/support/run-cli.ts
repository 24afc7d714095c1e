import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { COMPILE_CACHE } from './compile-cache.js';
import type { TestApp } from './test-app.js';

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** As `npm run rolecall --` does: another process, with the settings of the server. */
export function runCli(
  app: TestApp,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const cli = join(import.meta.dirname, '../../dist/cli.js');
  return runNode([cli, ...args], {
    DATABASE_URL: app.database.appUrl,
    ROLECALL_HOME: app.database.home,
    ...env,
  });
}

/** Node with nothing of this process' environment but `env`. */
export function runNode(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, args, { env: { ...COMPILE_CACHE, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out: out.trim(), err: err.trim() }));
  });
}
