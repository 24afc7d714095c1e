import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import {
  type LiveKitServer,
  startLiveKitServer,
} from '../../../server/test/support/livekit-server.js';
import { COMPILE_CACHE } from '../../../server/test/support/compile-cache.js';
import { createTestDatabase } from '../../../server/test/support/test-database.js';
import { until } from '../../../server/test/support/until.js';

const MAIN = fileURLToPath(new URL('../../../server/dist/main.js', import.meta.url));
const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 5_000;

export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };

/** The built server as `npm start` runs it, with a database and a LiveKit server of its own. */
export interface RolecallServer {
  readonly url: string;
  readonly livekit: LiveKitServer;
  /** As the application's own role: what another server of the installation would use. */
  readonly databaseUrl: string;
  /** What the owner of the database can do behind the server's back. */
  asOwner(...statements: string[]): Promise<void>;
  /** Kills it as a crash would: nobody gets an answer, no stream an end. */
  crash(): Promise<void>;
  /** Starts it again at the same address, with the database as it was left. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRolecall(env: Record<string, string> = {}): Promise<RolecallServer> {
  const port = await freeTcpPort();
  const url = `http://127.0.0.1:${port}`;
  const [database, livekit] = await Promise.all([
    createTestDatabase(),
    startLiveKitServer({ webhookUrl: `${url}/livekit/webhook` }),
  ]);
  const start = () =>
    startProcess(url, {
      PORT: String(port),
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      ROLECALL_HOME: database.home,
      LIVEKIT_URL: livekit.url,
      LIVEKIT_API_KEY: livekit.apiKey,
      LIVEKIT_API_SECRET: livekit.apiSecret,
      ...env,
    });
  const release = () => Promise.all([livekit.stop(), database.drop()]);
  let child: ServerProcess;
  try {
    child = await start();
  } catch (error) {
    await release();
    throw error;
  }
  return {
    url,
    livekit,
    databaseUrl: database.appUrl,
    asOwner: (...statements) => database.asOwner(...statements),
    crash: () => child.end('SIGKILL'),
    restart: async () => {
      child = await start();
    },
    stop: async () => {
      await child.end('SIGTERM');
      await release();
    },
  };
}

interface ServerProcess {
  end(signal: NodeJS.Signals): Promise<void>;
}

async function startProcess(url: string, env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: {
      ...COMPILE_CACHE,
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      ROLECALL_ADMIN_EMAIL: ADMIN.email,
      ROLECALL_ADMIN_PASSWORD: ADMIN.password,
      ROLECALL_LOG: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endAtOnce = () => void child.kill('SIGKILL');
  process.once('exit', endAtOnce);
  let output = '';
  const hear = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);

  const stop = async (signal: NodeJS.Signals) => {
    await end(child, signal);
    process.removeListener('exit', endAtOnce);
  };
  try {
    await until(
      'Rolecall is ready',
      async () => {
        if (child.exitCode !== null) throw new Error(`Rolecall ended:\n${output}`);
        return fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      START_LIMIT_MS,
    );
  } catch (error) {
    await stop('SIGTERM');
    throw error;
  }
  return { end: stop };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
