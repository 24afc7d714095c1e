import type { LogQuery, QueryTime } from './log-query.js';

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:sec|s|min|m|h|d|w))+$/;
const PART = /(\d+(?:\.\d+)?)(sec|s|min|m|h|d|w)/g;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})$/i;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?$/i;
const LONGEST_SECONDS = 100 * 366 * 86_400;

/** Seconds of `90`, `90s`, `10m`, `1h30m`, `2d`; null: it is no duration. */
export function parseDuration(text: string): number | null {
  const given = text.toLowerCase();
  if (/^\d{1,10}$/.test(given)) return Number(given);
  if (!DURATION.test(given)) return null;
  let seconds = 0;
  for (const [, number, unit] of given.matchAll(PART)) {
    seconds += Number(number) * (UNITS[unit as string] as number);
  }
  return seconds <= LONGEST_SECONDS ? seconds : null;
}

/** `5400` → `1h30m`. */
export function printDuration(seconds: number): string {
  const parts: string[] = [];
  let left = seconds;
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const) {
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * size;
  }
  if (left > 0 || parts.length === 0) parts.push(`${Math.round(left * 1_000) / 1_000}s`);
  return parts.join('');
}

/** Null: it is no moment. */
export function parseTime(text: string): QueryTime | null {
  const given = text.trim();
  const word = given.toLowerCase();
  if (word === 'today' || word === 'yesterday') return { sort: 'day', day: word };
  if (word === 'now') return { sort: 'ago', seconds: 0 };
  if (INSTANT.test(given)) {
    return Number.isNaN(Date.parse(given)) ? null : { sort: 'instant', text: given.toUpperCase() };
  }
  if (LOCAL.test(given)) {
    return localParts(given) === null ? null : { sort: 'local', text: given.toUpperCase() };
  }
  const seconds = /^\d+$/.test(given) ? null : parseDuration(given);
  return seconds === null ? null : { sort: 'ago', seconds };
}

export function printTime(time: QueryTime): string {
  if (time.sort === 'ago') return time.seconds === 0 ? 'now' : printDuration(time.seconds);
  return time.sort === 'day' ? time.day : time.text;
}

export interface TimeContext {
  readonly now: Date;
  /** An IANA time zone, such as `Europe/Berlin`. */
  readonly zone: string;
}

/** The moments that the query is limited to; null: it is not. */
export function timesOf(
  { since, before }: Pick<LogQuery, 'since' | 'before'>,
  context: TimeContext,
): { from: Date | null; to: Date | null } {
  return {
    from: since && momentOf(since, context),
    to: before && momentOf(before, context),
  };
}

export function momentOf(time: QueryTime, { now, zone }: TimeContext): Date {
  switch (time.sort) {
    case 'instant':
      return new Date(time.text);
    case 'local':
      return inZone(localParts(time.text) as LocalParts, zone);
    case 'ago':
      return new Date(now.getTime() - time.seconds * 1_000);
    case 'day': {
      const [year, month, day] = partsIn(now, zone);
      return inZone([year, month, day - (time.day === 'today' ? 0 : 1), 0, 0, 0, 0], zone);
    }
  }
}

/** Year, month (from 1), day, hour, minute, second, millisecond. */
export type LocalParts = readonly [number, number, number, number, number, number, number];

/** What a clock in the zone shows. */
export function partsIn(at: Date, zone: string): LocalParts {
  const found: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(at)) found[type] = Number(value);
  const ms = ((at.getTime() % 1_000) + 1_000) % 1_000;
  return [
    found['year'] as number,
    found['month'] as number,
    found['day'] as number,
    found['hour'] as number,
    found['minute'] as number,
    found['second'] as number,
    ms,
  ];
}

const DAY_MS = 86_400_000;

/** The first moment at which a clock in the zone shows it; one that is skipped is an hour later. */
export function inZone(
  [year, month, day, hour, minute, second, ms]: LocalParts,
  zone: string,
): Date {
  const wanted = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const before = offsetAt(wanted - DAY_MS, zone);
  const candidates = [before, offsetAt(wanted + DAY_MS, zone)].map((offset) => wanted - offset);
  const isShown = (at: number): boolean => at + offsetAt(at, zone) === wanted;
  const shown = candidates.filter(isShown);
  return new Date(shown.length > 0 ? Math.min(...shown) : wanted - before);
}

export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

function offsetAt(ms: number, zone: string): number {
  const [year, month, day, hour, minute, second, part] = partsIn(new Date(ms), zone);
  return Date.UTC(year, month - 1, day, hour, minute, second, part) - ms;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formatters.size > 600) formatters.clear();
  formatters.set(timeZone, made);
  return made;
}

function localParts(text: string): LocalParts | null {
  const found = LOCAL.exec(text);
  if (!found) return null;
  const number = (i: number): number => Number(found[i] ?? 0);
  const ms = Number((found[7] ?? '0').padEnd(3, '0'));
  const parts = [number(1), number(2), number(3), number(4), number(5), number(6), ms] as const;
  const [year, month, day, hour, minute, second] = parts;
  const made = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal = made.getUTCMonth() === month - 1 && made.getUTCDate() === day;
  return isReal && hour < 24 && minute < 60 && second < 60 ? parts : null;
}
