import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveApp, startLiveApp } from './live-app.js';
import { LiveScene } from './live-scene.js';
import {
  type LiveKitServer,
  type LiveKitServerOptions,
  startLiveKitServer,
} from './livekit-server.js';
import { type ParticipantProcess, startParticipants } from './participants.js';
import type { TestDatabase } from './test-database.js';

/** One Rolecall and one LiveKit that know of each other, and a process for participants. */
export interface LiveWorld {
  readonly livekit: LiveKitServer;
  readonly app: LiveApp;
  /** Servers on the same database, `app` the first of them. */
  readonly servers: readonly LiveApp[];
  readonly scene: LiveScene;
  /** Started when somebody asks for it. */
  readonly people: ParticipantProcess;
  /** Where participants connect when the gate is on. */
  readonly gate: string;
  stop(): Promise<void>;
}

export interface LiveWorldOptions extends Omit<LiveKitServerOptions, 'webhookUrl'> {
  readonly servers?: number;
  /** Used instead of a new database, for example one that the test kills. The test drops it. */
  readonly database?: TestDatabase;
  /** Where LiveKit sends webhooks; to Rolecall when left out, nowhere when null. */
  readonly webhookUrl?: string | null;
}

/** `env`: the configuration of Rolecall in which it differs from that of `startLiveApp`. */
export async function startLiveWorld(
  env: Record<string, string> = {},
  { servers: count = 1, database, webhookUrl, ...options }: LiveWorldOptions = {},
): Promise<LiveWorld> {
  const port = await freeTcpPort();
  const to = webhookUrl === undefined ? `http://127.0.0.1:${port}/livekit/webhook` : webhookUrl;
  const livekit = await startLiveKitServer({ ...options, ...(to !== null && { webhookUrl: to }) });
  const app = await startLiveApp({ livekit, port, env, ...(database && { database }) });
  const servers = [app];
  while (servers.length < count) {
    servers.push(await startLiveApp({ livekit, database: app.database, env }));
  }
  let people: ParticipantProcess | null = null;
  return {
    livekit,
    app,
    servers,
    scene: new LiveScene(app, livekit),
    get people() {
      return (people ??= startParticipants());
    },
    gate: app.url.replace('http', 'ws'),
    stop: async () => {
      await people?.stop();
      for (const server of servers.toReversed()) await server.stop();
      await livekit.stop();
    },
  };
}
