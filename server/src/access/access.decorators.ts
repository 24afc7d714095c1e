import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Actor } from './actor.js';
import type { Permission } from './permissions.js';

export const ACCESS_RULE = 'rolecall:access-rule';

export type AccessRule =
  | { kind: 'public'; why: string }
  | { kind: 'signed_in' }
  | { kind: 'permission'; permission: Permission; roomParam: string | null };

/** Open to anybody, on purpose; `why` shows in the checked-in table of routes. */
export const Public = (why: string) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'public', why });

/** Any operator or API key that is signed in. */
export const SignedIn = () => SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'signed_in' });

/**
 * Needs `permission`. With `room` (a path parameter's name) it must hold in that room; somebody who
 * holds it elsewhere gets 404, because they may not even see the room.
 */
export const RequirePermission = (permission: Permission, options: { room?: string } = {}) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, {
    kind: 'permission',
    permission,
    roomParam: options.room ?? null,
  });

export interface RequestWithActor extends FastifyRequest {
  actor?: Actor;
}

/** The `Actor` that the guard found. Only on routes that are not public. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const request = context.switchToHttp().getRequest<RequestWithActor>();
  if (!request.actor) throw new Error('CurrentActor on a public route');
  return request.actor;
});
