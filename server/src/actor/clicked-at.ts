import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A clock that is further off, or a request that took longer, says nothing about a click. */
const LONGEST_MS = 60_000;

/**
 * When the moderator clicked, in milliseconds since the epoch: so long ago as `X-Action-Age` says
 * (milliseconds, which need no common clock), or at `X-Action-At`, else when the request came.
 * Never later than that, nor long before.
 */
export const ClickedAt = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const http = context.switchToHttp();
  const { headers } = http.getRequest<FastifyRequest>();
  const came = Date.now() - http.getResponse<FastifyReply>().elapsedTime;
  return clickedAt({ age: headers['x-action-age'], at: headers['x-action-at'] }, came);
});

export function clickedAt(said: { age?: unknown; at?: unknown }, came: number): number {
  const age = millisecondsOf(said.age);
  const clicked = age === null ? millisecondsOf(said.at) : came - age;
  if (clicked === null) return came;
  return Math.max(came - LONGEST_MS, Math.min(came, clicked));
}

function millisecondsOf(said: unknown): number | null {
  return typeof said === 'string' && /^\d{1,15}$/.test(said) ? Number(said) : null;
}
