import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveApp, startLiveApp } from './live-app.js';
import { LiveScene } from './live-scene.js';
import {
  type LiveKitServer,
  type LiveKitServerOptions,
  startLiveKitServer,
} from './livekit-server.js';
import { type ParticipantProcess, startParticipants } from './participants.js';

/** One Rolecall and one LiveKit that know of each other, and a process for participants. */
export interface LiveWorld {
  readonly livekit: LiveKitServer;
  readonly app: LiveApp;
  readonly scene: LiveScene;
  /** Started when somebody asks for it. */
  readonly people: ParticipantProcess;
  /** Where participants connect when the gate is on. */
  readonly gate: string;
  stop(): Promise<void>;
}

/** `env`: the configuration of Rolecall in which it differs from that of `startLiveApp`. */
export async function startLiveWorld(
  env: Record<string, string>,
  options: Omit<LiveKitServerOptions, 'webhookUrl'> = {},
): Promise<LiveWorld> {
  const port = await freeTcpPort();
  const webhookUrl = `http://127.0.0.1:${port}/livekit/webhook`;
  const livekit = await startLiveKitServer({ ...options, webhookUrl });
  const app = await startLiveApp({ livekit, port, env });
  let people: ParticipantProcess | null = null;
  return {
    livekit,
    app,
    scene: new LiveScene(app, livekit),
    get people() {
      return (people ??= startParticipants());
    },
    gate: app.url.replace('http', 'ws'),
    stop: async () => {
      await people?.stop();
      await app.stop();
      await livekit.stop();
    },
  };
}
