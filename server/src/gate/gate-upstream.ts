import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { Inject, Injectable } from '@nestjs/common';
import { clientAddress } from '../common/http/client-address.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { toHttpUrl } from '../livekit/livekit.settings.js';
import { limitedHeaders } from './gate-allowed.js';
import { type GateTarget, isResume, upstreamUri } from './gate-paths.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** The gate's own requests to LiveKit, for a client. */
@Injectable()
export class GateUpstream {
  constructor(@Inject(APP_CONFIG) private readonly config: AppConfig) {}

  /** The answer to a request without an upgrade. */
  ask(
    target: GateTarget,
    request: IncomingMessage,
    token: string,
    body: Buffer | null,
    method?: string,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const length: Record<string, string> = body
        ? { 'content-length': String(body.byteLength) }
        : {};
      const upstream = this.request(target, request, token, length, method);
      upstream.once('response', resolve);
      upstream.on('error', reject);
      upstream.end(body ?? undefined);
    });
  }

  /** The request to LiveKit: our token, and of the client's headers and query what it needs. */
  request(
    target: GateTarget,
    request: IncomingMessage,
    token: string,
    extra: Record<string, string>,
    method = request.method ?? 'GET',
  ): http.ClientRequest {
    const base = new URL(toHttpUrl(this.config.livekit.url ?? ''));
    const send = base.protocol === 'https:' ? https.request : http.request;
    const upstream = send({
      protocol: base.protocol,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path: base.pathname.replace(/\/$/, '') + upstreamUri(target),
      method,
      agent: false,
      headers: {
        ...headersFor(target, request),
        ...extra,
        host: base.host,
        authorization: `Bearer ${token}`,
        'x-forwarded-for': this.addressOf(request),
      },
    });
    upstream.setTimeout(CONNECT_TIMEOUT_MS, () => {
      upstream.destroy(new Error('no answer in time'));
    });
    return upstream;
  }

  /** The client's address; behind trusted proxies, the one that they report. */
  addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.config.trustProxy);
  }
}

/** What LiveKit says to a resume is read here first: not packed. */
function headersFor(target: GateTarget, { headers }: IncomingMessage): Record<string, string> {
  const { 'sec-websocket-extensions': extensions, ...rest } = limitedHeaders(
    target.action,
    headers,
  );
  return extensions === undefined || isResume(target)
    ? rest
    : { ...rest, 'sec-websocket-extensions': extensions };
}
