import type { LedgerKind } from '../../ledger/ledger-kinds.js';
import type { TimelineEntry } from '../../ledger/timelines/timeline-reader.js';
import type { OperatorAccount } from '../../operators/operator-names.js';

/** What changes what an operator can do. */
export const ACCOUNT_KINDS = [
  'operator.created',
  'operator.updated',
  'operator.disabled',
  'operator.enabled',
] as const satisfies readonly LedgerKind[];

/** Longer than this without an entry, and it is another stretch of work. */
const PAUSE_MS = 15 * 60_000;
const MAX_LANES = 60;
const DONE = new Set(['intent', 'ok', 'refused']);

type Access = OperatorAccount['access'];

export interface AccessHeld {
  readonly from: Date;
  readonly to: Date | null;
  readonly isDisabled: boolean;
  readonly access: Access;
  readonly by: string | null;
  readonly entry: string | null;
}

interface State {
  readonly access?: Access;
  readonly isDisabled?: boolean;
}

/** What an operator held, oldest first; entries are oldest first, and `since` is where it is cut. */
export function accessOf(
  entries: readonly TimelineEntry[],
  account: OperatorAccount | null,
  since: Date,
): AccessHeld[] {
  const held: AccessHeld[] = [];
  const unknown = { by: null, entry: null };
  for (const { id, at, kind, actor, payload } of entries) {
    const before = payload['before'] as State | undefined;
    const isCreated = kind === 'operator.created';
    const after = (isCreated ? payload : payload['after']) as State | undefined;
    if (!after?.access) continue; // erased
    // The log begins later than the account.
    if (held.length === 0 && before?.access && account && account.createdAt < at) {
      held.push({ ...unknown, ...stateOf(before), from: account.createdAt, to: null });
    }
    const last = held.at(-1);
    const state = stateOf(after);
    if (last && JSON.stringify(stateOf(last)) === JSON.stringify(state)) continue;
    if (last) held[held.length - 1] = { ...last, to: at };
    held.push({ ...state, from: at, to: null, by: actor.label, entry: id });
  }
  if (held.length === 0 && account) {
    held.push({ ...unknown, ...stateOf(account), from: account.createdAt, to: null });
  }
  return held.filter(({ to }) => to === null || to > since);
}

function stateOf({ access = [], isDisabled = false }: State) {
  const rooms = access.map(({ role, rooms: patterns }) => ({ role, rooms: patterns ?? null }));
  return { access: rooms, isDisabled };
}

/** What somebody did, by room: entries that follow each other closely are one stretch. */
export function stretchesOf(entries: readonly TimelineEntry[]) {
  const lanes = new Map<string | null, StretchOfWork[]>();
  for (const { id, at, room, outcome } of entries) {
    // What came of an intent is no other act.
    if (!DONE.has(outcome)) continue;
    const stretches = lanes.get(room) ?? [];
    lanes.set(room, stretches);
    const isRefused = outcome === 'refused' ? 1 : 0;
    const last = stretches.at(-1);
    if (last && at.getTime() - last.to.getTime() <= PAUSE_MS) {
      last.to = at;
      last.count++;
      last.refused += isRefused;
    } else stretches.push({ from: at, to: at, count: 1, refused: isRefused, entry: id });
  }
  return [...lanes]
    .map(([room, stretches]) => ({
      room,
      count: stretches.reduce((sum, { count }) => sum + count, 0),
      stretches,
    }))
    .toSorted((a, b) => endOf(b.stretches) - endOf(a.stretches))
    .slice(0, MAX_LANES);
}

export interface StretchOfWork {
  from: Date;
  to: Date;
  count: number;
  refused: number;
  entry: string;
}

function endOf(stretches: readonly StretchOfWork[]): number {
  return stretches.at(-1)?.to.getTime() ?? 0;
}
