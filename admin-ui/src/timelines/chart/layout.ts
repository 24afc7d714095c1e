import type { RoleChip } from '@rolecall/server/api';

export interface Span {
  readonly from: number;
  readonly to: number;
}

export type BarKind =
  'present' | 'live' | 'role' | 'held' | 'blocked' | 'scene' | 'session' | 'work' | 'token';

/** A stretch of time in a lane. */
export interface Bar {
  readonly id: string;
  readonly kind: BarKind;
  readonly from: number;
  /** Null: it goes on. */
  readonly to: number | null;
  /** When it ends by itself; null: it does not. */
  readonly until: number | null;
  readonly role: RoleChip | null;
  /** What it is, in a few words and with everything. */
  readonly name: string;
  readonly said: string;
  readonly by: string | null;
  /** The id of the entry with which it began; null: there is none. */
  readonly entry: string | null;
}

/** A moment in a lane. */
export interface Mark {
  readonly id: string;
  readonly at: number;
  readonly said: string;
  readonly isRefused: boolean;
}

export interface Lane {
  readonly id: string;
  readonly label: string;
  /** The page about it. */
  readonly to: string | null;
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
}

export interface PlacedBar {
  readonly bar: Bar;
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly height: number;
  /** What is still to come of it. */
  readonly ahead: { readonly x: number; readonly width: number } | null;
  /** Where there is room for the letter of its role. */
  readonly hasChip: boolean;
}

export interface PlacedMark {
  readonly x: number;
  readonly y: number;
  readonly marks: readonly Mark[];
}

export interface PlacedLane {
  readonly lane: Lane;
  readonly y: number;
  readonly height: number;
  readonly bars: readonly PlacedBar[];
  readonly marks: readonly PlacedMark[];
}

export interface Layout {
  readonly lanes: readonly PlacedLane[];
  readonly height: number;
}

export interface LayoutOptions {
  readonly view: Span;
  readonly width: number;
  readonly now: number;
  /** Where labels are above their lane instead of beside it. */
  readonly isNarrow: boolean;
}

const LABEL = 20;
const TRACK = 40;
const MARKS = 18;
const LEAST = 4;
const CHIP = 20;
const MARK_GAP = 14;
const TOKEN = 15;

/** How high bars of a kind are: thin is in the room, thick is live, held or kept out. */
const HEIGHTS: Readonly<Record<BarKind, number>> = {
  session: 22,
  scene: 18,
  role: 22,
  present: 6,
  live: 18,
  held: 18,
  blocked: 18,
  work: 18,
  token: 4,
};
/** Later ones are drawn over earlier ones. */
const ORDER = Object.keys(HEIGHTS) as BarKind[];

/** Where everything is, one lane under the other. */
export function layOut(lanes: readonly Lane[], options: LayoutOptions): Layout {
  let y = 0;
  const placed = lanes.map((lane): PlacedLane => {
    const top = y;
    const above = options.isNarrow ? LABEL : 0;
    const middle = top + above + TRACK / 2;
    const marks = placeMarks(lane.marks, middle + TRACK / 2 + 2, options);
    const height = above + TRACK + (lane.marks.length > 0 ? MARKS : 0);
    y += height;
    return { lane, y: top, height, bars: placeBars(lane.bars, middle, options), marks };
  });
  return { lanes: placed, height: y };
}

export const xOf = (at: number, { from, to }: Span, width: number) =>
  ((at - from) / (to - from)) * width;

function placeBars(bars: readonly Bar[], middle: number, options: LayoutOptions): PlacedBar[] {
  const shown = bars
    .toSorted((a, b) => a.from - b.from)
    .flatMap((bar) => placeBar(bar, middle, options) ?? []);
  let free = -Infinity;
  let last = '';
  return shown
    .map((one) => {
      const role = one.bar.role && `${one.bar.role.key} ${one.bar.role.version}`;
      const isPresence = one.bar.kind === 'present' || one.bar.kind === 'live';
      const hasChip =
        isPresence && role !== null && one.x >= free && (role !== last || one.x > free);
      if (hasChip) {
        free = one.x + CHIP + 2;
        last = role;
      }
      return { ...one, hasChip };
    })
    .toSorted((a, b) => ORDER.indexOf(a.bar.kind) - ORDER.indexOf(b.bar.kind));
}

/** Null: it is not in view. */
function placeBar(bar: Bar, middle: number, options: LayoutOptions): PlacedBar | null {
  const { view, width, now } = options;
  const end = bar.to ?? Infinity;
  const done = Math.min(end, now);
  const [from, to] = [Math.max(bar.from, view.from), Math.min(done, view.to)];
  const ahead = aheadOf(bar, options);
  if ((from > to || bar.from > view.to || done < view.from) && !ahead) return null;
  const x = Math.min(xOf(from, view, width), width);
  const height = HEIGHTS[bar.kind];
  const wide = Math.max(0, xOf(to, view, width) - x);
  return {
    bar,
    x: Math.min(x, width - LEAST),
    width: Math.max(LEAST, wide),
    // A token is below what was: it says what may come.
    y: middle - height / 2 + (bar.kind === 'token' ? TOKEN : 0),
    height,
    ahead,
    hasChip: false,
  };
}

/** Kinds that go on until their end; who is there may leave at any time. */
const IS_SET: ReadonlySet<BarKind> = new Set(['role', 'held', 'blocked', 'token']);

function aheadOf({ kind, to, until }: Bar, { view, width, now }: LayoutOptions) {
  if (to !== null || !IS_SET.has(kind) || view.to <= now) return null;
  const end = Math.min(until ?? Infinity, view.to);
  if (end <= Math.max(now, view.from)) return null;
  const x = xOf(Math.max(now, view.from), view, width);
  return { x, width: xOf(end, view, width) - x };
}

/** Marks that would cover each other are one. */
function placeMarks(marks: readonly Mark[], y: number, { view, width }: LayoutOptions) {
  const placed: { x: number; y: number; marks: Mark[] }[] = [];
  for (const mark of marks.toSorted((a, b) => a.at - b.at)) {
    if (mark.at < view.from || mark.at > view.to) continue;
    const x = xOf(mark.at, view, width);
    const last = placed.at(-1);
    if (last && x - last.x < MARK_GAP) last.marks.push(mark);
    else placed.push({ x, y: y + 6, marks: [mark] });
  }
  return placed;
}

/** The bar that a key leads to; null: the key does not move. */
export function nextBar(lanes: readonly Lane[], current: string | null, key: string): Bar | null {
  const filled = lanes
    .map(({ bars }) => bars.toSorted((a, b) => a.from - b.from))
    .filter((bars) => bars.length > 0);
  const row = filled.findIndex((bars) => bars.some(({ id }) => id === current));
  const bars = filled[row];
  const isMove = /^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key);
  if (!isMove) return null;
  if (!bars) return filled[0]?.at(-1) ?? null;
  const column = bars.findIndex(({ id }) => id === current);
  const bar = bars[column]!;
  const within = (at: number) => bars[Math.max(0, Math.min(bars.length - 1, at))]!;
  switch (key) {
    case 'ArrowLeft':
      return within(column - 1);
    case 'ArrowRight':
      return within(column + 1);
    case 'Home':
      return within(0);
    case 'End':
      return within(bars.length - 1);
    default: {
      const other = filled[row + (key === 'ArrowUp' ? -1 : 1)];
      return other ? nearest(other, bar.from) : bar;
    }
  }
}

const nearest = (bars: readonly Bar[], at: number) =>
  bars.reduce((best, one) => (Math.abs(one.from - at) < Math.abs(best.from - at) ? one : best));

/** The part of the time that is shown, moved so that the moment is in it. */
export function showing(view: Span, at: number, whole: Span): Span {
  if (at >= view.from && at <= view.to) return view;
  const length = view.to - view.from;
  return kept({ from: at - length / 2, to: at + length / 2 }, whole);
}

/** `factor` below 1 shows less of the time, around a moment. */
export function zoomed(view: Span, factor: number, around: number, whole: Span): Span {
  const length = Math.max(LEAST_MS, (view.to - view.from) * factor);
  const part = (around - view.from) / (view.to - view.from);
  const from = around - part * length;
  return kept({ from, to: from + length }, whole);
}

const LEAST_MS = 10_000;
const EDGE_MS = 30_000;

/** Within the whole, and as long as it was where that is possible. */
function kept({ from, to }: Span, whole: Span): Span {
  const length = Math.min(to - from, whole.to - whole.from);
  const start = Math.max(whole.from, Math.min(from, whole.to - length));
  return { from: start, to: start + length };
}

/** The part of the time in which something is, where that is a small part of it. */
export function fitted(lanes: readonly Lane[], whole: Span, now: number): Span {
  const bars = lanes.flatMap((lane) => lane.bars);
  const marks = lanes.flatMap((lane) => lane.marks);
  const begins = [...bars.map(({ from }) => from), ...marks.map(({ at }) => at)];
  const ends = [...bars.map(({ to }) => to ?? now), ...marks.map(({ at }) => at)];
  const inside = (at: number) => Math.max(whole.from, Math.min(whole.to, at));
  const [from, to] = [inside(Math.min(...begins)), inside(Math.max(...ends))];
  if (begins.length === 0 || to - from > (whole.to - whole.from) / 3) return whole;
  const edge = Math.max((to - from) / 8, EDGE_MS);
  return kept({ from: from - edge, to: to + edge }, whole);
}

/** A part of the time by where a pointer began and where it is. */
export function spanned(a: number, b: number, whole: Span): Span | null {
  const [from, to] = a < b ? [a, b] : [b, a];
  const span = { from: Math.max(whole.from, from), to: Math.min(whole.to, to) };
  return span.to - span.from < (whole.to - whole.from) / 200 ? null : span;
}
