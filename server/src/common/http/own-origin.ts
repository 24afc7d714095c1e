import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.js';
import type { AppConfig } from '../../config/app-config.js';
import { isOwnAddress } from './own-address.js';

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

/** At a loopback address the request itself must have gone to the host that the page is at. */
export function isOwnOrigin(origin: string, host: string | undefined, config: AppConfig): boolean {
  if (!isOwnAddress(origin, config.publicUrl)) return false;
  const sent = new URL(origin);
  return (
    sent.origin === new URL(config.publicUrl).origin ||
    (host !== undefined && sent.host === host.toLowerCase())
  );
}
