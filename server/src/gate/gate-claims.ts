import { atMost, atMostTokenOnly, type BroughtByToken, tokenOnlyOf } from '../grants/brought.js';
import type { PermissionLike } from '../grants/compile-grant.js';
import { withheldFromUncovered } from '../grants/scene.js';
import {
  canonicalSources,
  publishableSources,
  type RoleGrants,
  TRACK_SOURCES,
  type TrackSource,
} from '../grants/role-grants.js';
import { silencingOf } from '../grants/silencing.js';
import { withinIssuer } from '../grants/issuer-ceiling.js';
import { newGateTokenId } from '../livekit/gate-token.js';
import type { TokenClaims } from '../livekit/signer.js';
import type { TokenFacts } from '../livekit/token-reader.js';
import { WHIP_CLAIMS } from '../livekit/whip.js';
import type { ValidProof } from '../proofs/participant-proofs.js';
import { beyondIssuer, type Evaluation } from '../seats/public/policy.js';

/** LiveKit checks the token once, at the connect. */
export const TOKEN_SECONDS = 30;
const NO_RIGHTS = { canPublish: false, canPublishData: false, canSubscribe: false, hidden: true };

/** Names somebody who is not in the room, and never will be. */
export function nobodysClaims(identity: string, room: string, now: Date): TokenClaims {
  const iat = Math.floor(now.getTime() / 1_000);
  const video = { room, roomJoin: true, ...NO_RIGHTS };
  return { sub: identity, iat, nbf: iat, exp: iat + TOKEN_SECONDS, jti: newGateTokenId(), video };
}

/** A role, without what a token that was asked for with less does not open. */
export function openedGrants(grants: RoleGrants, { evaluation, bound }: ValidProof): RoleGrants {
  const isCut = bound?.isCut === true && beyondIssuer(evaluation, bound).length > 0;
  return isCut ? withinIssuer(grants, bound.ceiling) : grants;
}

/** Whether they may send what a WHIP connection sends: LiveKit takes it for camera and microphone. */
export function mayPublishByWhip(proved: ValidProof): boolean {
  const { token, evaluation } = proved;
  const { wanted } = evaluation;
  const sources =
    wanted.kind === 'role'
      ? publishableSources(openedGrants(wanted.role.tokenGrants, proved))
      : sourcesOf(uncoveredVideo(token, evaluation, true));
  return sources.includes('camera') || sources.includes('microphone');
}

/** No rule covers them and the room allows that: they are what their token says. */
export function uncoveredClaims(
  token: TokenFacts,
  evaluation: Evaluation,
  byWhip: boolean,
  now: Date,
): TokenClaims {
  const { claims } = token;
  const soon = Math.floor(now.getTime() / 1_000) + TOKEN_SECONDS;
  return {
    ...claims,
    // Never longer than their own: else a connect would make its life longer.
    exp: Math.min(Number(claims['exp']), soon),
    jti: newGateTokenId(),
    video: uncoveredVideo(token, evaluation, byWhip),
  };
}

/** What a token of another backend brings along; null for one of ours. */
export function broughtBy({ claims, issuedJti }: TokenFacts): BroughtByToken | null {
  if (issuedJti !== null) return null;
  const video = claims['video'] as Record<string, unknown>;
  return { permission: permissionOf(video), tokenOnly: tokenOnlyOf(video) };
}

/** As LiveKit reads a token. */
function permissionOf(video: Record<string, unknown>): PermissionLike {
  const sources = sourcesOf(video);
  const canPublish = sources.length > 0;
  const { canPublishData = canPublish } = video;
  return {
    canSubscribe: video['canSubscribe'] !== false,
    canPublish,
    canPublishSources: sources,
    canPublishData: canPublishData === true,
    canUpdateMetadata: video['canUpdateOwnMetadata'] === true,
    canSubscribeMetrics: video['canSubscribeMetrics'] === true,
    canManageAgentSession: video['canManageAgentSession'] === true,
    hidden: video['hidden'] === true,
    recorder: video['recorder'] === true,
    agent: video['agent'] === true,
  };
}

/**
 * A refreshed token gives no more than what its holder came with, before a role replaced it. What is
 * not named here it does not give.
 */
function withinBrought(
  { claims, isRefreshed }: TokenFacts,
  { facts }: Evaluation,
): Record<string, unknown> {
  const video = claims['video'] as Record<string, unknown>;
  const brought = isRefreshed ? facts.brought : null;
  if (!brought) return { ...video };
  const permission = atMost(permissionOf(video), brought.permission);
  const { canPublishSources, canUpdateMetadata, ...within } = permission;
  return {
    room: video['room'],
    roomJoin: true,
    ...within,
    ...(within.canPublish ? { canPublishSources } : {}),
    canUpdateOwnMetadata: canUpdateMetadata,
    ...atMostTokenOnly(tokenOnlyOf(video), brought.tokenOnly ?? {}),
  };
}

/** Without what a hold or the room's scene keeps from the others. */
function uncoveredVideo(token: TokenFacts, evaluation: Evaluation, byWhip: boolean) {
  const { claims } = token;
  const { wanted, room } = evaluation;
  const video = withinBrought(token, evaluation);
  if (byWhip) video['canSubscribe'] = false;
  const { sources, data } =
    wanted.kind === 'uncovered' ? wanted.withheld : withheldFromUncovered(room.scene);
  if (data) video['canPublishData'] = false;
  // Who publishes once keeps the right, and is muted when they do.
  const kind = typeof claims['kind'] === 'string' ? claims['kind'] : null;
  if (sources.length === 0 || silencingOf({ kind }) === 'mute') return video;
  const left = sourcesOf(video).filter((source) => !sources.includes(source));
  if (left.length > 0) return { ...video, canPublishSources: left };
  const { canPublishSources: _, ...rest } = video;
  return { ...rest, canPublish: false };
}

/** As LiveKit reads a token: in either case, and none named is every one. */
function sourcesOf({ canPublish, canPublishSources }: Record<string, unknown>): TrackSource[] {
  if (canPublish === false) return [];
  if (!Array.isArray(canPublishSources) || canPublishSources.length === 0)
    return [...TRACK_SOURCES];
  return canonicalSources(canPublishSources.map((source) => String(source).toLowerCase()));
}

export function markedAsWhip(claims: TokenClaims): TokenClaims {
  const attributes = claims['attributes'] as Record<string, string> | undefined;
  const { kind, attribute } = WHIP_CLAIMS;
  return { ...claims, kind, attributes: { ...attributes, [attribute]: '1' } };
}
