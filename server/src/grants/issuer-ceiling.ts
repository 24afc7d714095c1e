import { exceeds } from './ceiling.js';
import { FLAG_KEYS } from './grant-catalogue.js';
import {
  canonicalSources,
  completeGrants,
  hasFlag,
  NO_GRANTS,
  type PartialGrants,
  type RoleGrants,
} from './role-grants.js';

/** What an issuer may hand out: a role fits when it fits one of these. Never empty. */
export type IssuerCeiling = readonly RoleGrants[];

/** What a token remembers of its issuer; a token without it was made by somebody without a ceiling. */
export interface TokenBound {
  /** Names the connection that the gate let in with it; null in a token that was issued. */
  readonly id: string | null;
  readonly ceiling: IssuerCeiling;
  /** The token was asked for with less than its role: the role is cut down to that, not refused. */
  readonly isCut?: boolean;
}

/** An agent that LiveKit dispatches when it creates the room; its names are LiveKit's. */
export interface AgentDispatch {
  readonly agentName: string;
  readonly metadata?: string | undefined;
  readonly deployment?: string | undefined;
}

/**
 * LiveKit copies `roomConfig` into every token that it refreshes, uses its `name` for nothing and
 * shows it to nobody. An own claim would be dropped, and an attribute could be rewritten.
 */
export interface RoomConfigClaim {
  readonly name?: string;
  readonly agents?: readonly AgentDispatch[];
}

const PREFIX = 'rolecall:';
const ISSUED_PREFIX = 'rolecall-of:';
/** A `jti` of ours is shorter. */
const MAX_JTI = 100;
const SOURCE = 'canPublishSources.';
const DESTINATION = 'destinationRoom.';

/** `issuedJti`: the `jti` of the issued token that this one descends from, however often refreshed. */
export function encodeBound(
  bound: TokenBound | null,
  issuedJti: string | null = null,
): { readonly name?: string } {
  if (!bound) return issuedJti === null ? {} : { name: ISSUED_PREFIX + issuedJti };
  const { id, ceiling, isCut } = bound;
  const content = {
    id,
    ceiling: ceiling.map(namesOf),
    ...(isCut ? { cut: true } : {}),
    ...(issuedJti === null ? {} : { of: issuedJti }),
  };
  return { name: PREFIX + JSON.stringify(content) };
}

/** The `jti` of the issued token that a refreshed one descends from; null: it does not say. */
export function readIssuedJti(claims: Readonly<Record<string, unknown>>): string | null {
  const config = claims['roomConfig'];
  const name = isRecord(config) ? config['name'] : undefined;
  if (typeof name !== 'string') return null;
  if (name.startsWith(ISSUED_PREFIX)) return name.slice(ISSUED_PREFIX.length, MAX_JTI);
  if (!name.startsWith(PREFIX)) return null;
  try {
    const content: unknown = JSON.parse(name.slice(PREFIX.length));
    const of = isRecord(content) ? content['of'] : undefined;
    return typeof of === 'string' ? of.slice(0, MAX_JTI) : null;
  } catch {
    return null;
  }
}

/** Agents that a token of ours starts; what cannot be read starts none. */
export function readAgents(claims: Readonly<Record<string, unknown>>): AgentDispatch[] {
  const config = claims['roomConfig'];
  const agents = isRecord(config) ? config['agents'] : undefined;
  if (!Array.isArray(agents)) return [];
  return agents.filter(isRecord).flatMap(({ agentName, metadata, deployment }) => {
    if (typeof agentName !== 'string') return [];
    return [
      {
        agentName,
        ...(typeof metadata === 'string' ? { metadata } : {}),
        ...(typeof deployment === 'string' ? { deployment } : {}),
      },
    ];
  });
}

/** Null for a token that carries none; one that cannot be read allows nothing. */
export function readBound(claims: Readonly<Record<string, unknown>>): TokenBound | null {
  const config = claims['roomConfig'];
  const name = isRecord(config) ? config['name'] : undefined;
  if (typeof name !== 'string' || !name.startsWith(PREFIX)) return null;
  try {
    const bound: unknown = JSON.parse(name.slice(PREFIX.length));
    if (!isRecord(bound) || !isCeiling(bound['ceiling'])) return CLOSED;
    const { id, ceiling, cut } = bound;
    const known = { id: typeof id === 'string' ? id : null, ceiling: ceilingOf(ceiling) };
    return cut === true ? { ...known, isCut: true } : known;
  } catch {
    return CLOSED;
  }
}

/** What of `grants` goes beyond the ceiling, by the alternative that comes closest. */
export function exceedsIssuer(grants: RoleGrants, ceiling: IssuerCeiling): string[] {
  return closest(grants, ceiling).beyond;
}

/** As much of `grants` as the ceiling has room for. */
export function withinIssuer(grants: RoleGrants, ceiling: IssuerCeiling): RoleGrants {
  const { one } = closest(grants, ceiling);
  const names = new Set(namesOf(one));
  const sources = canonicalSources(grants.canPublishSources).filter((source) =>
    one.canPublishSources.includes(source),
  );
  const within = grantsOf(namesOf(grants).filter((name) => names.has(name)));
  return { ...within, canPublish: within.canPublish && sources.length > 0 };
}

/** The names of all grants that are on, each once. */
export function namesOf(grants: RoleGrants): string[] {
  return [
    ...FLAG_KEYS.filter((key) => hasFlag(grants, key)),
    ...canonicalSources(grants.canPublishSources).map((source) => SOURCE + source),
    ...(grants.destinationRoom === '' ? [] : [DESTINATION + grants.destinationRoom]),
  ];
}

export function ceilingOf(names: readonly (readonly string[])[]): IssuerCeiling {
  return names.length === 0 ? [NO_GRANTS] : names.map(grantsOf);
}

const CLOSED: TokenBound = { id: null, ceiling: [NO_GRANTS] };

function grantsOf(names: readonly string[]): RoleGrants {
  const tree: Record<string, unknown> = {};
  for (const key of FLAG_KEYS.filter((flag) => names.includes(flag))) {
    const [outer, inner] = key.split('.') as [string, string | undefined];
    if (inner === undefined) tree[outer] = true;
    else tree[outer] = { ...(tree[outer] as object | undefined), [inner]: true };
  }
  const of = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return completeGrants({
    ...(tree as PartialGrants),
    canPublishSources: canonicalSources(of(SOURCE)),
    destinationRoom: of(DESTINATION)[0] ?? '',
  });
}

function closest(
  grants: RoleGrants,
  ceiling: IssuerCeiling,
): { one: RoleGrants; beyond: string[] } {
  let best: { one: RoleGrants; beyond: string[] } | null = null;
  for (const one of ceiling) {
    const beyond = exceeds(grants, one);
    if (!best || beyond.length < best.beyond.length) best = { one, beyond };
  }
  return best ?? { one: NO_GRANTS, beyond: exceeds(grants, NO_GRANTS) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCeiling(value: unknown): value is string[][] {
  return (
    Array.isArray(value) &&
    value.every((one) => Array.isArray(one) && one.every((name) => typeof name === 'string'))
  );
}
