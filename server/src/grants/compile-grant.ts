import {
  type AgentDispatch,
  encodeBound,
  type RoomConfigClaim,
  type TokenBound,
} from './issuer-ceiling.js';
import { publishableSources, type RoleGrants, type TrackSource } from './role-grants.js';

/** The `video` claim: LiveKit's names, the sources as its strings. */
export interface VideoGrantClaim {
  room?: string;
  roomJoin?: true;
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishData: boolean;
  canPublishSources?: TrackSource[];
  canUpdateOwnMetadata?: true;
  canSubscribeMetrics?: true;
  canManageAgentSession?: true;
  hidden?: true;
  recorder?: true;
  agent?: true;
  roomAdmin?: true;
  roomCreate?: true;
  roomList?: true;
  roomRecord?: true;
  ingressAdmin?: true;
  destinationRoom?: string;
}

/** A type, not an interface, so that whatever signs any claims takes it as a plain record. */
export type TokenClaims = {
  iss: string;
  sub: string;
  iat: number;
  nbf: number;
  exp: number;
  jti: string;
  video: VideoGrantClaim;
  name?: string;
  kind?: string;
  metadata?: string;
  attributes?: Readonly<Record<string, string>>;
  sip?: { admin?: true; call?: true };
  inference?: { perform: true };
  observability?: { write: true };
  roomConfig?: RoomConfigClaim;
};

/** LiveKit's ParticipantPermission in our own words: whole, and free of the SDK's enums. */
export interface ParticipantPermission {
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishData: boolean;
  /** With `canPublish` on, LiveKit reads an empty list as every source; the compiler never makes one. */
  canPublishSources: readonly TrackSource[];
  hidden: boolean;
  recorder: boolean;
  agent: boolean;
  canUpdateMetadata: boolean;
  canSubscribeMetrics: boolean;
  canManageAgentSession: boolean;
}

/** A permission that came from elsewhere: LiveKit also knows a source without a name. */
export type PermissionLike = Omit<ParticipantPermission, 'canPublishSources'> & {
  readonly canPublishSources: readonly string[];
};

export type ParticipantKind = 'standard' | 'agent';

export interface CompileInput {
  grants: RoleGrants;
  /** Null only for a template that neither joins nor administers a room. */
  room: string | null;
  identity: string;
  kind: ParticipantKind;
  name: string;
  metadata: string;
  attributes: Readonly<Record<string, string>>;
  ttlSeconds: number;
  /** The LiveKit API key. */
  issuer: string;
  now: Date;
  jti: string;
  /** What the token opens as a proof, for an issuer who has a ceiling. */
  bound?: TokenBound | null;
  /** The `jti` of the issued token that it descends from, to outlive LiveKit's refreshes. */
  issuedJti?: string | null;
  /** Started with the room, when the join creates it. */
  agents?: readonly AgentDispatch[];
}

/** The claims of a token, as livekit-server-sdk would write them, with our `iat` and `jti`. */
export function compileGrant(input: CompileInput): TokenClaims {
  const { grants, identity, kind, name, metadata, attributes } = input;
  if (identity === '') throw new TypeError('A token needs an identity');
  const now = Math.floor(input.now.getTime() / 1000);
  const { bound = null, issuedJti = null, agents = [] } = input;
  // In the order of their names, as the ledger has them.
  const claims = {} as TokenClaims;
  if (Object.keys(attributes).length > 0) claims.attributes = attributes;
  claims.exp = now + input.ttlSeconds;
  claims.iat = now;
  if (grants.inference.perform) claims.inference = { perform: true };
  claims.iss = input.issuer;
  claims.jti = input.jti;
  if (kind !== 'standard') claims.kind = kind;
  if (metadata !== '') claims.metadata = metadata;
  if (name !== '') claims.name = name;
  claims.nbf = now;
  if (grants.observability.write) claims.observability = { write: true };
  if (bound || issuedJti !== null || agents.length > 0) {
    claims.roomConfig = {
      ...encodeBound(bound, issuedJti),
      ...(agents.length > 0 ? { agents } : {}),
    };
  }
  if (grants.sip.admin || grants.sip.call) {
    claims.sip = {};
    if (grants.sip.admin) claims.sip.admin = true;
    if (grants.sip.call) claims.sip.call = true;
  }
  claims.sub = identity;
  claims.video = toVideoGrant(grants, input.room);
  return claims;
}

/**
 * Media and data rights are always spelled out, because LiveKit reads their absence as *allowed*;
 * every other grant is off when absent.
 */
export function toVideoGrant(grants: RoleGrants, room: string | null): VideoGrantClaim {
  const sources = publishableSources(grants);
  const needsRoom = grants.roomJoin || grants.roomAdmin;
  if (needsRoom && !room) {
    throw new TypeError('A token that joins or administers a room needs its name');
  }
  const video = {} as VideoGrantClaim;
  if (grants.agent) video.agent = true;
  if (grants.canManageAgentSession) video.canManageAgentSession = true;
  video.canPublish = sources.length > 0;
  video.canPublishData = grants.canPublishData;
  if (sources.length > 0) video.canPublishSources = sources;
  video.canSubscribe = grants.canSubscribe;
  if (grants.canSubscribeMetrics) video.canSubscribeMetrics = true;
  if (grants.canUpdateOwnMetadata) video.canUpdateOwnMetadata = true;
  if (grants.destinationRoom !== '') video.destinationRoom = grants.destinationRoom;
  if (grants.hidden) video.hidden = true;
  if (grants.ingressAdmin) video.ingressAdmin = true;
  if (grants.recorder) video.recorder = true;
  if (needsRoom && room) video.room = room;
  if (grants.roomAdmin) video.roomAdmin = true;
  if (grants.roomCreate) video.roomCreate = true;
  if (grants.roomJoin) video.roomJoin = true;
  if (grants.roomList) video.roomList = true;
  if (grants.roomRecord) video.roomRecord = true;
  return video;
}

export function toParticipantPermission(grants: RoleGrants): ParticipantPermission {
  const sources = publishableSources(grants);
  return {
    canSubscribe: grants.canSubscribe,
    canPublish: sources.length > 0,
    canPublishData: grants.canPublishData,
    canPublishSources: sources,
    hidden: grants.hidden,
    recorder: grants.recorder,
    agent: grants.agent,
    canUpdateMetadata: grants.canUpdateOwnMetadata,
    canSubscribeMetrics: grants.canSubscribeMetrics,
    canManageAgentSession: grants.canManageAgentSession,
  };
}

/** Whether both allow the same. The order of the sources says nothing. */
export function samePermission(a: PermissionLike, b: PermissionLike): boolean {
  return (
    a.canSubscribe === b.canSubscribe &&
    a.canPublish === b.canPublish &&
    a.canPublishData === b.canPublishData &&
    a.hidden === b.hidden &&
    a.recorder === b.recorder &&
    a.agent === b.agent &&
    a.canUpdateMetadata === b.canUpdateMetadata &&
    a.canSubscribeMetrics === b.canSubscribeMetrics &&
    a.canManageAgentSession === b.canManageAgentSession &&
    a.canPublishSources.every((source) => b.canPublishSources.includes(source)) &&
    b.canPublishSources.every((source) => a.canPublishSources.includes(source))
  );
}
