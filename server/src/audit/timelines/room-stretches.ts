import type { TimelineEntry } from '../../ledger/timelines/timeline-reader.js';

export interface Stretch {
  readonly from: Date;
  readonly to: Date | null;
  readonly entry: string;
}

export interface NamedStretch extends Stretch {
  readonly name: string | null;
}

/** A change is known by its intent, and by its end where it has no intent. */
const BEGINS = {
  sessions: 'room.started',
  closed: 'room.closed',
  scenes: 'scene.entered',
} as const;
const ENDS = {
  sessions: ['room.started', 'room.finished'],
  closed: ['room.opened', 'room.deleted'],
  scenes: ['scene.entered', 'scene.left', 'room.deleted'],
} as const;
const DECIDED = new Set(['ok', 'intent']);

/** When LiveKit ran the room, when it was closed, and what it played; entries are oldest first. */
export function roomStretches(entries: readonly TimelineEntry[], from: Date) {
  return {
    sessions: stretches('sessions', entries, from).map(({ name: _, ...rest }) => rest),
    closed: stretches('closed', entries, from).map(({ name: _, ...rest }) => rest),
    scenes: stretches('scenes', entries, from),
  };
}

function stretches(
  what: keyof typeof BEGINS,
  entries: readonly TimelineEntry[],
  since: Date,
): NamedStretch[] {
  const found: NamedStretch[] = [];
  let open: NamedStretch | null = null;
  for (const { kind, outcome, identity, at, id, payload } of entries) {
    if (identity !== null || !DECIDED.has(outcome)) continue;
    const isBegin = kind === BEGINS[what];
    // What is closed may be closed once more.
    if (isBegin && open && what === 'closed') continue;
    if (open && (ENDS[what] as readonly string[]).includes(kind)) {
      found.push({ ...open, to: at });
      open = null;
    }
    if (isBegin) open = { from: at, to: null, entry: id, name: nameIn(payload) };
  }
  if (open) found.push(open);
  return found.filter(({ to }) => to === null || to > since);
}

function nameIn(payload: TimelineEntry['payload']): string | null {
  const { name } = (payload['scene'] ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : null;
}
