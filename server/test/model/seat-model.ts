import { toParticipantPermission } from '../../src/grants/compile-grant.js';
import { PRESETS } from '../../src/grants/presets.js';
import type { Permission, Source } from '../support/livekit-double/model.js';

export const TEMPLATES = ['viewer', 'camera-only', 'speaker', 'presenter'] as const;
export type Template = (typeof TEMPLATES)[number];

/** Between which times it ends, by this machine's clock: after the question, before the answer. */
interface Timed {
  readonly ends: { readonly after: number; readonly before: number } | null;
}

/** A lease goes back to what it was given on top of. */
interface Override extends Timed {
  readonly template: Template;
  readonly under: Override | null;
}

interface Hold extends Timed {
  readonly sources: readonly string[];
}

/** What moderators wished of one seat. */
export interface Wish {
  readonly override: Override | null;
  readonly block: Timed | null;
  /** Which of these there is: one that came at the edge of another's end may have been added to it. */
  readonly holds: readonly Hold[];
}

/** What LiveKit should have: not in the room, or a permission in a comparable form. */
export type Desired = string;
export const OUT: Desired = 'out';

export type Act =
  | { readonly action: 'promote' | 'demote'; readonly template: Template; readonly for?: number }
  | { readonly action: 'demote' }
  | { readonly action: 'block'; readonly for?: number }
  | { readonly action: 'unblock' | 'release' | 'remove' }
  | { readonly action: 'hold'; readonly sources: readonly string[]; readonly for?: number };

/** Clocks of a busy machine: within this of a time's end either answer is right. */
const EDGE_MS = 250;

/** A lease is over at once; that what it was given on top of is back may take a moment longer. */
const RETURN_MS = 3_000;

/** An answer may have come from what was wished this long ago, by a writer that was slow. */
const MEMORY_MS = 15_000;

interface Operation {
  readonly id: string;
  readonly before: Wish;
  readonly epoch: number;
}

/** One seat as it should be: nothing of Rolecall's own logic, only what its words promise. */
export class SeatModel {
  wish: Wish = { override: null, block: null, holds: [] };
  epoch = 0;
  last: Operation | null = null;
  readonly operations: string[] = [];
  /** Every wish, and from when to when it may have been what LiveKit was told. */
  private readonly told: { wish: Wish; from: number; to: number }[];
  private removedAt = -Infinity;

  constructor(readonly identity: string) {
    this.told = [{ wish: this.wish, from: -Infinity, to: Infinity }];
  }

  /** Whether the act must be accepted: null at the edge of a time, when both answers are right. */
  accepts(act: Act, now: number): boolean | null {
    if (act.action !== 'promote') return true;
    const may = states(this.wish.block, now - EDGE_MS, now + EDGE_MS);
    return may.length > 1 ? null : !may[0];
  }

  /** The act was committed as this operation; it was asked for at `asked` and answered at `now`. */
  apply(act: Act, operation: { id: string; epoch: number }, asked: number, now: number): void {
    // The same again a moment later is the same operation.
    if (this.operations.includes(operation.id)) return;
    this.operations.push(operation.id);
    if (act.action === 'remove') {
      this.removedAt = now;
      return;
    }
    this.last = { ...operation, before: this.wish };
    this.become(after(this.wish, act, asked, now), operation.epoch, asked, now);
  }

  undo(operation: { id: string; epoch: number }, asked: number, now: number): void {
    this.operations.push(operation.id);
    const { before } = this.last as Operation;
    this.last = null;
    this.become(before, operation.epoch, asked, now);
  }

  /** What may be right between two times: more than one answer when something ends by itself. */
  possible(from: number, to = from): Set<Desired> {
    return possibleOf(this.wish, from - EDGE_MS, to + EDGE_MS);
  }

  /** What is right once everything that ends by itself has ended. */
  settled(): Set<Desired> {
    return possibleOf(this.wish, Infinity, Infinity);
  }

  /** When nothing that was wished ends by itself any more. */
  lastEnd(): number {
    const { override, block, holds } = this.wish;
    const timed = [...chain(override), block, ...holds];
    return Math.max(0, ...timed.map((one) => one?.ends?.before ?? 0));
  }

  /** Whether LiveKit may have been told this at `at` because somebody asked for it. */
  wasAskedFor(desired: Desired, at: number): boolean {
    if (desired === OUT && at - this.removedAt < MEMORY_MS) return true;
    return this.told.some(({ wish, from, to }) => {
      const window = [Math.max(from, at - MEMORY_MS), Math.min(to, at)] as const;
      if (window[0] > at + EDGE_MS || to < at - MEMORY_MS) return false;
      return possibleOf(wish, window[0] - EDGE_MS, window[1] + EDGE_MS).has(desired);
    });
  }

  /** What was wished, one wish a line, for whoever has to find out what went wrong. */
  story(): string {
    return this.told.map((one) => JSON.stringify(one)).join('\n');
  }

  private become(wish: Wish, epoch: number, asked: number, now: number): void {
    const current = this.told.at(-1);
    if (current) current.to = now;
    this.told.push({ wish, from: asked, to: Infinity });
    this.wish = wish;
    this.epoch = epoch;
  }
}

function after(wish: Wish, act: Act, asked: number, now: number): Wish {
  const ends =
    'for' in act && act.for !== undefined
      ? { after: asked + act.for * 1000, before: now + act.for * 1000 }
      : null;
  switch (act.action) {
    case 'promote':
      return { ...wish, override: given(act.template, ends, wish) };
    case 'demote':
      return { ...wish, override: 'template' in act ? given(act.template, ends, wish) : null };
    case 'block':
      return { ...wish, block: { ends } };
    case 'unblock':
      return { ...wish, block: null };
    case 'hold':
      return { ...wish, holds: held({ sources: act.sources, ends }, wish.holds, asked, now) };
    case 'release':
      return { ...wish, holds: [] };
    case 'remove':
      return wish;
  }
}

function given(template: Template, ends: Timed['ends'], { override }: Wish): Override {
  return { template, ends, under: ends === null ? null : override };
}

function chain(override: Override | null): Override[] {
  return override ? [override, ...chain(override.under)] : [];
}

/** A hold adds to the one that is there, and never shortens it. */
function held(hold: Hold, olds: readonly Hold[], asked: number, now: number): Hold[] {
  if (olds.length === 0) return [hold];
  return olds.flatMap((old) =>
    states(old, asked - EDGE_MS, now + EDGE_MS).map((isThere) =>
      isThere ? both(old, hold) : hold,
    ),
  );
}

function both(a: Hold, b: Hold): Hold {
  const sources = [...new Set([...a.sources, ...b.sources])];
  if (!a.ends || !b.ends) return { sources, ends: null };
  const after = Math.max(a.ends.after, b.ends.after);
  return { sources, ends: { after, before: Math.max(a.ends.before, b.ends.before) } };
}

/** Whether it is on at some time between the two, and whether it is off at some. */
function states(timed: Timed | null, from: number, to: number): boolean[] {
  if (timed === null) return [false];
  if (timed.ends === null) return [true];
  return [...(from < timed.ends.before ? [true] : []), ...(to >= timed.ends.after ? [false] : [])];
}

function possibleOf({ override, block, holds }: Wish, from: number, to: number): Set<Desired> {
  const found = new Set<Desired>();
  const takings = holds.length === 0 ? [[]] : holds.flatMap((hold) => takenBy(hold, from, to));
  for (const isBlocked of states(block, from, to)) {
    for (const template of templatesOf(override, from, to)) {
      for (const taken of takings) found.add(isBlocked ? OUT : withheld(template, taken));
    }
  }
  return found;
}

function templatesOf(override: Override | null, from: number, to: number): Template[] {
  if (!override) return ['viewer'];
  const isReturning = override.ends !== null && from < override.ends.before + RETURN_MS;
  return states(override, from, to).flatMap((isOn): Template[] => {
    if (isOn) return [override.template];
    return [...templatesOf(override.under, from, to), ...(isReturning ? ['viewer' as const] : [])];
  });
}

function takenBy(hold: Hold, from: number, to: number): (readonly string[])[] {
  return states(hold, from, to).map((isOn) => (isOn ? hold.sources : []));
}

function withheld(template: Template, held: readonly string[]): Desired {
  const permission = RIGHTS[template];
  const sources = permission.canPublishSources.filter(
    (source) => !held.includes(source.toLowerCase()),
  );
  return keyOf({
    ...permission,
    canPublishSources: sources,
    canPublish: permission.canPublish && sources.length > 0,
  });
}

const RIGHTS = Object.fromEntries(
  TEMPLATES.map((key) => {
    const grants = PRESETS.find((preset) => preset.key === key)?.grants;
    if (!grants) throw new Error(`no preset ${key}`);
    const permission = toParticipantPermission(grants);
    const sources = permission.canPublishSources.map((source) => source.toUpperCase() as Source);
    return [key, { ...permission, canPublishSources: sources }];
  }),
) as Record<Template, Permission>;

/** A permission of a template's, as an old token of that role brings it. */
export function rightsOf(template: Template): Permission {
  return RIGHTS[template];
}

/** A permission in a form that can be compared: sources say nothing without the right to publish. */
export function keyOf(permission: Partial<Permission>): Desired {
  const sources = [...(permission.canPublishSources ?? [])].sort();
  return JSON.stringify([
    permission.canSubscribe ?? false,
    permission.canPublishData ?? false,
    permission.canPublish ? (sources.length > 0 ? sources : 'all') : 'none',
    permission.hidden ?? false,
    permission.recorder ?? false,
    permission.agent ?? false,
    permission.canUpdateMetadata ?? false,
  ]);
}
