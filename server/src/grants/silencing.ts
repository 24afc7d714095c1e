import { canonicalSources, type RoleGrants, type TrackSource } from './role-grants.js';
import { type Withheld, withhold } from './withhold.js';

/**
 * How a hold or a scene keeps somebody silent: by taking the right to publish, or, where the track
 * would never come back, by muting it and leaving the right.
 */
export type Silencing = 'revoke' | 'mute';

/** Tracks that Rolecall muted: sid → whether LiveKit has confirmed it. */
export type MutedTracks = Readonly<Record<string, boolean>>;

/** The part of a LiveKit participant that decides how it is silenced. */
export interface Silenceable {
  readonly kind: string | null;
  /** Left out where it does not matter. */
  readonly state?: string | null;
  readonly tracks?: readonly {
    readonly sid: string;
    readonly type: string;
    readonly source?: string;
    readonly name: string;
    readonly isMuted: boolean;
    readonly isLate?: true;
  }[];
}

/** LiveKit's kinds that publish once, when they connect. A track that is taken from them is lost. */
export const PUBLISH_ONCE_KINDS = [
  'sip',
  'ingress',
  'whip',
  'agent',
  'connector',
  'bridge',
] as const;

/** What LiveKit calls the tracks of a WHIP publisher, which has no kind of its own (v1.13.5). */
export const WHIP_TRACK_NAMES = ['synthesized-microphone', 'synthesized-camera'] as const;

export function isNamedAsWhip({ name }: { readonly name: string }): boolean {
  return (WHIP_TRACK_NAMES as readonly string[]).includes(name);
}

/** Whether they are muted instead of losing the right, or would like to be taken for such. */
export function mayBeMuted(participant: Silenceable): boolean {
  return silencingOf(participant) === 'mute' || (participant.tracks ?? []).some(isNamedAsWhip);
}

export function silencingOf(
  { kind, state = null, tracks = [] }: Silenceable,
  muted: MutedTracks = {},
): Silencing {
  if ((PUBLISH_ONCE_KINDS as readonly (string | null)[]).includes(kind)) return 'mute';
  const media = tracks.filter(({ type }) => type !== 'data');
  // LiveKit ends what WHIP has offered if the right is gone when its media comes (v1.13.5): until
  // then nothing is heard of it, and the webhook of the join or of a track asks once more.
  if (kind === 'standard' && isConnecting(state) && media.length === 0) return 'mute';
  const names = new Set(media.map(({ name }) => name));
  const isLikeWhip = media.length > 0 && names.size === media.length && media.every(isNamedAsWhip);
  // Without signalling WHIP neither unmutes nor publishes again: who does has taken these names.
  const isLate = media.some((track) => track.isLate);
  const hasUnmuted = media.some(({ sid, isMuted }) => !isMuted && muted[sid] === true);
  return isLikeWhip && !isLate && !hasUnmuted ? 'mute' : 'revoke';
}

/** Signalling is up, and media not yet. */
function isConnecting(state: string | null): boolean {
  return state === 'joining' || state === 'joined';
}

/** What is left of a role, and whose tracks are to be muted instead of refused. */
export interface Silenced {
  readonly grants: RoleGrants;
  readonly mutes: readonly TrackSource[];
}

/**
 * The grants without what is withheld. For who is muted they keep every source, also those of the
 * role that a scene replaces (`played`); data has no mute, and is taken as from everybody.
 */
export function silence(
  grants: RoleGrants,
  withheld: Withheld,
  silencing: Silencing,
  played: RoleGrants | null = null,
): Silenced {
  if (silencing === 'revoke') return { grants: withhold(grants, withheld), mutes: [] };
  const own = grants.canPublish ? grants.canPublishSources : [];
  const before = played?.canPublish ? played.canPublishSources : [];
  const sources = canonicalSources([...own, ...before]);
  const lost = before.filter((source) => !own.includes(source));
  return {
    grants: {
      ...withhold(grants, { sources: [], data: withheld.data }),
      canPublish: sources.length > 0,
      canPublishSources: sources,
    },
    mutes: canonicalSources([...withheld.sources, ...lost]),
  };
}

/** Whether a track has to be muted. One without a named source goes with any that is withheld. */
export function isToBeMuted(
  { type = 'audio', source }: { readonly type?: string; readonly source: string },
  mutes: readonly TrackSource[] = [],
): boolean {
  if (type === 'data' || mutes.length === 0) return false;
  return source === 'unknown' || (mutes as readonly string[]).includes(source);
}
