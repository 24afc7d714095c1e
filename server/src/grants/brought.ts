import type { ParticipantPermission, PermissionLike, VideoGrantClaim } from './compile-grant.js';
import { canonicalSources } from './role-grants.js';

/** Grants that only a token gives: no permission of a participant has them. */
export type TokenOnlyGrants = Pick<VideoGrantClaim, TokenOnlyFlag | 'destinationRoom'>;

type TokenOnlyFlag = (typeof TOKEN_ONLY_FLAGS)[number];

const TOKEN_ONLY_FLAGS = [
  'roomAdmin',
  'roomCreate',
  'roomList',
  'roomRecord',
  'ingressAdmin',
] as const;

/** What a token says that its holder brings along. */
export interface BroughtByToken {
  readonly permission: PermissionLike;
  /** Left out: none, or LiveKit told of the permission, and it tells of no such grant. */
  readonly tokenOnly?: TokenOnlyGrants;
}

/** What a participant without a token of Rolecall had before a role replaced it. */
export interface Brought extends BroughtByToken {
  /** The connection that had it; null: it was in the token that they came with. */
  readonly of: string | null;
  /** The connection that has been given it back since, and does with it what LiveKit allows. */
  readonly givenTo: string | null;
}

/** What a connection has once the role has ended. Another one than had it gets no more than it has. */
export function givenBack(
  { permission, of }: Brought,
  sid: string | null,
  has: PermissionLike,
): PermissionLike {
  return of !== null && of === sid ? permission : atMost(has, permission);
}

/** What both have. */
export function atMost(has: PermissionLike, most: PermissionLike): ParticipantPermission {
  const sources = canonicalSources(has.canPublishSources).filter((source) =>
    most.canPublishSources.includes(source),
  );
  return {
    canSubscribe: has.canSubscribe && most.canSubscribe,
    canPublish: has.canPublish && most.canPublish && sources.length > 0,
    canPublishSources: sources,
    canPublishData: has.canPublishData && most.canPublishData,
    canUpdateMetadata: has.canUpdateMetadata && most.canUpdateMetadata,
    canSubscribeMetrics: has.canSubscribeMetrics && most.canSubscribeMetrics,
    canManageAgentSession: has.canManageAgentSession && most.canManageAgentSession,
    hidden: has.hidden && most.hidden,
    recorder: has.recorder && most.recorder,
    agent: has.agent && most.agent,
  };
}

/** Those of a `video` claim. */
export function tokenOnlyOf(video: Readonly<Record<string, unknown>>): TokenOnlyGrants {
  const { destinationRoom } = video;
  const flags = TOKEN_ONLY_FLAGS.filter((flag) => video[flag] === true);
  return {
    ...Object.fromEntries(flags.map((flag) => [flag, true] as const)),
    ...(typeof destinationRoom === 'string' && destinationRoom !== '' ? { destinationRoom } : {}),
  };
}

/** What both have. */
export function atMostTokenOnly(has: TokenOnlyGrants, most: TokenOnlyGrants): TokenOnlyGrants {
  const flags = TOKEN_ONLY_FLAGS.filter((flag) => has[flag] && most[flag]);
  const { destinationRoom } = has;
  const isSameRoom = destinationRoom !== undefined && destinationRoom === most.destinationRoom;
  return {
    ...Object.fromEntries(flags.map((flag) => [flag, true] as const)),
    ...(isSameRoom ? { destinationRoom } : {}),
  };
}
