import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { freezeProcess } from '../../../tools/lib/processes.mjs';
import { COMPILE_CACHE } from './compile-cache.js';
import type { LiveKitServer } from './livekit-server.js';
import type { TestDatabase } from './test-database.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const START_MS = 60_000;

/** A Rolecall server as it is deployed: the built program, in a process that can be killed. */
export interface RolecallProcess {
  readonly url: string;
  readonly isReady: boolean;
  /** Null while it does not run. */
  readonly pid: number | null;
  /** Ends it as a lost machine would: no goodbye to anybody. */
  kill9(): Promise<void>;
  /** Starts it again at the same address; resolves when it is ready. */
  start(): Promise<void>;
  /** Stops its clock: it keeps its connections, and does nothing. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export interface RolecallProcessOptions {
  readonly livekit: Pick<LiveKitServer, 'url' | 'apiKey' | 'apiSecret'>;
  /** Migrated and prepared already, by a server in the test's own process. */
  readonly database: TestDatabase;
  readonly env?: Record<string, string>;
}

export async function startRolecallProcess({
  livekit,
  database,
  env,
}: RolecallProcessOptions): Promise<RolecallProcess> {
  const port = await freeTcpPort();
  let child: ChildProcess | null = null;
  let isReady = false;

  const launch = () =>
    new Promise<void>((resolve, reject) => {
      const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
        env: {
          ...COMPILE_CACHE,
          PATH: process.env['PATH'],
          HOST: '127.0.0.1',
          PORT: String(port),
          DATABASE_URL: database.appUrl,
          ROLECALL_HOME: database.home,
          LIVEKIT_URL: livekit.url,
          LIVEKIT_API_KEY: livekit.apiKey,
          LIVEKIT_API_SECRET: livekit.apiSecret,
          ROLECALL_LOG: 'error',
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      let out = '';
      const timer = setTimeout(() => {
        started.kill('SIGKILL');
      }, START_MS);
      const listen = (chunk: Buffer) => {
        out = (out + chunk.toString()).slice(-4_000);
        if (isReady || !/is ready at/.test(out)) return;
        clearTimeout(timer);
        isReady = true;
        resolve();
      };
      started.stdout?.on('data', listen);
      started.stderr?.on('data', listen);
      started.once('exit', (code, signal) => {
        clearTimeout(timer);
        if (child === started) child = null;
        isReady = false;
        reject(new Error(`Rolecall ended with ${code ?? signal}:\n${out}`));
      });
    });

  const end = async (signal: NodeJS.Signals) => {
    const running = child;
    isReady = false;
    if (!running) return;
    const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
    running.kill(signal);
    await ended;
  };

  await launch();
  return {
    url: `http://127.0.0.1:${port}`,
    get isReady() {
      return isReady;
    },
    get pid() {
      return child?.pid ?? null;
    },
    kill9: () => end('SIGKILL'),
    start: launch,
    freeze: () => void (child?.pid && freezeProcess(child.pid)),
    thaw: () => void child?.kill('SIGCONT'),
    stop: () => end('SIGKILL'),
  };
}
