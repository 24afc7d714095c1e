import type { EntryView } from '../../ledger/entry-view.js';
import { type OperationEntry, operationOf } from '../../ledger/search/operation-entries.js';
import type { ActStep } from './log.schemas.js';

/** One row of the log: an act with all of its entries. */
export interface FoldedAct {
  /** All of its entries, oldest first. */
  readonly entries: readonly EntryView[];
  /** The first entry of the kind that the act is of. */
  readonly entry: EntryView;
  readonly kind: string;
  readonly outcome: string;
  readonly operationId: string | null;
  /** Connects that follow each other; null: it is another act. */
  readonly repeated: { count: number; since: Date; until: Date } | null;
}

/** What is seen at LiveKit after an act. */
const EFFECTS = ['seat.silenced'];

/**
 * Entries of a page, newest first, as acts: those of one operation are one, at its newest entry that
 * the search finds, and so are connects of one person that follow each other. `isFirst`: nothing
 * newer was shown before.
 */
export function foldActs(
  page: readonly EntryView[],
  others: readonly OperationEntry[],
  isFirst: boolean,
): FoldedAct[] {
  const byOperation = new Map<string, OperationEntry[]>();
  for (const other of others) {
    byOperation.set(other.operationId, [...(byOperation.get(other.operationId) ?? []), other]);
  }
  const acts: FoldedAct[] = [];
  const seen = new Set<string>();
  /** Person → where the run of their connects is that may go on. */
  const runs = new Map<string, number>();
  for (const entry of page) {
    const operationId = operationOf(entry);
    const person = JSON.stringify([entry.room, entry.identity]);
    const at = runs.get(person);
    const run = at === undefined ? undefined : acts[at];
    if (at !== undefined && run && isSameConnect(run.entry, entry)) {
      acts[at] = joined(run, entry);
      continue;
    }
    runs.delete(person);
    if (operationId === null) {
      if (isConnect(entry)) runs.set(person, acts.length);
      acts.push(actOf([entry], null));
      continue;
    }
    if (seen.has(operationId)) continue;
    seen.add(operationId);
    const known = byOperation.get(operationId) ?? [];
    const isShownBefore = known.some((one) => one.isMatch && isNewer(one.entry, entry));
    if (isShownBefore && !isFirst) continue;
    const all = new Map([entry, ...known.map((one) => one.entry)].map((one) => [one.id, one]));
    acts.push(actOf([...all.values()].sort(inOrder), operationId));
  }
  return acts;
}

export function stepOf({ kind, outcome }: Pick<EntryView, 'kind' | 'outcome'>): ActStep['step'] {
  if (EFFECTS.includes(kind)) return 'effect';
  switch (outcome) {
    case 'intent':
      return 'requested';
    case 'pending':
      return 'waiting';
    case 'failed':
    case 'superseded':
    case 'refused':
      return outcome;
    default:
      return 'confirmed';
  }
}

function actOf(entries: readonly EntryView[], operationId: string | null): FoldedAct {
  const deciding = entries.filter(({ kind }) => !EFFECTS.includes(kind));
  const last = (deciding.at(-1) ?? entries.at(-1)) as EntryView;
  const entry = entries.find(({ kind }) => kind === last.kind) as EntryView;
  const { kind, outcome } = last;
  return { entries, entry, kind, outcome, operationId, repeated: null };
}

/** The newest one is shown; `older` is one more before it. */
function joined(run: FoldedAct, older: EntryView): FoldedAct {
  const newest = run.entry;
  const { count, until } = run.repeated ?? { count: 1, until: newest.at };
  return {
    ...run,
    entries: [older, ...run.entries],
    repeated: { count: count + 1, since: older.at, until },
  };
}

function isConnect({ kind }: EntryView): boolean {
  return kind === 'gate.admitted' || kind === 'gate.refused';
}

function isSameConnect(a: EntryView, b: EntryView): boolean {
  return a.kind === b.kind && a.payload['refusal'] === b.payload['refusal'];
}

function isNewer(a: EntryView, b: EntryView): boolean {
  return inOrder(a, b) > 0;
}

function inOrder(a: EntryView, b: EntryView): number {
  return a.at.getTime() - b.at.getTime() || a.shard - b.shard || a.seq - b.seq;
}
