import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import {
  type LiveKitServer,
  startLiveKitServer,
} from '../../../server/test/support/livekit-server.js';
import { createTestDatabase } from '../../../server/test/support/test-database.js';
import { until } from '../../../server/test/support/until.js';

const MAIN = fileURLToPath(new URL('../../../server/dist/main.js', import.meta.url));
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };

/** The built server as `npm start` runs it, with a database and a LiveKit server of its own. */
export interface RolecallServer {
  readonly url: string;
  readonly livekit: LiveKitServer;
  stop(): Promise<void>;
}

export async function startRolecall(): Promise<RolecallServer> {
  const port = await freeTcpPort();
  const url = `http://127.0.0.1:${port}`;
  const [database, livekit] = await Promise.all([
    createTestDatabase(),
    startLiveKitServer({ webhookUrl: `${url}/livekit/webhook` }),
  ]);
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      LIVEKIT_URL: livekit.url,
      LIVEKIT_API_KEY: livekit.apiKey,
      LIVEKIT_API_SECRET: livekit.apiSecret,
      ROLECALL_ADMIN_EMAIL: ADMIN.email,
      ROLECALL_ADMIN_PASSWORD: ADMIN.password,
      ROLECALL_LOG: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endAtOnce = () => void child.kill('SIGKILL');
  process.once('exit', endAtOnce);
  let output = '';
  const hear = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);

  const stop = async () => {
    await end(child);
    process.removeListener('exit', endAtOnce);
    await Promise.all([livekit.stop(), database.drop()]);
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
    await stop();
    throw error;
  }
  return { url, livekit, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
