/** 366 days: a token that outlives a leap year is always a mistake. */
export const MAX_TTL_SECONDS = 366 * 86_400;

/** The message says what is wrong and what would be right. */
export class TtlError extends Error {
  override readonly name = 'TtlError';
}

const UNITS: readonly { seconds: number; name: string; spellings: readonly string[] }[] = [
  { seconds: 604_800, name: 'week', spellings: ['w', 'week', 'weeks'] },
  { seconds: 86_400, name: 'day', spellings: ['d', 'day', 'days'] },
  { seconds: 3_600, name: 'hour', spellings: ['h', 'hr', 'hrs', 'hour', 'hours'] },
  { seconds: 60, name: 'minute', spellings: ['m', 'min', 'mins', 'minute', 'minutes'] },
  { seconds: 1, name: 'second', spellings: ['s', 'sec', 'secs', 'second', 'seconds'] },
];

const HINT = 'use whole seconds like 600, or text like "10h", "2 days" or "1h30m"';

/** A lifetime in whole seconds, from seconds (`600`, `'600'`) or words (`'10h'`, `'1h30m'`). */
export function parseTtl(value: number | string): number {
  const seconds = typeof value === 'number' ? value : secondsOf(value);
  if (!Number.isFinite(seconds)) throw new TtlError(`is not a length of time: ${HINT}`);
  if (seconds <= 0) throw new TtlError(`must be longer than zero: ${HINT}`);
  if (seconds > MAX_TTL_SECONDS) throw new TtlError('must be at most 366 days');
  if (!Number.isInteger(seconds)) throw new TtlError(`must come to whole seconds: ${HINT}`);
  return seconds;
}

function secondsOf(text: string): number {
  const trimmed = text.trim().toLowerCase();
  if (trimmed.length > 64) return NaN;
  if (/^-\s*\d/.test(trimmed)) return -1;
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);

  const part = /(\d+(?:\.\d+)?)\s*([a-z]+)\s*/y;
  let total = 0;
  let smallestYet = Infinity;
  while (part.lastIndex < trimmed.length) {
    const match = part.exec(trimmed);
    const unit = match && UNITS.find(({ spellings }) => spellings.includes(match[2]!));
    // Largest first and each unit once: "30m 1h" is usually a slip.
    if (!unit || unit.seconds >= smallestYet) return NaN;
    smallestYet = unit.seconds;
    total += Number(match[1]) * unit.seconds;
  }
  // "0.07h" is 252 s, whatever binary fractions make of it.
  return smallestYet === Infinity ? NaN : Math.round(total * 1e6) / 1e6;
}

/** 5400 → "1 hour 30 minutes"; `parseTtl` reads it back. */
export function formatTtl(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const unit of UNITS) {
    if (unit.name === 'week') continue;
    const count = Math.floor(rest / unit.seconds);
    if (count === 0) continue;
    rest -= count * unit.seconds;
    parts.push(`${count} ${unit.name}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ') || '0 seconds';
}
