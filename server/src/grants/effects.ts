import type { PermissionLike } from './compile-grant.js';
import { GRANT_CATALOGUE, listInWords, sourceName } from './grant-catalogue.js';
import { type GrantKey, type RoleGrants, sameGrant, TRACK_SOURCES } from './role-grants.js';

export interface PublishedTrack {
  readonly sid: string;
  /** One of our sources, or anything else for a track that its publisher did not name. */
  readonly source: string;
  readonly isMuted: boolean;
  readonly name?: string;
}

/**
 * What physically happens when LiveKit gets `after` for somebody who has `before` and publishes
 * `tracks`, in sentences without a subject.
 */
export function effects(
  before: PermissionLike,
  after: PermissionLike,
  tracks: readonly PublishedTrack[],
): string[] {
  const sentences: string[] = [];

  for (const track of tracks) {
    if (!mayPublish(after, track.source)) sentences.push(`unpublishes their ${trackName(track)}`);
  }
  const published = new Set(tracks.map((track) => track.source));
  const lost = TRACK_SOURCES.filter(
    (source) => mayPublish(before, source) && !mayPublish(after, source) && !published.has(source),
  );
  if (lost.length > 0) sentences.push(`may no longer publish ${listInWords(lost.map(sourceName))}`);
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
 * The grants that differ and take effect only when the person joins anew with a new token: LiveKit
 * has no message for them, or, for `hidden`, `recorder` and `agent`, only half obeys it.
 */
export function notLiveChangeable(a: RoleGrants, b: RoleGrants): GrantKey[] {
  return GRANT_CATALOGUE.filter(
    (grant) => !grant.isLiveChangeable && !sameGrant(a, b, grant.key),
  ).map((grant) => grant.key);
}
