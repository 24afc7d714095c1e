import type { HistoryEntry } from '../../ledger/room-history.js';
import type { TimelineEntry } from '../../ledger/timelines/timeline-reader.js';
import { type Connection, connectionsOf } from '../lineage.js';

export type SegmentKind = 'present' | 'role' | 'held' | 'blocked';

/** A stretch of time in which one thing was so. */
export interface Segment {
  readonly kind: SegmentKind;
  readonly from: Date;
  /** Null: it is still so at the end of what was read. */
  readonly to: Date | null;
  /** When it ends by itself; null: it does not. */
  readonly until: Date | null;
  readonly template: string | null;
  readonly version: number | null;
  /** Whether they might publish; null: the log does not say. */
  readonly canPublish: boolean | null;
  readonly isHidden: boolean;
  readonly by: string | null;
  /** The id of the entry with which it began. */
  readonly entry: string;
}

/** One person in one room over time. */
export interface Lane {
  readonly room: string;
  readonly identity: string;
  readonly segments: readonly Segment[];
  readonly connections: readonly Connection[];
  readonly lastAt: Date;
}

/** Something that was decided. */
export interface Mark {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly outcome: string;
  readonly room: string | null;
  readonly identity: string | null;
  readonly actor: TimelineEntry['actor'];
}

export interface LaneSpan {
  readonly from: Date;
  readonly to: Date;
  /** Nothing lasts beyond it but what is set to. */
  readonly now: Date;
}

interface Recorded {
  readonly at: string;
  readonly until?: string | null;
  readonly template?: string;
  readonly version?: number;
  readonly by?: string;
}

type Open = { -readonly [K in keyof Segment]: Segment[K] } & { of: string };

const PERIODS = { override: 'role', hold: 'held', block: 'blocked' } as const;
/** A decision that is made, whether LiveKit had it yet or not. */
const DECIDED = new Set(['intent', 'ok']);

/** Where somebody is now, as their seat has it. */
export interface Presence {
  readonly isPresent: boolean;
  readonly leftAt?: Date | null;
}

/**
 * Lanes out of entries, oldest first: those within the span, and before them the ones that say how
 * things were when it began. `presenceOf`: null where there is no seat.
 */
export function lanesOf(
  entries: readonly TimelineEntry[],
  span: LaneSpan,
  presenceOf: (room: string, identity: string) => Presence | null,
): Lane[] {
  const folds = new Map<string, LaneFold>();
  for (const entry of entries) {
    const { room, identity } = entry;
    if (room === null || identity === null) continue;
    const key = JSON.stringify([room, identity]);
    const fold = folds.get(key) ?? new LaneFold(room, identity);
    folds.set(key, fold);
    fold.add(entry);
  }
  return [...folds.values()]
    .map((fold) => fold.result(span, presenceOf(fold.room, fold.identity)))
    .filter(({ segments, lastAt }) => segments.length > 0 || lastAt >= span.from)
    .toSorted((a, b) => b.lastAt.getTime() - a.lastAt.getTime());
}

class LaneFold {
  private readonly segments: Open[] = [];
  private readonly entries: TimelineEntry[] = [];
  private readonly open = new Map<SegmentKind, Open>();
  private template: string | null = null;
  private version: number | null = null;
  private canPublish: boolean | null = null;
  private isHidden = false;

  constructor(
    readonly room: string,
    readonly identity: string,
  ) {}

  add(entry: TimelineEntry): void {
    this.entries.push(entry);
    const { kind, payload, outcome, at } = entry;
    switch (kind) {
      case 'token.issued':
        // Who is there keeps the role that they have.
        if (!this.open.has('present')) this.setRole(entry, payload);
        return;
      case 'gate.admitted':
        if (typeof payload['template'] === 'string') this.setRole(entry, payload);
        return;
      case 'participant.joined':
        this.join(entry);
        return;
      case 'participant.left':
      case 'participant.aborted':
        this.leave(entry);
        return;
      default:
        if (!DECIDED.has(outcome)) return;
        if ('desired' in payload) this.setPeriods(entry);
        this.setRoleAfter(entry, at);
    }
  }

  result({ from, to, now }: LaneSpan, presence: Presence | null): Lane {
    const end = new Date(Math.min(to.getTime(), now.getTime()));
    for (const segment of this.open.values()) {
      const isOver = segment.until !== null && segment.until <= end;
      if (isOver) segment.to = segment.until;
      // The entry of a leave may be missing, or come later.
      else if (segment.kind === 'present' && to >= now && !presence?.isPresent) {
        segment.to = this.endOf(segment, presence?.leftAt ?? null);
      }
      this.segments.push(segment);
    }
    this.open.clear();
    const segments = this.segments
      .filter(({ to: until }) => until === null || until > from)
      .toSorted((a, b) => a.from.getTime() - b.from.getTime())
      .map(({ of: _, ...segment }) => segment);
    return {
      room: this.room,
      identity: this.identity,
      segments,
      connections: this.connections(from),
      lastAt: this.entries.at(-1)?.at ?? from,
    };
  }

  private connections(from: Date): Connection[] {
    const entries = this.entries as readonly TimelineEntry[] as readonly HistoryEntry[];
    const comings = entries.filter(({ kind }) => COMINGS.has(kind));
    return connectionsOf(comings, new Date(0)).filter(
      ({ joinedAt, leftAt }) => joinedAt >= from || leftAt === null || leftAt > from,
    );
  }

  private join(entry: TimelineEntry): void {
    const permission = entry.payload['permission'] as Permission | undefined;
    this.canPublish = permission?.canPublish ?? null;
    this.isHidden = permission?.hidden ?? false;
    // The same identity is there once: an older connection is over.
    this.end('present', entry.at);
    this.begin('present', entry, sidOf(entry));
  }

  /** An older connection may leave after a newer one came. */
  private leave(entry: TimelineEntry): void {
    const current = this.open.get('present');
    const sid = sidOf(entry);
    if (current && (sid === '' || current.of === sid)) this.end('present', entry.at);
  }

  private setRoleAfter(entry: TimelineEntry, at: Date): void {
    const { kind, payload } = entry;
    const isWanted = kind === 'seat.updated' || kind === 'drift.repaired';
    const after = (isWanted ? payload : payload['after']) as Record<string, unknown> | undefined;
    if (!after || (isWanted && payload['wanted'] === null)) return;
    const permission = (isWanted ? payload['wanted'] : after['permission']) as
      Permission | null | undefined;
    const canPublish = permission?.canPublish ?? this.canPublish;
    const isHidden = permission?.hidden ?? this.isHidden;
    const isSame = canPublish === this.canPublish && isHidden === this.isHidden;
    this.canPublish = canPublish;
    this.isHidden = isHidden;
    const given = typeof after['template'] === 'string' ? after : this;
    if (!this.setRole(entry, given as Role) && !isSame) this.split(entry, at);
  }

  /** False: it is the same. */
  private setRole(entry: TimelineEntry, role: Role): boolean {
    const template = role.template ?? null;
    const version = role.version ?? null;
    if (template === this.template && version === this.version) return false;
    this.template = template;
    this.version = version;
    this.split(entry, entry.at);
    return true;
  }

  /** Somebody who is there is from now on something else. */
  private split(entry: TimelineEntry, at: Date): void {
    const current = this.open.get('present');
    if (!current) return;
    if (current.from.getTime() === at.getTime()) this.open.delete('present');
    else this.end('present', at);
    this.begin('present', entry, current.of);
  }

  private setPeriods(entry: TimelineEntry): void {
    const desired = (entry.payload['desired'] ?? {}) as Record<string, Recorded | null | undefined>;
    for (const [part, kind] of Object.entries(PERIODS)) {
      const recorded = desired[part] ?? null;
      const current = this.open.get(kind);
      const of = recorded && JSON.stringify([recorded.at, recorded.template, recorded.until]);
      if (current?.of === of) continue;
      this.end(kind, entry.at);
      if (!recorded || of === null) continue;
      this.begin(kind, entry, of, {
        until: recorded.until ? new Date(recorded.until) : null,
        by: recorded.by ?? null,
        template: recorded.template ?? null,
        version: recorded.version ?? null,
      });
    }
  }

  private begin(
    kind: SegmentKind,
    entry: TimelineEntry,
    of: string,
    more: Partial<Omit<Open, 'of'>> = {},
  ): void {
    const isPresence = kind === 'present';
    this.open.set(kind, {
      kind,
      from: entry.at,
      to: null,
      until: null,
      template: isPresence ? this.template : null,
      version: isPresence ? this.version : null,
      canPublish: isPresence ? this.canPublish : null,
      isHidden: isPresence && this.isHidden,
      by: null,
      entry: entry.id,
      of,
      ...more,
    });
  }

  private end(kind: SegmentKind, at: Date): void {
    const current = this.open.get(kind);
    if (!current) return;
    this.open.delete(kind);
    // What ends by itself may be written down a little later.
    current.to = current.until !== null && current.until < at ? current.until : at;
    this.segments.push(current);
  }

  private endOf({ from }: Segment, leftAt: Date | null): Date {
    return leftAt && leftAt > from ? leftAt : (this.entries.at(-1)?.at ?? from);
  }
}

function sidOf({ payload }: TimelineEntry): string {
  return typeof payload['sid'] === 'string' ? payload['sid'] : '';
}

interface Role {
  readonly template?: string | null;
  readonly version?: number | null;
}

interface Permission {
  readonly canPublish?: boolean;
  readonly hidden?: boolean;
}

const COMINGS: ReadonlySet<string> = new Set([
  'gate.admitted',
  'participant.joined',
  'participant.left',
  'participant.aborted',
]);

/** Not decided by anybody, or said by another entry. */
const NO_MARKS = new Set(['seat.state_recorded', 'seat.silenced', 'seat.updated']);

/** What was decided, oldest first: one for each act, with what came of it. */
export function marksOf(entries: readonly TimelineEntry[], from: Date): Mark[] {
  const marks: { -readonly [K in keyof Mark]: Mark[K] }[] = [];
  const byOperation = new Map<unknown, (typeof marks)[number]>();
  for (const { id, at, kind, outcome, room, identity, actor, payload } of entries) {
    const isDecision = kind.startsWith('seat.') || outcome === 'refused';
    if (at < from || !isDecision || NO_MARKS.has(kind)) continue;
    const operation = payload['operationId'];
    const known = typeof operation === 'string' ? byOperation.get(operation) : undefined;
    if (known) {
      known.outcome = outcome;
      continue;
    }
    const mark = { id, at, kind, outcome, room, identity, actor };
    marks.push(mark);
    if (typeof operation === 'string') byOperation.set(operation, mark);
  }
  return marks;
}

export interface StripBar {
  readonly at: Date;
  /** How many were in the room at most. */
  readonly present: number;
  /** How many of them might publish. */
  readonly publishers: number;
  readonly acts: number;
  readonly refused: number;
}

/** Who was live and what was decided, as bars of one width. */
export function stripOf(
  lanes: readonly Lane[],
  marks: readonly Mark[],
  { from, to }: Pick<LaneSpan, 'from' | 'to'>,
  count: number,
): StripBar[] {
  const width = Math.max(1, (to.getTime() - from.getTime()) / count);
  const indexOf = (at: Date) =>
    Math.max(0, Math.min(count - 1, Math.floor((at.getTime() - from.getTime()) / width)));
  const bars = Array.from({ length: count }, (_, i) => ({
    at: new Date(from.getTime() + i * width),
    present: 0,
    publishers: 0,
    acts: 0,
    refused: 0,
  }));
  for (const { segments } of lanes) {
    const [seen, heard] = [new Set<number>(), new Set<number>()];
    for (const segment of segments) {
      if (segment.kind !== 'present') continue;
      const last = indexOf(segment.to ?? to);
      for (let i = indexOf(segment.from); i <= last; i++) {
        seen.add(i);
        if (segment.canPublish && !segment.isHidden) heard.add(i);
      }
    }
    for (const i of seen) bars[i]!.present++;
    for (const i of heard) bars[i]!.publishers++;
  }
  for (const { at, outcome } of marks) {
    const bar = bars[indexOf(at)]!;
    if (outcome === 'refused' || outcome === 'failed') bar.refused++;
    else bar.acts++;
  }
  return bars;
}
