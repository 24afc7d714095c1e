import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.js';
import type { AppConfig } from '../../config/app-config.js';

/**
 * Cross-site request forgery: a request that carries the session cookie must say that it comes from
 * our own pages. `Origin` decides when it is there (browsers send it with every mutating request),
 * else `Sec-Fetch-Site`. Neither: refused.
 */
export function assertOwnOrigin(request: FastifyRequest, config: AppConfig): void {
  const origin = request.headers.origin;
  const isOwn =
    origin !== undefined
      ? isOwnOrigin(origin, request.headers.host, config)
      : request.headers['sec-fetch-site'] === 'same-origin';
  if (isOwn) return;
  throw new AppError(
    'forbidden',
    'request.wrong_origin',
    `This request does not come from ${config.publicUrl}. If that is not where you opened Rolecall, set PUBLIC_URL.`,
  );
}

/**
 * Our own origin is PUBLIC_URL's. On a loopback address any spelling of it is ours as well
 * (localhost, 127.0.0.1), as long as it is the host that the request itself went to.
 */
export function isOwnOrigin(origin: string, host: string | undefined, config: AppConfig): boolean {
  if (!URL.canParse(origin)) return false;
  const sent = new URL(origin);
  const own = new URL(config.publicUrl);
  if (sent.origin === own.origin) return true;
  return (
    isLoopback(own.hostname) &&
    isLoopback(sent.hostname) &&
    sent.protocol === own.protocol &&
    host !== undefined &&
    sent.host === host.toLowerCase()
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
