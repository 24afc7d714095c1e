import type http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { FairQueue, QueueRejection } from '../common/fair-queue.js';
import { withTimeout } from '../common/with-timeout.js';
import { networkOf } from '../common/http/client-address.js';
import { RawBody } from '../common/http/raw-body.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { EXPOSED_HEADERS, MAX_WHIP_BODY_BYTES, responseHeaders } from './gate-allowed.js';
import {
  BUSY,
  type ConnectRequest,
  type GateAnswer,
  type GateRefusal,
  OTHER_CONNECTION,
  SLOW,
} from './gate-answers.js';
import { refuseUpgrade, TOKEN_REFUSED, bufferEarlyBytes } from './gate-sockets.js';
import { type GateTarget, gateTarget, isMethodOpen } from './gate-paths.js';
import { type ConnectAdmission, GateTunnels } from './gate-tunnels.js';
import { GateUpstream } from './gate-upstream.js';
import { GateService } from './gate.service.js';

const DECISION_TIMEOUT_MS = 5_000;
/** After each of the attempts. */
const END_WHIP_PAUSES_MS = [100, 500, 1_000];
/** Some hundred behind one address come back at once when their network does. */
const QUEUE = { atOnce: 64, perKey: 500, inAll: 4_000, patienceMs: 5_000 };

/**
 * Serves LiveKit's signalling at our own address: decides, then joins the two sockets. Media never
 * passes here.
 */
@Injectable()
export class GateProxy implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(GateProxy.name);
  private readonly queue = new FairQueue(QUEUE);

  constructor(
    private readonly gate: GateService,
    private readonly upstream: GateUpstream,
    private readonly adapter: HttpAdapterHost,
    private readonly tunnels: GateTunnels,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  onApplicationBootstrap(): void {
    // The command line runs the same modules without serving anything.
    const adapter = this.adapter.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
    if (!adapter) return;
    const server = adapter.getHttpServer() as http.Server;
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      this.upgrade(request, socket, head).catch((error: unknown) => {
        this.log.error(`an upgrade failed: ${String(error)}`);
        refuseUpgrade(socket, 500, 'Something went wrong.');
      });
    });
  }

  /** Clients reconnect at once, to the server that takes over. */
  beforeApplicationShutdown(): void {
    this.tunnels.closeAll();
  }

  /** A request without an upgrade: the probe that follows a refused connect, or WHIP. */
  async pass(target: GateTarget, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const say = async (status: number, text: string): Promise<void> => {
      if (status === 503) reply.header('Retry-After', '2');
      await reply.status(status).type('text/plain; charset=utf-8').send(text);
    };
    reply.header('Access-Control-Allow-Origin', '*').header('Cache-Control', 'no-store');
    // LiveKit gives the same answer without an upgrade.
    if (target.action === 'connect') return say(404, 'Connect with a WebSocket.');
    const body = request.body instanceof RawBody ? request.body.bytes : null;
    if ((body?.byteLength ?? 0) > MAX_WHIP_BODY_BYTES) return say(413, 'The body is too large.');
    const answer = await this.decide({
      target,
      authorization: request.headers.authorization,
      ip: request.ip,
      requestId: String(request.id),
      isJoinedHere: true,
    });
    if (answer.status !== 200) {
      // A page of another origin may read it, to tell our answer from LiveKit's.
      reply.header('X-Rolecall-Code', answer.code);
      reply.header('Access-Control-Expose-Headers', 'X-Rolecall-Code');
      return say(answer.status, answer.text);
    }
    if (answer.token === null) return say(200, 'success');
    try {
      const upstream = await this.upstream.ask(target, request.raw, answer.token, body);
      const status = upstream.statusCode ?? 502;
      if (target.action === 'whip_publish') {
        // What LiveKit refused changes nothing for the connection that is there.
        if (status !== 201) await this.gate.withdraw(answer);
        else if (!(await this.gate.takesOver(answer).catch(() => false))) {
          upstream.resume();
          await this.endWhip(upstream, request.raw, answer.token);
          return await say(OTHER_CONNECTION.status, OTHER_CONNECTION.text);
        }
      }
      if (status === 401) {
        upstream.resume();
        return await say(status, TOKEN_REFUSED);
      }
      reply.header('Access-Control-Expose-Headers', EXPOSED_HEADERS);
      await reply.status(status).headers(responseHeaders(upstream.headers)).send(upstream);
    } catch (error) {
      if (target.action === 'whip_publish') await this.gate.withdraw(answer);
      this.log.warn(`LiveKit cannot be reached: ${String(error)}`);
      await say(503, 'LiveKit cannot be reached.');
    }
  }

  /**
   * Ends a WHIP session that LiveKit has begun: by its address, which names it and no other one. Its
   * client never learns LiveKit's answer, so nothing can come over one that does not end.
   */
  private async endWhip(
    { headers }: IncomingMessage,
    request: IncomingMessage,
    token: string,
  ): Promise<void> {
    const session = gateTarget(whipPath(headers.location ?? ''));
    if (session?.action !== 'whip_session') throw new Error('a WHIP session without an address');
    for (const pauseMs of END_WHIP_PAUSES_MS) {
      try {
        const ended = await this.upstream.ask(session, request, token, null, 'DELETE');
        ended.resume();
        if ((ended.statusCode ?? 500) < 500) return;
      } catch (error) {
        this.log.warn(`a WHIP session is not ended yet: ${String(error)}`);
      }
      await delay(pauseMs);
    }
    this.log.error('a WHIP session of another connection could not be ended');
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const target = gateTarget(request.url ?? '');
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const isOn = this.config.isGateOn && this.config.livekit.url !== null;
    if (!target || !isWebSocket || !isOn || target.action !== 'connect') {
      refuseUpgrade(socket, 404, 'There is nothing here.');
      return;
    }
    if (!isMethodOpen(target, request.method ?? '')) {
      refuseUpgrade(socket, 405, 'Connect with GET.');
      return;
    }
    if (hasBody(request)) {
      refuseUpgrade(socket, 400, 'A connect has no body.');
      return;
    }
    const connectRequest = {
      target,
      authorization: request.headers.authorization,
      ip: this.upstream.addressOf(request),
      requestId: randomUUID(),
      isJoinedHere: true,
    };
    const early = bufferEarlyBytes(socket, head);
    const refuse = ({ status, text }: GateRefusal): null => {
      refuseUpgrade(socket, status, text);
      return null;
    };
    const connect = (admission: ConnectAdmission) =>
      this.tunnels.open({ connectRequest, request, socket, early }, admission);
    const later = await this.queued<ConnectAdmission | null>(
      connectRequest,
      async () => {
        if (socket.destroyed) return null;
        const answer = await this.decideInTime(connectRequest);
        if (answer.status !== 200) return refuse(answer);
        const { token } = answer;
        if (token === null) throw new Error('a connect without a token');
        const admitted = { ...answer, token };
        if (admitted.notBefore) return admitted;
        await this.connectOrStartRoom(socket, admitted, connect);
        return null;
      },
      refuse,
    );
    if (!later) return;
    await waitUntil(later.notBefore);
    await this.queued(
      connectRequest,
      () => this.connectOrStartRoom(socket, later, connect),
      (busy) => {
        void this.gate.withdraw(later);
        return refuse(busy);
      },
    );
  }

  /** Decides in the order in which callers may, and within a time that they can wait for. */
  async decide(connectRequest: ConnectRequest): Promise<GateAnswer> {
    const answer = await this.queued<GateAnswer>(
      connectRequest,
      () => this.decideInTime(connectRequest),
      (busy) => busy,
    );
    if (answer.status === 200) await waitUntil(answer.notBefore);
    return answer;
  }

  private async queued<T>(
    { ip }: ConnectRequest,
    work: () => Promise<T>,
    onBusy: (busy: GateRefusal) => T,
  ): Promise<T> {
    try {
      return await this.queue.run(networkOf(ip), work);
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      return onBusy(BUSY);
    }
  }

  private async connectOrStartRoom(
    socket: Duplex,
    answer: ConnectAdmission,
    connect: (answer: ConnectAdmission) => Promise<boolean>,
  ): Promise<null> {
    if (!socket.destroyed) {
      if (await connect(answer)) return null;
      // Rolecall has the room but LiveKit does not run it: start it, and try once more.
      await this.gate.startRoom(answer.room).catch(() => undefined);
      if (await connect(answer)) return null;
    }
    await this.gate.withdraw(answer);
    refuseUpgrade(socket, 404, 'The room does not run.');
    return null;
  }

  /** A client must not wait for ever for a database that hangs. */
  private decideInTime(connectRequest: ConnectRequest): Promise<GateAnswer> {
    const deciding = this.gate.decide(connectRequest);
    return withTimeout(deciding, DECISION_TIMEOUT_MS, () => {
      // Nobody will connect with what comes of it.
      void deciding
        .then((late) => (late.status === 200 ? this.gate.withdraw(late) : undefined))
        .catch((error: unknown) => this.log.warn(`a late decision failed: ${String(error)}`));
      return SLOW;
    });
  }
}

/** LiveKit may answer with a whole URL. */
function whipPath(location: string): string {
  return URL.parse(location, 'http://livekit')?.pathname ?? '';
}

async function waitUntil(at: Date | null): Promise<void> {
  if (at) await delay(Math.max(0, at.getTime() - Date.now()));
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
