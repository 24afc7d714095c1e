import type { MutedTracks } from '../../grants/silencing.js';
import { isNamedAsWhip, isToBeMuted, mayBeMuted } from '../../grants/silencing.js';
import type { TrackSource } from '../../grants/role-grants.js';
import type { PermissionLike } from '../../grants/compile-grant.js';
import { type ObservedTrack, WITH_THE_CONNECT_MS } from '../../livekit/participant-view.js';
import type { Seat } from './seat.js';
import { mutesWanted, type Evaluation } from './seat-policy.js';

/** What is left to do about somebody's tracks, by sid. */
export interface TrackWork {
  readonly mute: readonly string[];
  /** Only what Rolecall muted for a hold or a scene, and only of who publishes once. */
  readonly unmute: readonly string[];
  /** Muted by Rolecall before, and no longer its concern. */
  readonly forget: readonly string[];
}

export function trackWork(
  { wanted, silencing, facts: { mutedTracks } }: Evaluation,
  tracks: readonly ObservedTrack[],
): TrackWork {
  if (wanted.kind === 'out') return { mute: [], unmute: [], forget: [] };
  const mutes = mutesWanted(wanted);
  // What WHIP offers with the connect is published in spite of a right that is taken (v1.13.5).
  const isStray = (track: ObservedTrack) =>
    silencing === 'revoke' && isNamedAsWhip(track) && isToBeMuted(track, withheldFrom(wanted));
  const mute = tracks.filter(
    (track) => !track.isMuted && (isToBeMuted(track, mutes) || isStray(track)),
  );
  const ours = tracks.filter(({ sid }) => Object.hasOwn(mutedTracks, sid));
  const free = ours.filter((track) => !isToBeMuted(track, mutes) && !isStray(track));
  const unmute = silencing === 'mute' ? free.filter(({ isMuted }) => isMuted) : [];
  return {
    mute: mute.map(sidOf),
    unmute: unmute.map(sidOf),
    forget: free.filter((track) => !unmute.includes(track)).map(sidOf),
  };
}

/** Whether LiveKit has muted what should be, and nothing that should not be. */
export function isMutedAsWanted(evaluation: Evaluation, tracks: readonly ObservedTrack[]): boolean {
  const { mute, unmute } = trackWork(evaluation, tracks);
  return mute.length === 0 && unmute.length === 0;
}

/** Whether a mute has to do with it, so that it is worth to ask LiveKit about the tracks as they are now. */
export function concernsMutes({
  silencing,
  occupant,
  facts: { mutedTracks },
}: Evaluation): boolean {
  if (silencing === 'mute' || hasMuted(mutedTracks)) return true;
  return occupant !== null && mayBeMuted(occupant);
}

/**
 * Whether a call that takes sources could end the tracks of a WHIP publisher who is not known as one
 * yet: their tracks came just now, or were seen before the mute that was confirmed meanwhile.
 */
export function mayBeWhipUnseen(
  { silencing, isWhipByTracks, occupant }: Evaluation,
  { seat, at }: { readonly seat: Seat | null; readonly at: Date },
  permission: PermissionLike | null,
): boolean {
  if (silencing !== 'revoke' || !isWhipByTracks || occupant?.kind !== 'standard') return false;
  const had = seat?.isPresent && seat.permission;
  if (!had || !had.canPublish || !permission) return false;
  const kept: readonly string[] = permission.canPublish ? permission.canPublishSources : [];
  if (had.canPublishSources.every((source) => kept.includes(source))) return false;
  const media = seat.tracks.filter(({ type }) => type !== 'data');
  if (media.length > 0) return media.every(isNamedAsWhip);
  return !seat.joinedAt || at.getTime() - seat.joinedAt.getTime() < WITH_THE_CONNECT_MS;
}

function withheldFrom(wanted: Evaluation['wanted']): readonly TrackSource[] {
  if (wanted.kind === 'role') return wanted.role.withheld.sources;
  return wanted.kind === 'uncovered' ? wanted.withheld.sources : [];
}

export function hasMuted(mutedTracks: MutedTracks): boolean {
  return Object.keys(mutedTracks).length > 0;
}

function sidOf({ sid }: ObservedTrack): string {
  return sid;
}
