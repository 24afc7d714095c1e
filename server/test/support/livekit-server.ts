import { describe } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLiveKitServer, startLiveKit } from '../../../tools/lib/livekit.mjs';
import { freezeProcess } from '../../../tools/lib/processes.mjs';

export interface LiveKitServerOptions {
  /** Where webhooks go; none are sent without one. */
  readonly webhookUrl?: string;
  /** Seconds that a room outlives its last participant. Short, so that tests see rooms end. */
  readonly departureTimeout?: number;
  /** Off: as LiveKit is without `room.enable_remote_unmute`. */
  readonly isRemoteUnmuteOn?: boolean;
}

/** A LiveKit server of its own, on loopback, for one test file. */
export interface LiveKitServer {
  readonly url: string;
  readonly httpUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Kills it as a crash would: no webhook, no goodbye. */
  crash(): Promise<void>;
  /** Starts it again at the same address, knowing nothing of before. */
  restart(): Promise<void>;
  /** Stops its clock: it is there, and does not answer. */
  freeze(): void;
  thaw(): void;
  log(): string;
  stop(): Promise<void>;
}

const API_KEY = 'APItest';
const API_SECRET = 'test-secret-of-the-livekit-server-for-tests';
const checkout = fileURLToPath(new URL('../../../', import.meta.url));

const binary = await findLiveKitServer({
  home: process.env['ROLECALL_HOME'] ?? join(checkout, '.rolecall'),
  build: false,
});
if (!binary && process.env['REQUIRE_LIVEKIT']) {
  throw new Error('REQUIRE_LIVEKIT is set and there is no livekit-server to test against');
}

/** A suite that needs a LiveKit server; reported as skipped, by name, on a machine without one. */
export const describeLive: (name: string, suite: () => void) => void = binary
  ? describe
  : (name, suite) => describe.skip(`${name} (skipped: there is no livekit-server)`, suite);

export async function startLiveKitServer(
  options: LiveKitServerOptions = {},
): Promise<LiveKitServer> {
  if (!binary) throw new Error('there is no livekit-server');
  const dir = mkdtempSync(join(tmpdir(), 'rolecall-livekit-'));
  const server = await startLiveKit({
    bin: binary,
    dir,
    key: API_KEY,
    secret: API_SECRET,
    departureTimeout: options.departureTimeout ?? 3,
    isRemoteUnmuteOn: options.isRemoteUnmuteOn ?? true,
    ...(options.webhookUrl ? { webhookUrl: options.webhookUrl } : {}),
  });
  const signal = (name: NodeJS.Signals) => void (server.pid && process.kill(server.pid, name));
  return {
    url: server.wsUrl,
    httpUrl: server.httpUrl,
    apiKey: API_KEY,
    apiSecret: API_SECRET,
    crash: () => server.kill9(),
    restart: () => server.restart(),
    freeze: () => void (server.pid && freezeProcess(server.pid)),
    thaw: () => signal('SIGCONT'),
    log: () => readFileSync(server.logFile, 'utf8'),
    stop: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
