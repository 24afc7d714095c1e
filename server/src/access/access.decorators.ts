import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Actor } from './actor.js';
import type { Participant as ProvedParticipant } from './participant-door.js';
import type { Permission } from './permissions.js';

export const ACCESS_RULE = 'rolecall:access-rule';

export type AccessRule =
  | { kind: 'public'; why: string }
  | { kind: 'signed_in' }
  | { kind: 'participant'; roomParam: string }
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

/**
 * A participant of the room that the path names, and nobody else: the LiveKit token that they hold
 * for it proves who they are. Neither a session nor an API key opens it, and such a token opens
 * nothing else. Pages of other origins may call it, since no cookie counts.
 */
export const Participant = (options: { room: string } = { room: 'room' }) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'participant', roomParam: options.room });

export interface RequestWithActor extends FastifyRequest {
  /** The rule by which the guard has let this request in. */
  admittedBy?: AccessRule;
  actor?: Actor;
  participant?: ProvedParticipant;
}

/** The `Actor` that the guard found. Only on routes that are not public. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const request = context.switchToHttp().getRequest<RequestWithActor>();
  if (!request.actor) throw new Error('CurrentActor on a public route');
  return request.actor;
});

/** The `Participant` that the guard let in. Only on their own routes. */
export const CurrentParticipant = createParamDecorator(
  (_: unknown, context: ExecutionContext): ProvedParticipant => {
    const { participant } = context.switchToHttp().getRequest<RequestWithActor>();
    if (!participant) throw new Error('CurrentParticipant on a route of another kind');
    return participant;
  },
);
