import type { ParticipantPermission, PermissionLike } from './compile-grant.js';
import { canonicalSources } from './role-grants.js';

/** What a participant without a token of Rolecall had before a role replaced it. */
export interface Brought {
  readonly permission: PermissionLike;
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

/** The rights of both. What is no right, such as `hidden`, stays as it is. */
export function atMost(has: PermissionLike, most: PermissionLike): ParticipantPermission {
  const sources = canonicalSources(has.canPublishSources).filter((source) =>
    most.canPublishSources.includes(source),
  );
  return {
    ...has,
    canSubscribe: has.canSubscribe && most.canSubscribe,
    canPublish: has.canPublish && most.canPublish && sources.length > 0,
    canPublishSources: sources,
    canPublishData: has.canPublishData && most.canPublishData,
    canUpdateMetadata: has.canUpdateMetadata && most.canUpdateMetadata,
    canSubscribeMetrics: has.canSubscribeMetrics && most.canSubscribeMetrics,
    canManageAgentSession: has.canManageAgentSession && most.canManageAgentSession,
  };
}
