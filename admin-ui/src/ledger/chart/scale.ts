const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
];

export interface Span {
  from: number;
  to: number;
}

export const lengthOf = ({ from, to }: Span) => to - from;

/** Moments at which a time axis has a word, at most `most` of them, on round times of the zone. */
export function timeTicks(span: Span, most: number, offsetMs: (at: number) => number): number[] {
  const step = STEPS.find((size) => lengthOf(span) / size <= most) ?? lengthOf(span);
  const offset = offsetMs(span.from);
  const ticks: number[] = [];
  for (let at = Math.ceil((span.from + offset) / step) * step - offset; at < span.to; at += step) {
    ticks.push(at);
  }
  return ticks;
}

/** The next round number: 1, 2 or 5 times a power of ten. */
export function roundUp(count: number): number {
  if (count <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(count));
  return [1, 2, 5, 10].map((times) => times * power).find((size) => size >= count) ?? count;
}

/** A part of the span that begins and ends where buckets do; null when nothing is left of it. */
export function snapped(part: Span, edges: readonly number[]): Span | null {
  const [low, high] = part.from <= part.to ? [part.from, part.to] : [part.to, part.from];
  const from = edges.findLast((edge) => edge <= low) ?? edges[0];
  const to = edges.find((edge) => edge >= high) ?? edges.at(-1);
  if (from === undefined || to === undefined) return null;
  if (from < to) return { from, to };
  const next = edges[edges.indexOf(from) + 1];
  const before = edges[edges.indexOf(from) - 1];
  if (next !== undefined) return { from, to: next };
  return before === undefined ? null : { from: before, to: from };
}

/** An edge moved by whole buckets, and never past the other edge. */
export function moved(
  brush: Span,
  side: 'from' | 'to',
  by: number,
  edges: readonly number[],
): Span {
  const nearest = (at: number) =>
    edges.reduce(
      (best, edge, i) => (Math.abs(edge - at) < Math.abs((edges[best] ?? 0) - at) ? i : best),
      0,
    );
  const at = nearest(brush[side]) + by;
  const [low, high] =
    side === 'from' ? [0, nearest(brush.to) - 1] : [nearest(brush.from) + 1, edges.length - 1];
  const edge = edges[Math.max(low, Math.min(high, at))] ?? brush[side];
  return { ...brush, [side]: edge };
}

/** The span twice as long around the same middle, and not beyond now. */
export function zoomedOut(span: Span, now: number): Span {
  const half = lengthOf(span) / 2;
  const to = Math.min(span.to + half, Math.max(now, span.to));
  return { from: to - 4 * half, to };
}
