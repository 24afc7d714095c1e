import type { Act, Hold, LedgerEntry, Seat, SeatChange, SeatTrack } from '@rolecall/server/api';

/** Some of the fields; the rest is what a plain seat has. */
export type Partly<T> = T extends readonly (infer Each)[]
  ? readonly Partly<Each>[]
  : T extends object
    ? { [Key in keyof T]?: Partly<T[Key]> }
    : T;

const AT = '2026-11-21T12:00:00Z';
const BY = { at: AT, by: 'kim@example.org', byKind: 'operator' as const, reason: null };
const OBSERVED: NonNullable<Seat['observed']> = {
  canSubscribe: true,
  canPublish: false,
  canPublishData: false,
  canPublishSources: [],
  hidden: false,
  recorder: false,
  agent: false,
  canUpdateMetadata: false,
  canSubscribeMetrics: false,
  canManageAgentSession: false,
};
const ROLE_STATE: SeatChange['after'] = { template: null, version: null, permission: null };

export const aTrack = (changes: Partly<SeatTrack> = {}): SeatTrack => ({
  sid: 'TR_1',
  type: changes.source === 'microphone' ? 'audio' : 'video',
  source: 'camera',
  name: '',
  isMuted: false,
  ...changes,
});

export const aHold = (changes: Partly<Hold> = {}): Hold => ({
  until: null,
  ...BY,
  ...changes,
  sources: [...(changes.sources ?? ['microphone'])],
});

/** A viewer who is in the room, with nothing special about them. */
export function aSeat(identity: string, changes: Partly<Seat> = {}): Seat {
  const { tracks, hold, block, override, observed, lastChange, withheld, ...others } = changes;
  return {
    id: identity,
    identity,
    user: null,
    name: identity.toUpperCase(),
    kind: 'standard',
    state: 'active',
    isPresent: true,
    role: { template: 'viewer', version: 1, source: 'default' },
    refusal: null,
    inSync: true,
    epoch: 1,
    blockedUntil: null,
    aboveCeiling: [],
    silencing: 'revoke',
    hand: null,
    invite: null,
    joinedAt: null,
    pendingOperation: null,
    isUnlisted: false,
    isSilent: false,
    silentSince: null,
    silentWhy: null,
    peeksAt: null,
    ...(others as Partial<Seat>),
    observed: observed === null ? null : ({ ...OBSERVED, ...observed } as Seat['observed']),
    tracks: (tracks ?? []).map(aTrack),
    hold: hold ? aHold(hold) : null,
    block: block ? { until: null, ...BY, ...block } : null,
    override: override
      ? { template: 'speaker', version: 1, until: null, ...BY, ...override }
      : null,
    lastChange: lastChange
      ? { operationId: 'op', kind: 'promote', outcome: 'applied', ms: null, ...BY, ...lastChange }
      : null,
    withheld: { data: false, ...withheld, sources: [...(withheld?.sources ?? [])] },
  };
}

export const aSeatChange = (changes: Partly<SeatChange> = {}): SeatChange => ({
  operationId: 'op-1',
  outcome: 'applied',
  detail: null,
  epoch: 1,
  undoUntil: null,
  ...changes,
  effects: [...(changes.effects ?? [])],
  before: { ...ROLE_STATE, ...changes.before } as SeatChange['before'],
  after: { ...ROLE_STATE, ...changes.after } as SeatChange['after'],
});

export const anEntry = (changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id: '1-0-1',
  shard: 0,
  seq: 1,
  at: AT,
  kind: 'seat.promoted',
  outcome: 'applied',
  actor: { kind: 'operator', id: 'o-1', label: 'Lee' },
  room: 'town-hall',
  identity: 'ana-91',
  requestId: null,
  ip: null,
  reason: null,
  payload: {},
  erased: [],
  ...changes,
});

/** One act of one entry, unless told otherwise. */
export const anAct = (changes: Partial<Act> = {}, entry: Partial<LedgerEntry> = {}): Act => {
  const told = anEntry({ kind: changes.kind ?? 'seat.promoted', ...entry });
  return {
    id: told.id,
    at: told.at,
    startedAt: told.at,
    kind: told.kind,
    group: 'seats',
    outcome: told.outcome,
    operationId: null,
    entry: told,
    steps: [],
    repeated: null,
    people: { actor: null, subject: null },
    role: null,
    before: null,
    ...changes,
  };
};
