import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  JobType,
  RegisterWorkerRequest,
  type ServerInfo,
  ServerMessage,
  WorkerMessage,
} from '@livekit/protocol';
import { WebSocket } from 'undici';
import { holesOf } from './known-holes.js';
import { LiveKitClock } from './livekit-clock.js';
import { LiveKitHealth } from './livekit.health.js';
import { LIVEKIT_SETTINGS, type LiveKitSettings, toHttpUrl } from './livekit.settings.js';
import { TokenSigner } from './signer.js';

const TIMEOUT_MS = 2_000;
const TOKEN_SECONDS = 60;
/** One of several servers behind a load balancer may be replaced without a break. */
const MAX_AGE_MS = 10 * 60_000;
/** After a failure; a status page is read again and again. */
const RETRY_MS = 60_000;

/**
 * Which LiveKit runs. No call of its API says so; its answer to an agent's worker does. So a worker
 * registers under a name of its own, to which nothing is dispatched, and leaves on the answer. No
 * room, no participant and no webhook comes of it.
 */
@Injectable()
export class LiveKitVersion implements OnApplicationShutdown {
  private readonly log = new Logger(LiveKitVersion.name);
  private readonly signer: TokenSigner | null;
  private readonly stopListening: () => void;
  private known: { version: string | null; until: number } | null = null;
  private asking: Promise<string | null> | null = null;

  constructor(
    @Inject(LIVEKIT_SETTINGS) private readonly settings: LiveKitSettings | null,
    private readonly health: LiveKitHealth,
    private readonly clock: LiveKitClock,
  ) {
    this.signer = settings && new TokenSigner(settings);
    this.stopListening = health.onReturn(() => (this.known = null));
  }

  onApplicationShutdown(): void {
    this.stopListening();
  }

  /** Such as `1.13.5`; null while it is not known. Calls that come meanwhile share the answer. */
  read(): Promise<string | null> {
    if (this.health.status.state !== 'up') return Promise.resolve(null);
    if (this.known && performance.now() < this.known.until) {
      return Promise.resolve(this.known.version);
    }
    this.asking ??= this.learn().finally(() => (this.asking = null));
    return this.asking;
  }

  private async learn(): Promise<string | null> {
    const version = await this.ask().catch((error: unknown) => {
      this.log.debug('LiveKit does not tell its version', { error });
      return null;
    });
    this.known = { version, until: performance.now() + (version ? MAX_AGE_MS : RETRY_MS) };
    const holes = version && holesOf(version);
    if (holes && holes.length > 0) {
      const ids = holes.map(({ id }) => id);
      this.log.debug(`LiveKit ${version} has known weaknesses`, { ids });
    }
    return version;
  }

  private async ask(): Promise<string | null> {
    const { settings, signer } = this;
    if (!settings || !signer) return null;
    const now = Math.floor(this.clock.now().getTime() / 1_000);
    const token = signer.sign({ nbf: now, exp: now + TOKEN_SECONDS, video: { agent: true } });
    const url = `${toHttpUrl(settings.url).replace(/^http/, 'ws')}/agent`;
    const headers = { authorization: `Bearer ${token}` };
    const info = await register(new WebSocket(url, { headers }));
    return info?.version || null;
  }
}

function register(socket: WebSocket): Promise<ServerInfo | undefined> {
  socket.binaryType = 'arraybuffer';
  return new Promise<ServerInfo | undefined>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('LiveKit does not answer')), TIMEOUT_MS);
    const settle = (end: () => void) => {
      clearTimeout(timer);
      end();
    };
    socket.addEventListener('open', () => socket.send(registration()));
    socket.addEventListener('message', ({ data }) =>
      settle(() => {
        const answer = ServerMessage.fromBinary(new Uint8Array(data as ArrayBuffer)).message;
        resolve(answer.case === 'register' ? answer.value.serverInfo : undefined);
      }),
    );
    socket.addEventListener('error', () =>
      settle(() => reject(new Error('LiveKit takes no worker'))),
    );
    socket.addEventListener('close', () =>
      settle(() => reject(new Error('LiveKit closed the connection'))),
    );
  }).finally(() => socket.close());
}

function registration(): Uint8Array<ArrayBuffer> {
  const value = new RegisterWorkerRequest({
    type: JobType.JT_ROOM,
    agentName: `rolecall-version-${randomUUID()}`,
    version: '1',
  });
  return new Uint8Array(new WorkerMessage({ message: { case: 'register', value } }).toBinary());
}
