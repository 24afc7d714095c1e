import type { PermissionLike } from './compile-grant.js';
import { GRANT_CATALOGUE, listInWords, sourceName } from './grant-catalogue.js';
import {
  type GrantKey,
  type RoleGrants,
  sameGrant,
  TRACK_SOURCES,
  type TrackSource,
} from './role-grants.js';
import { isToBeMuted } from './silencing.js';

export interface PublishedTrack {
  readonly sid: string;
  /** One of our sources, or anything else for a track that its publisher did not name. */
  readonly source: string;
  readonly isMuted: boolean;
  readonly name?: string;
  /** By a hold or a scene, so that its end unmutes it. */
  readonly isMutedByUs?: boolean;
}

/** A permission, and the sources whose tracks are muted in spite of it. */
export type Heard = PermissionLike & { readonly mutes?: readonly TrackSource[] };

/**
 * What physically happens when LiveKit gets `after` for somebody who has `before` and publishes
 * `tracks`, in sentences without a subject.
 */
export function effects(before: Heard, after: Heard, tracks: readonly PublishedTrack[]): string[] {
  const sentences: string[] = [];

  for (const track of tracks) {
    const isMuting = isToBeMuted(track, after.mutes);
    if (!mayPublish(after, track.source)) sentences.push(`unpublishes their ${trackName(track)}`);
    else if (isMuting && !track.isMuted) sentences.push(`mutes their ${trackName(track)}`);
    else if (!isMuting && track.isMuted && track.isMutedByUs) {
      sentences.push(`unmutes their ${sourceName(track.source)}`);
    }
  }
  const published = new Set(tracks.map((track) => track.source));
  const lost = TRACK_SOURCES.filter(
    (source) => mayPublish(before, source) && !mayPublish(after, source) && !published.has(source),
  );
  if (lost.length > 0) sentences.push(`may no longer publish ${listInWords(lost.map(sourceName))}`);
  const silenced = (after.mutes ?? []).filter(
    (source) => mayPublish(after, source) && !before.mutes?.includes(source),
  );
  if (silenced.length > 0) {
    sentences.push(`mutes any new ${listInWords(silenced.map(sourceName))} too`);
  }
  const gained = TRACK_SOURCES.filter(
    (source) => !mayPublish(before, source) && mayPublish(after, source),
  );
  if (gained.length > 0) {
    sentences.push(
      `may publish ${listInWords(gained.map(sourceName))} when they choose to: LiveKit turns nothing on by itself`,
    );
  }

  const say = (
    key: Exclude<keyof PermissionLike, 'canPublishSources'>,
    on: string,
    off: string,
  ) => {
    if (before[key] !== after[key]) sentences.push(after[key] ? on : off);
  };
  say(
    'canSubscribe',
    'hears and sees everyone, at once',
    'stops hearing and seeing everyone; data and chat still reach them',
  );
  say('canPublishData', 'may send chat and data', 'chat and data from them stop, RPC replies too');
  say(
    'canUpdateMetadata',
    'may change their own name, metadata and attributes',
    'may no longer change their own name, metadata and attributes',
  );
  say('canSubscribeMetrics', 'receives quality metrics', 'stops receiving quality metrics');
  say('canManageAgentSession', 'may manage agent sessions', 'may no longer manage agent sessions');
  say(
    'hidden',
    'is hidden from who comes later; those in the room keep a ghost until they rejoin',
    'appears to everyone',
  );
  say(
    'recorder',
    'is exempt from track permissions; the room is marked as recorded only after they rejoin',
    'is held to track permissions again',
  );
  say('agent', 'counts as an agent', 'no longer counts as an agent');
  return sentences;
}

function mayPublish(permission: PermissionLike, source: string): boolean {
  return permission.canPublish && permission.canPublishSources.includes(source);
}

function trackName(track: PublishedTrack): string {
  const name = sourceName(track.source);
  const label = name === 'track' && track.name ? `track “${track.name}”` : name;
  return track.isMuted ? `${label} (muted)` : label;
}

/**
 * The grants that differ and take effect only when the person joins again with a new token: LiveKit
 * has no message for them, or, for `hidden`, `recorder` and `agent`, only half obeys it.
 */
export function notLiveChangeable(a: RoleGrants, b: RoleGrants): GrantKey[] {
  return GRANT_CATALOGUE.filter(
    (grant) => !grant.isLiveChangeable && !sameGrant(a, b, grant.key),
  ).map((grant) => grant.key);
}
