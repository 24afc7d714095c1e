import { FLAG_KEYS } from './grant-catalogue.js';
import { namesOf } from './issuer-ceiling.js';
import {
  canonicalSources,
  completeGrants,
  type FlagKey,
  hasFlag,
  type PartialGrants,
  type RoleGrants,
  TRACK_SOURCES,
  type TrackSource,
} from './role-grants.js';

/** Grants that a request names. What it does not name stays as the role has it. */
export interface AskedGrants extends Partial<
  Record<Exclude<FlagKey, `${string}.${string}`>, boolean>
> {
  canPublishSources?: readonly TrackSource[];
  destinationRoom?: string;
  sip?: { admin?: boolean; call?: boolean };
  inference?: { perform?: boolean };
  observability?: { write?: boolean };
}

export interface Narrowed {
  readonly grants: RoleGrants;
  /** Names of grants that the role has and the request does not want. */
  readonly taken: readonly string[];
  /** Names of grants that the request wants and the role does not have. */
  readonly beyond: readonly string[];
}

/** What requests that name no grants get of a role. Roles that are read once are asked for often. */
const whole = new WeakMap<RoleGrants, Narrowed>();

/** A role with as much of it as a request asks for: `true` must be in the role, `false` takes it away. */
export function narrow(role: RoleGrants, asked: AskedGrants): Narrowed {
  if (Object.keys(asked).length > 0) return narrowBy(role, asked);
  const known = whole.get(role);
  if (known) return known;
  const made = narrowBy(role, asked);
  const narrowed = made.taken.length === 0 ? { ...made, grants: role } : made;
  whole.set(role, narrowed);
  return narrowed;
}

function narrowBy(role: RoleGrants, asked: AskedGrants): Narrowed {
  const beyond: string[] = [];
  const tree: Record<string, unknown> = {};
  for (const key of FLAG_KEYS) {
    const has = hasFlag(role, key);
    const wanted = askedFlag(asked, key);
    if (wanted === true && !has) beyond.push(key);
    const [outer, inner] = key.split('.') as [string, string | undefined];
    const value = has && wanted !== false;
    tree[outer] = inner === undefined ? value : { ...(tree[outer] as object), [inner]: value };
  }
  const own = canonicalSources(role.canPublishSources);
  const wanted = asked.canPublishSources;
  for (const source of wanted ?? []) {
    if (!own.includes(source)) beyond.push(`canPublishSources.${source}`);
  }
  const { destinationRoom = role.destinationRoom } = asked;
  if (destinationRoom !== '' && destinationRoom !== role.destinationRoom) {
    beyond.push('destinationRoom');
  }
  const sources = own.filter((source) => wanted?.includes(source) ?? true);
  const partial = tree as PartialGrants;
  const grants = completeGrants({
    ...partial,
    canPublish: partial.canPublish === true && sources.length > 0,
    canPublishSources: sources,
    destinationRoom: destinationRoom === role.destinationRoom ? destinationRoom : '',
  });
  const left = new Set(namesOf(grants));
  return { grants, taken: namesOf(role).filter((name) => !left.has(name)), beyond };
}

function askedFlag(asked: AskedGrants, key: FlagKey): boolean | undefined {
  switch (key) {
    case 'sip.admin':
      return asked.sip?.admin;
    case 'sip.call':
      return asked.sip?.call;
    case 'inference.perform':
      return asked.inference?.perform;
    case 'observability.write':
      return asked.observability?.write;
    default:
      return asked[key];
  }
}

export function isTrackSource(text: string): text is TrackSource {
  return (TRACK_SOURCES as readonly string[]).includes(text);
}
