import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { FairQuota } from '../fair-quota.js';
import { Loop } from '../loop.js';
import { networkOf } from './client-address.js';

/** A client that is refused may read its answer for so long … */
const LINGER_MS = 1_000;
/** … while no more than these wait to do so. */
const MAX_LINGERING = 1_000;
const HEADER_CHECK_MS = 500;
const WARN_EVERY_MS = 60_000;

/** Whose share a request is counted in; null: in nobody's. */
interface CountedRequest {
  key: string | null;
}

interface OpenConnection {
  readonly socket: Socket;
  readonly key: string;
  /** Requests under way: one client may send many before it reads an answer. */
  readonly busy: Map<ServerResponse, CountedRequest>;
  /** Bytes that had come when the last request ended. */
  bytesBefore: number;
  isExempt: boolean;
}

/**
 * Bounds what connections cost: how many there are, in all and from one address, how many requests
 * are under way on them, and how much of half-sent headers they hold. Authenticated streams do not
 * count.
 */
@Injectable()
export class ConnectionLimits implements OnApplicationShutdown {
  private readonly log = new Logger(ConnectionLimits.name);
  private readonly quota: FairQuota;
  private readonly requests: FairQuota;
  private readonly open = new Map<Duplex, OpenConnection>();
  private lingering = 0;
  private refused = 0;
  private lastWarnedAt = -Infinity;
  private readonly headerChecks = new Loop(
    { name: 'bounding half-sent headers', everyMs: HEADER_CHECK_MS, log: this.log },
    () => this.boundHeaders(),
  );

  constructor(@Inject(APP_CONFIG) private readonly config: AppConfig) {
    const { connections, connectionsPerAddress } = config.http;
    const most = { perKey: connectionsPerAddress, inAll: connections };
    this.quota = new FairQuota(most);
    this.requests = new FairQuota(most);
  }

  /** Runs before Node's own handling of connections: a refused one never gets a parser. */
  watch(server: Server): void {
    const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (!this.admit(socket)) return;
      for (const listener of listeners) listener.call(server, socket);
    });
    // Before the handlers, which count it.
    server.prependListener('request', (request, response) => this.follow(request, response));
    this.headerChecks.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.headerChecks.stop();
  }

  /**
   * Counts a request of this client until it is answered or its connection is gone. False: the client
   * has too many under way.
   */
  begin({ socket }: IncomingMessage, response: ServerResponse, address: string): boolean {
    const counted = this.open.get(socket)?.busy.get(response);
    if (!counted) return true; // only tests ask without a connection
    const key = networkOf(address);
    if (!this.requests.tryAcquire(key)) return false;
    counted.key = key;
    return true;
  }

  /** An authenticated stream does not count until `response` ends; without one, for ever. */
  exempt(socket: Duplex, response?: ServerResponse): void {
    const held = this.open.get(socket);
    if (!held || held.isExempt) return;
    held.isExempt = true;
    this.quota.release(held.key);
    if (response) this.uncount(held.busy.get(response));
    response?.once('close', () => {
      if (!this.open.has(socket)) return;
      held.isExempt = false;
      this.quota.acquire(held.key);
    });
  }

  private admit(socket: Socket): boolean {
    const isProxy = this.config.trustProxy > 0;
    // Behind proxies every connection comes from one of them: there requests are counted.
    const key = isProxy ? '' : networkOf(socket.remoteAddress ?? '');
    if (!this.take(key, isProxy)) {
      this.refuse(socket);
      return false;
    }
    const held: OpenConnection = { socket, key, busy: new Map(), bytesBefore: 0, isExempt: false };
    this.open.set(socket, held);
    socket.once('close', () => {
      this.open.delete(socket);
      if (!held.isExempt) this.quota.release(key);
      // Answers that were to follow others do not say that they are over.
      for (const counted of held.busy.values()) this.uncount(counted);
    });
    return true;
  }

  /** Makes place where it can: of an idle connection of the same address, or of the largest holder. */
  private take(key: string, isProxy: boolean): boolean {
    if (isProxy) {
      if (this.quota.size >= this.config.http.connections) return false;
      this.quota.acquire(key);
      return true;
    }
    if (this.quota.tryAcquire(key)) return true;
    const own = this.find((one) => one.key === key && isIdle(one));
    if (own) this.drop(own);
    else if (this.quota.size >= this.config.http.connections) this.dropOfLargest(key);
    return this.quota.tryAcquire(key);
  }

  private dropOfLargest(newcomer: string): void {
    const key = this.quota.largest();
    if (key === null || this.quota.usedBy(key) < this.quota.usedBy(newcomer) + 2) return;
    const one =
      this.find((other) => other.key === key && isIdle(other)) ??
      this.find((other) => other.key === key && other.busy.size === 0);
    if (one) this.drop(one);
  }

  private find(test: (one: OpenConnection) => boolean): OpenConnection | null {
    for (const one of this.open.values()) if (!one.isExempt && test(one)) return one;
    return null;
  }

  private drop(one: OpenConnection): void {
    one.isExempt = true;
    this.quota.release(one.key);
    one.socket.destroy();
  }

  private follow({ socket }: IncomingMessage, response: ServerResponse): void {
    const held = this.open.get(socket);
    if (!held) return;
    const counted: CountedRequest = { key: null };
    held.busy.set(response, counted);
    response.once('close', () => {
      this.uncount(counted);
      held.busy.delete(response);
      held.bytesBefore = socket.bytesRead;
    });
  }

  private uncount(counted: CountedRequest | undefined): void {
    if (!counted || counted.key === null) return;
    this.requests.release(counted.key);
    counted.key = null;
  }

  private refuse(socket: Socket): void {
    this.warn();
    socket.on('error', () => socket.destroy());
    if (this.lingering >= MAX_LINGERING) {
      socket.destroy();
      return;
    }
    this.lingering++;
    const hangUp = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => {
      clearTimeout(hangUp);
      this.lingering--;
    });
    socket.end(tooMany());
    // Unread bytes would turn the answer into a reset.
    socket.resume();
  }

  /** Node keeps what has come of a request's headers; the largest go when it is too much. */
  private boundHeaders(): void {
    const open = [...this.open.values()]
      .filter((one) => one.busy.size === 0 && !one.isExempt)
      .map((one) => ({ ...one, bytes: one.socket.bytesRead - one.bytesBefore }))
      .sort((a, b) => b.bytes - a.bytes);
    let sum = open.reduce((total, { bytes }) => total + bytes, 0);
    for (const { socket, bytes } of open) {
      if (sum <= this.config.http.headerBytes) return;
      sum -= bytes;
      this.warn();
      socket.destroy();
    }
  }

  private warn(): void {
    this.refused++;
    const now = performance.now();
    if (now - this.lastWarnedAt < WARN_EVERY_MS) return;
    this.lastWarnedAt = now;
    this.log.warn(`${this.refused} connection(s) were refused: too many, or from one address`);
    this.refused = 0;
  }
}

/** It has had an answer, and nothing of a next request has come. */
function isIdle({ socket, busy, bytesBefore }: OpenConnection): boolean {
  return busy.size === 0 && bytesBefore > 0 && socket.bytesRead === bytesBefore;
}

function tooMany(): string {
  const requestId = randomUUID();
  const body = JSON.stringify({
    type: 'urn:rolecall:server.too_many_connections',
    title: 'Service Unavailable',
    status: 503,
    detail: 'Too many connections from this address. Close some, then try again.',
    code: 'server.too_many_connections',
    requestId,
  });
  return [
    'HTTP/1.1 503 Service Unavailable',
    `X-Request-Id: ${requestId}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Retry-After: 2',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
