import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveApp, startLiveApp } from './live-app.js';
import { LiveScene } from './live-scene.js';
import { LiveKitDouble } from './livekit-double/livekit-double.js';
import type { DoubleOptions } from './livekit-double/model.js';
import type { TestDatabase } from './test-database.js';

/** Rolecall on the LiveKit double, which sends it its webhooks. */
export interface DoubleWorld {
  readonly livekit: LiveKitDouble;
  readonly app: LiveApp;
  readonly scene: LiveScene;
  /** Servers on the same database, `app` the first of them. */
  readonly servers: readonly LiveApp[];
  stop(): Promise<void>;
}

export interface DoubleWorldOptions extends DoubleOptions {
  readonly servers?: number;
  /** Used instead of a new database, for example one that the test kills. The test drops it. */
  readonly database?: TestDatabase;
}

export async function startDoubleWorld(
  env: Record<string, string> = {},
  { servers: count = 1, database, ...options }: DoubleWorldOptions = {},
): Promise<DoubleWorld> {
  const port = await freeTcpPort();
  const webhookUrl = `http://127.0.0.1:${port}/livekit/webhook`;
  const livekit = await LiveKitDouble.start({ webhookUrl, ...options });
  const app = await startLiveApp({ livekit, port, env, ...(database && { database }) });
  const servers = [app];
  while (servers.length < count) {
    servers.push(await startLiveApp({ livekit, database: app.database, env }));
  }
  const stop = async () => {
    for (const server of servers.toReversed()) await server.stop();
    await livekit.stop();
  };
  return { livekit, app, scene: new LiveScene(app, livekit), servers, stop };
}
