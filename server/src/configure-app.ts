import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessHook } from './http/access.hook.js';
import { DirectRoutes } from './http/direct-routes.js';
import { AppLogger } from './common/app-logger.js';
import { AppError } from './common/errors/app-error.js';
import { forwardedChain } from './common/http/client-address.js';
import { ConnectionLimits } from './common/http/connection-limits.js';
import { SizeWarnings } from './common/http/size-warnings.js';
import { toProblem } from './http/problem.filter.js';
import { RawBody } from './common/http/raw-body.js';
import type { AppConfig } from './config/app-config.js';
import { WEBHOOK_MAX_BYTES } from './livekit/webhook-verifier.js';
import { Metrics } from './metrics/metrics.service.js';
import { serveUi } from './ui/serve-ui.js';

/** Bytes; metadata and attributes together fit with room to spare. */
export const BODY_LIMIT = 256 * 1024;
/** Anybody can send one to a public route. */
const PUBLIC_BODY_LIMIT = 64 * 1024;
const BODY_LIMITS: Readonly<Record<string, number>> = {
  '/api/v1/session': 16 * 1024,
  '/livekit/webhook': WEBHOOK_MAX_BYTES,
  // Ten thousand identities of the greatest length are named in one request here.
  '/api/v1/rooms/:room/seats/bulk': 4 * 1024 * 1024,
};
const MAX_HEADER_BYTES = 256 * 1024;
/** The rest of a body whose request is answered already is read for so long, and dropped. */
const LINGER_MS = 2_000;

const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/;

export function createAdapter(config: AppConfig): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: (_address: string, hop: number) => hop < config.trustProxy,
    genReqId: requestId,
    forceCloseConnections: true,
    requestTimeout: config.http.requestMs,
    connectionTimeout: config.http.idleMs,
    // Clients put their token into the address of the gate; one with much metadata is long.
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      // Who sends a request line by line, for ever, keeps its place no longer than this.
      headersTimeout: config.http.headersMs,
      connectionsCheckingInterval: 1_000,
      shouldUpgradeCallback: isWebSocketUpgrade,
    },
    // Longer than any request line, so that a name that is too long is asked first who sends it.
    routerOptions: { maxParamLength: 32_768 },
    clientErrorHandler: answerUnreadable,
    rewriteUrl: (request: IncomingMessage) => readableAddress(request.url ?? '/'),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { code } = error as { code?: string };
      const { body } = toProblem(code === 'FST_ERR_BAD_URL' ? wrongUrl() : error, request.id);
      void reply
        .status(body.status)
        // No hook runs for these.
        .header('X-Request-Id', request.id)
        .header('X-Content-Type-Options', 'nosniff')
        .header('Cache-Control', 'no-store')
        .header('Content-Type', 'application/problem+json; charset=utf-8')
        .send(JSON.stringify(body));
    },
  }); // its types leave the kind of server open
}

/** Everything about HTTP that `main` and every test share. */
export async function configureApp(app: NestFastifyApplication, config: AppConfig): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  const access = app.get(AccessHook, { strict: false });
  const direct = app.get(DirectRoutes, { strict: false });
  fastify.addHook('onRoute', (route) => {
    route.handler = direct.handlerOf(String(route.method), route.url) ?? route.handler;
    const isPublic = access.ruleOf(String(route.method), route.url)?.kind === 'public';
    route.bodyLimit ??= BODY_LIMITS[route.url] ?? (isPublic ? PUBLIC_BODY_LIMIT : undefined);
  });
  const connections = app.get(ConnectionLimits);
  connections.watch(fastify.server);
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, bytes, done) => {
    done(null, new RawBody(request.headers['content-type'] ?? '', bytes as Buffer));
  });
  const isSecure = config.publicUrl.startsWith('https:');
  fastify.addHook('onRequest', (request, reply, done) => {
    const forwarded = request.raw.headers['x-forwarded-for'];
    if (typeof forwarded === 'string') {
      request.raw.headers['x-forwarded-for'] = forwardedChain(forwarded).join(', ');
    }
    // Fastify would answer 415 to these before anybody asks who may (401, 403).
    const contentType = request.raw.headers['content-type'];
    if (contentType !== undefined && !MEDIA_TYPE.test(contentType)) {
      delete request.raw.headers['content-type'];
    }
    reply.header('X-Request-Id', request.id);
    reply.header('X-Content-Type-Options', 'nosniff');
    reply.header('X-Frame-Options', 'DENY');
    reply.header('Referrer-Policy', 'no-referrer');
    reply.header('Cross-Origin-Opener-Policy', 'same-origin');
    if (isSecure) reply.header('Strict-Transport-Security', 'max-age=31536000');
    // By the route: `/%61pi/…` and `http://any.host/api/…` lead there as well.
    if (request.is404 || request.routeOptions.url?.startsWith('/api/')) {
      reply.header('Cache-Control', 'no-store');
      reply.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    }
    done();
  });
  // Also without proxies: who sends many on one connection before they read keeps all of them open.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!connections.begin(request.raw, reply.raw, request.ip)) return done(tooManyRequests());
    done();
  });
  fastify.addHook('onRequest', (request, reply) => access.onRequest(request, reply));
  const logger = app.get(AppLogger);
  const sizes = new SizeWarnings(logger);
  fastify.server.on('clientError', ({ code }: { code?: string }) => {
    if (code === 'HPE_HEADER_OVERFLOW') sizes.note('headers', MAX_HEADER_BYTES);
  });
  const metrics = app.get(Metrics);
  fastify.addHook('onResponse', (request, reply, done) => {
    dropUnreadBody(request.raw);
    const route = request.routeOptions.url ?? 'none';
    metrics.requests.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    );
    if (reply.statusCode === 413) {
      sizes.note(`${request.method} ${route}`, request.routeOptions.bodyLimit ?? BODY_LIMIT);
    }
    const isProbe = route === '/healthz' || route === '/readyz';
    const answered = {
      requestId: request.id,
      method: request.method,
      // The route, not the address: addresses hold what people typed.
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    logger.request(answered, isProbe);
    done();
  });
  await serveUi(fastify);
}

/**
 * Java's HTTP client and `curl --http2` offer HTTP/2 with every request: who does not speak it answers
 * as if they had not (RFC 9110, 7.8). Without this, Node would take each one for a WebSocket's.
 */
function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** A client may read its answer before it hangs up; it may not go on sending for long. */
function dropUnreadBody(request: IncomingMessage): void {
  if (request.complete !== false) return; // `inject` has none
  const hangUp = setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
  // Once the body is there, the connection serves further requests.
  request.once('close', () => clearTimeout(hangUp));
}

function tooManyRequests(): AppError {
  return new AppError(
    'unavailable',
    'server.too_many_connections',
    'Too many requests from this address at once. Wait for some, then try again.',
  );
}

function wrongUrl(): AppError {
  const text = 'is not percent-encoded UTF-8';
  return new AppError('bad_request', 'request.wrong_encoding', `The address ${text}.`, {
    errors: { url: text },
  });
}

/** What Node's own parser gives up on: no route, no hook and no guard ever see it. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = UNREADABLE[error.code ?? ''] ?? 400;
  const { body } = toProblem({ code: 'FST_ERR_UNREADABLE', statusCode: status }, randomUUID());
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `X-Request-Id: ${body.requestId}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

const UNREADABLE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Fastify answers 400 to a path that does not decode, before any guard runs, and lets a query that
 * does not decode pass as it is. A NUL is in no value, so with one in its place the guard decides
 * first and the field is named afterwards.
 */
function readableAddress(url: string): string {
  if (!/^\/(api|ledger)\//.test(url) || isDecodable(url)) return url;
  const end = url.search(/[?#]/);
  const path = end === -1 ? url : url.slice(0, end);
  return readable(path, '/') + readable(url.slice(path.length), /([?&=])/);
}

function readable(text: string, separator: string | RegExp): string {
  const parts = text.split(separator).map((part) => (isDecodable(part) ? part : '%00'));
  return parts.join(typeof separator === 'string' ? separator : '');
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A caller's own id is kept when it is harmless, so that one id follows a request through. */
function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{8,100}$/.test(given) ? given : randomUUID();
}
