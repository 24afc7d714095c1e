import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A clock that is further off, or a request that took longer, says nothing about a click. */
const LONGEST_MS = 60_000;

/**
 * When the moderator clicked, in milliseconds since the epoch: what the dashboard says in
 * `X-Action-At`, else when the request came. Never later than that, nor long before.
 */
export const ClickedAt = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const http = context.switchToHttp();
  const said = http.getRequest<FastifyRequest>().headers['x-action-at'];
  const came = Date.now() - http.getResponse<FastifyReply>().elapsedTime;
  return clickedAt(typeof said === 'string' ? said : undefined, came);
});

export function clickedAt(said: string | undefined, came: number): number {
  if (said === undefined || !/^\d{1,15}$/.test(said)) return came;
  return Math.max(came - LONGEST_MS, Math.min(came, Number(said)));
}
