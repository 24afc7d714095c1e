import {
  type ParticipantInfo,
  ParticipantInfo_State,
  ParticipantPermission as SdkPermission,
  type Room,
  type TrackInfo,
  TrackSource as SdkSource,
  TrackType,
} from '@livekit/protocol';
import type { ParticipantPermission, PermissionLike } from '../grants/compile-grant.js';
import { canonicalSources, TRACK_SOURCES, type TrackSource } from '../grants/role-grants.js';
import { isWhip, WHIP_KIND } from './whip.js';

/**
 * A permission as LiveKit has it. Where LiveKit's list is empty (it means every source, also a
 * track that names none) the list here is full and ends in `unknown`: no desired permission equals
 * that, so it counts as drift.
 */
export interface ObservedPermission extends Omit<ParticipantPermission, 'canPublishSources'> {
  readonly canPublishSources: readonly (TrackSource | 'unknown')[];
}

/** A track as LiveKit has it; `source` is `unknown` for one that its publisher did not name. */
export interface ObservedTrack {
  readonly sid: string;
  readonly type: 'audio' | 'video' | 'data';
  readonly source: TrackSource | 'unknown';
  readonly name: string;
  readonly isMuted: boolean;
  /** Published later than with the connect; left out where LiveKit does not tell. */
  readonly isLate?: true;
}

export type ParticipantState = 'joining' | 'joined' | 'active' | 'disconnected';

/**
 * A participant as LiveKit has it. `sid` names the connection: who comes back has a new one, so
 * (`joinedAt`, `sid`) orders what happened, and arrival does not.
 */
export interface ObservedParticipant {
  readonly sid: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: string;
  readonly state: ParticipantState;
  readonly joinedAt: Date;
  readonly permission: ObservedPermission;
  readonly tracks: readonly ObservedTrack[];
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly disconnectReason: string | null;
}

/** A room as LiveKit has it, without its TURN password. `sid` changes when it is created again. */
export interface ObservedRoom {
  readonly sid: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly emptyTimeout: number;
  readonly departureTimeout: number;
  readonly maxParticipants: number;
  readonly metadata: string;
  /** LiveKit's own count lags by up to 10 s: count participants where it matters. */
  readonly numParticipants: number;
  readonly isRecording: boolean;
}

/** By number: LiveKit may have kinds and reasons that the package does not know yet. */
const KINDS: Readonly<Record<number, string>> = {
  0: 'standard',
  1: 'ingress',
  2: 'egress',
  3: 'sip',
  4: 'agent',
  7: 'connector',
  8: 'bridge',
};

const DISCONNECT_REASONS: Readonly<Record<number, string>> = {
  1: 'client_initiated',
  2: 'duplicate_identity',
  3: 'server_shutdown',
  4: 'participant_removed',
  5: 'room_deleted',
  6: 'state_mismatch',
  7: 'join_failure',
  8: 'migration',
  9: 'signal_close',
  10: 'room_closed',
  11: 'user_unavailable',
  12: 'user_rejected',
  13: 'sip_trunk_failure',
  14: 'connection_timeout',
  15: 'media_failure',
  16: 'agent_error',
};

const STATES: Readonly<Record<ParticipantInfo_State, ParticipantState>> = {
  [ParticipantInfo_State.JOINING]: 'joining',
  [ParticipantInfo_State.JOINED]: 'joined',
  [ParticipantInfo_State.ACTIVE]: 'active',
  [ParticipantInfo_State.DISCONNECTED]: 'disconnected',
};

const TRACK_TYPES: Readonly<Record<TrackType, ObservedTrack['type']>> = {
  [TrackType.AUDIO]: 'audio',
  [TrackType.VIDEO]: 'video',
  [TrackType.DATA]: 'data',
};

const SDK_SOURCES: Readonly<Record<TrackSource, SdkSource>> = {
  camera: SdkSource.CAMERA,
  microphone: SdkSource.MICROPHONE,
  screen_share: SdkSource.SCREEN_SHARE,
  screen_share_audio: SdkSource.SCREEN_SHARE_AUDIO,
};

const SOURCE_NAMES = new Map(
  TRACK_SOURCES.map((source): [SdkSource, TrackSource] => [SDK_SOURCES[source], source]),
);

/** The whole permission, every bit said: what is left out of a message would be switched off. */
export function toSdkPermission(permission: PermissionLike): SdkPermission {
  return new SdkPermission({ ...permission, canPublishSources: toSdkSources(permission) });
}

/** What was observed of somebody goes back as it came: a full list with `unknown` was an empty one. */
function toSdkSources({ canPublish, canPublishSources }: PermissionLike): SdkSource[] {
  const named = canonicalSources(canPublishSources);
  const isUnnamedAllowed = canPublishSources.includes('unknown');
  if (canPublish && isUnnamedAllowed && named.length === TRACK_SOURCES.length) return [];
  const sources = named.map((source) => SDK_SOURCES[source]);
  return isUnnamedAllowed ? [...sources, SdkSource.UNKNOWN] : sources;
}

/** Sources come in the canonical order, because LiveKit compares them in order and so do we. */
export function fromSdkPermission(permission: SdkPermission | undefined): ObservedPermission {
  const canPublish = permission?.canPublish ?? false;
  const listed = permission?.canPublishSources ?? [];
  const isEverySource = canPublish && listed.length === 0;
  const named = TRACK_SOURCES.filter(
    (source) => isEverySource || listed.includes(SDK_SOURCES[source]),
  );
  const isUnnamedAllowed = isEverySource || listed.includes(SdkSource.UNKNOWN);
  return {
    canSubscribe: permission?.canSubscribe ?? false,
    canPublish,
    canPublishSources: isUnnamedAllowed ? [...named, 'unknown'] : named,
    canPublishData: permission?.canPublishData ?? false,
    canUpdateMetadata: permission?.canUpdateMetadata ?? false,
    canSubscribeMetrics: permission?.canSubscribeMetrics ?? false,
    canManageAgentSession: permission?.canManageAgentSession ?? false,
    hidden: permission?.hidden ?? false,
    recorder: permission?.recorder ?? false,
    agent: permission?.agent ?? false,
  };
}

/** A client that offers its tracks with the connect has media flowing within this time. */
export const WITH_THE_CONNECT_MS = 15_000;

/** `joinedAt`: when its participant came, where that is known. */
export function toObservedTrack(track: TrackInfo, joinedAt: Date | null = null): ObservedTrack {
  const publishedAt = Number(track.version?.unixMicro ?? 0n) / 1_000;
  const isLate = joinedAt !== null && publishedAt > joinedAt.getTime() + WITH_THE_CONNECT_MS;
  return {
    sid: track.sid,
    type: TRACK_TYPES[track.type],
    source: SOURCE_NAMES.get(track.source) ?? 'unknown',
    name: track.name,
    isMuted: track.muted,
    ...(isLate ? { isLate } : {}),
  };
}

export function toObservedParticipant(info: ParticipantInfo): ObservedParticipant {
  const joinedAt = toDate(info.joinedAtMs, info.joinedAt);
  return {
    sid: info.sid,
    identity: info.identity,
    name: info.name,
    kind: isWhip(info) ? WHIP_KIND : (KINDS[info.kind] ?? 'standard'),
    state: STATES[info.state],
    joinedAt,
    permission: fromSdkPermission(info.permission),
    tracks: info.tracks.map((track) => toObservedTrack(track, joinedAt)),
    metadata: info.metadata,
    attributes: info.attributes,
    disconnectReason: DISCONNECT_REASONS[info.disconnectReason] ?? null,
  };
}

export function toObservedRoom(room: Room): ObservedRoom {
  return {
    sid: room.sid,
    name: room.name,
    createdAt: toDate(room.creationTimeMs, room.creationTime),
    emptyTimeout: room.emptyTimeout,
    departureTimeout: room.departureTimeout,
    maxParticipants: room.maxParticipants,
    metadata: room.metadata,
    numParticipants: room.numParticipants,
    isRecording: room.activeRecording,
  };
}

function toDate(milliseconds: bigint, seconds: bigint): Date {
  return new Date(milliseconds > 0n ? Number(milliseconds) : Number(seconds) * 1000);
}
