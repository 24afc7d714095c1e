import { inZone, type LocalParts, partsIn } from '../query/times.js';

export type BarUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month';

export interface Bars {
  readonly unit: BarUnit;
  readonly step: number;
  /** Where each bar begins, and where the last one ends. */
  readonly edges: readonly Date[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Width = readonly [unit: BarUnit, step: number, ms: number];

const WIDEST: Width = ['month', 12, 365 * DAY];
/** Widths that people read at a glance, the narrowest first. */
const WIDTHS: readonly Width[] = [
  ...[1, 5, 10, 15, 30].map((step) => ['second', step, step * SECOND] as const),
  ...[1, 5, 10, 15, 30].map((step) => ['minute', step, step * MINUTE] as const),
  ...[1, 3, 6, 12].map((step) => ['hour', step, step * HOUR] as const),
  ...[1, 2].map((step) => ['day', step, step * DAY] as const),
  ['week', 1, 7 * DAY],
  ...[1, 3].map((step) => ['month', step, step * 30 * DAY] as const),
  WIDEST,
];
/** More bars than were asked for are still better than far fewer. */
const SLACK = 1.5;
const MAX_BARS = 2_000;

/** Bars from `from` to `to` that begin and end where a clock in the zone shows a whole width. */
export function barsBetween(from: Date, to: Date, about: number, zone: string): Bars {
  const span = Math.max(1, to.getTime() - from.getTime());
  const fitting = WIDTHS.find(([, , ms]) => span / ms <= about * SLACK);
  const [unit, step, ms] = fitting ?? WIDEST;
  const edges: Date[] = [];
  let edge = ms <= HOUR ? flooredBy(ms, from, zone) : floored(unit, step, from, zone);
  while (edges.length <= MAX_BARS) {
    edges.push(edge);
    if (edge >= to && edges.length > 1) break;
    edge = ms <= HOUR ? new Date(edge.getTime() + ms) : after(unit, step, edge, zone);
  }
  return { unit, step, edges };
}

/** Widths of an hour and less are the same in every zone but for where they begin. */
function flooredBy(ms: number, at: Date, zone: string): Date {
  const [year, month, day, hour, minute, second, part] = partsIn(at, zone);
  const offset = Date.UTC(year, month - 1, day, hour, minute, second, part) - at.getTime();
  return new Date(Math.floor((at.getTime() + offset) / ms) * ms - offset);
}

function floored(unit: BarUnit, step: number, at: Date, zone: string): Date {
  const [year, month, day, hour] = partsIn(at, zone);
  switch (unit) {
    case 'hour':
      return inZone(midnight(year, month, day, hour - (hour % step)), zone);
    case 'month':
      return inZone(midnight(year, month - ((month - 1) % step), 1), zone);
    default: {
      // Days are counted from a Monday, so that weeks begin on one.
      const length = unit === 'week' ? 7 : step;
      const number = Math.floor(Date.UTC(year, month - 1, day) / DAY) + 3;
      return inZone(midnight(year, month, day - (number % length)), zone);
    }
  }
}

function after(unit: BarUnit, step: number, edge: Date, zone: string): Date {
  const [year, month, day, hour] = partsIn(edge, zone);
  const days = unit === 'week' ? 7 : unit === 'day' ? step : 0;
  const months = unit === 'month' ? step : 0;
  const hours = unit === 'hour' ? step : 0;
  const next = inZone(midnight(year, month + months, day + days, hour + hours), zone);
  // Where the clocks skip the hour that a bar would begin in.
  return next > edge ? next : new Date(edge.getTime() + HOUR);
}

/** What lies beyond a month or a day is carried over. */
function midnight(year: number, month: number, day: number, hour = 0): LocalParts {
  const at = new Date(Date.UTC(year, month - 1, day, hour));
  return [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), 0, 0, 0];
}
