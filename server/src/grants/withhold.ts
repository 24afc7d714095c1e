import type { ParticipantPermission, PermissionLike } from './compile-grant.js';
import {
  canonicalSources,
  type RoleGrants,
  type TrackSource,
  TRACK_SOURCES,
} from './role-grants.js';

/** What somebody may not do now, although their role has it: by a hold, or by the room's scene. */
export interface Withheld {
  /** In LiveKit's order, each once. */
  readonly sources: readonly TrackSource[];
  readonly data: boolean;
}

export const NOTHING_WITHHELD: Withheld = { sources: [], data: false };
/** Nothing to be heard, seen or read of them: listening and everything else stays. */
export const SILENT: Withheld = { sources: TRACK_SOURCES, data: true };

export function bothWithheld(a: Withheld, b: Withheld): Withheld {
  return { sources: canonicalSources([...a.sources, ...b.sources]), data: a.data || b.data };
}

export function isAnythingWithheld({ sources, data }: Withheld): boolean {
  return sources.length > 0 || data;
}

/** The grants without what is withheld. Takes only away: applied twice, it changes nothing more. */
export function withhold(grants: RoleGrants, { sources, data }: Withheld): RoleGrants {
  const left = canonicalSources(grants.canPublishSources).filter(
    (source) => !sources.includes(source),
  );
  return {
    ...grants,
    canPublishSources: left,
    canPublish: grants.canPublish && left.length > 0,
    canPublishData: grants.canPublishData && !data,
  };
}

/** A role as a WHIP connection gets it: it publishes and receives nothing. */
export function publishOnly(grants: RoleGrants): RoleGrants {
  return { ...grants, canSubscribe: false, canSubscribeMetrics: false };
}

/** As `withhold`, for a permission that was seen in LiveKit, where a source may have no name. */
export function withholdPermission(
  permission: PermissionLike,
  { sources, data }: Withheld,
): ParticipantPermission {
  const left = canonicalSources(permission.canPublishSources).filter(
    (source) => !sources.includes(source),
  );
  return {
    ...permission,
    canPublishSources: left,
    canPublish: permission.canPublish && left.length > 0,
    canPublishData: permission.canPublishData && !data,
  };
}
