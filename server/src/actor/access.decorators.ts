import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Actor } from './actor.js';
import type { Permission } from './permissions.js';

export const ACCESS_RULE = 'rolecall:access-rule';

export type AccessRule =
  | { kind: 'public'; why: string }
  | { kind: 'signed_in'; isForOperators: boolean }
  | { kind: 'participant'; roomParam: string }
  | { kind: 'any_permission'; permissions: readonly Permission[] }
  | {
      kind: 'permission';
      permission: Permission;
      roomParam: string | null;
      /** A room limit is not enough: what changes concerns every room. */
      isEverywhere: boolean;
      byField: PermissionByField | null;
      /** An end user's own JWT opens it as well, for themselves. */
      isForEndUsers: boolean;
      /** What it counts as; `files` are many, and cheap to answer. */
      budget: 'requests' | 'files';
    };

/** A field of the body that says which further permission is needed. */
export interface PermissionByField {
  readonly field: string;
  /** Value of the field → permission. */
  readonly permissions: Readonly<Record<string, Permission>>;
}

/** Open to anybody, on purpose; `why` shows in the checked-in table of routes. */
export const Public = (why: string) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'public', why });

/** Any operator or API key that is signed in; with `operators`, no API key. */
export const SignedIn = (options: { operators?: boolean } = {}) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, {
    kind: 'signed_in',
    isForOperators: options.operators ?? false,
  });

/**
 * Needs `permission`. With `room` (a path parameter's name) it must hold in that room; somebody who
 * holds it elsewhere gets 404, because they may not even see the room. With `everywhere` it must
 * hold in all rooms. With `by` the body's field names a further permission, which is checked before
 * the rest of the body is; while the field is missing or wrong, one of them has to be held. With
 * `endUsers` an end user's JWT opens it too, and pages of the listed origins may call it. `files` has
 * a budget of its own, so that reading all files of the log leaves the operator their other requests.
 */
export const RequirePermission = (
  permission: Permission,
  options: {
    room?: string;
    everywhere?: boolean;
    by?: PermissionByField;
    endUsers?: boolean;
    files?: boolean;
  } = {},
) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, {
    kind: 'permission',
    permission,
    roomParam: options.room ?? null,
    isEverywhere: options.everywhere ?? false,
    byField: options.by ?? null,
    isForEndUsers: options.endUsers ?? false,
    budget: options.files ? 'files' : 'requests',
  });

/**
 * Needs one of them somewhere. Which one, and in which room, is known only once the thing that the
 * path names is found: the service decides that, and who holds none is refused before.
 */
export const RequireAnyPermission = (permissions: readonly Permission[]) =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'any_permission', permissions });

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
  /** When it did, by `performance.now()`. */
  admittedAt?: number;
  actor?: Actor;
}

/** The `Actor` that the guard found. Only on routes that are not public. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const request = context.switchToHttp().getRequest<RequestWithActor>();
  if (!request.actor) throw new Error('CurrentActor on a public route');
  return request.actor;
});
