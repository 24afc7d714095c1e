const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MS = 86_400_000;

const CLOCK = /(?<!\d)([01]?\d|2[0-3])[:.h]([0-5]\d)(?:[:.]([0-5]\d))?\s*(am|pm)?\b/i;
const ISO_DAY = /\b(\d{4})-(\d{2})-(\d{2})(?:t|\b)/i;
const DAY_MONTH = /\b(\d{1,2})\.?\s+([a-z]{3,9})\.?(?:\s+(\d{4}))?\b/i;
const MONTH_DAY = /\b([a-z]{3,9})\.?\s+(\d{1,2})(?:,?\s+(\d{4}))?\b/i;
const WORD =
  /\b(today|yesterday|sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?)\b/i;

export interface Moment {
  at: Date;
  /** A whole day when no time was said. */
  isDay: boolean;
}

/** "Tuesday 14:05", "yesterday 9:30", "24 Nov", "2026-11-24 14:05": in the past, as people mean it. */
export function momentIn(text: string, now: Date): Moment | null {
  const clock = CLOCK.exec(text);
  const rest = clock ? text.replace(clock[0], ' ') : text;
  const day = dayIn(rest, now);
  if (!day && !clock) return null;
  // Whatever else is said makes it something other than a time.
  const left = (day ? rest.replace(day.said, ' ') : rest).replace(/\b(at|on|um)\b|[,\s]/gi, '');
  if (left !== '') return null;
  const at = new Date(day?.at ?? startOf(now));
  if (!clock) return { at, isDay: true };
  at.setHours(hourOf(clock), Number(clock[2]), Number(clock[3] ?? 0));
  if (at.getTime() > now.getTime() && !day) at.setDate(at.getDate() - 1);
  return { at, isDay: false };
}

function hourOf([, hour, , , half]: RegExpExecArray): number {
  const twelve = Number(hour) % 12;
  if (half === undefined) return Number(hour);
  return half.toLowerCase() === 'pm' ? twelve + 12 : twelve;
}

function startOf(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
}

function dayIn(text: string, now: Date): { at: Date; said: string } | null {
  const iso = ISO_DAY.exec(text);
  if (iso) return valid(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), iso[0]);
  const word = WORD.exec(text);
  if (word) {
    const name = (word[1] ?? '').toLowerCase();
    const today = startOf(now);
    const weekday = DAYS.indexOf(name.slice(0, 3));
    const back =
      name === 'today' ? 0 : name === 'yesterday' ? 1 : (today.getDay() - weekday + 7) % 7;
    return {
      at: new Date(today.getFullYear(), today.getMonth(), today.getDate() - back),
      said: word[0],
    };
  }
  const named = DAY_MONTH.exec(text);
  const first = named ?? MONTH_DAY.exec(text);
  if (!first) return null;
  const [day, month] = named ? [first[1], first[2]] : [first[2], first[1]];
  const at = MONTHS.indexOf((month ?? '').slice(0, 3).toLowerCase());
  if (at === -1) return null;
  const year = first[3] ? Number(first[3]) : now.getFullYear();
  const found = valid(year, at, Number(day), first[0]);
  const isAhead = found && !first[3] && found.at.getTime() > now.getTime() + DAY_MS;
  return isAhead ? valid(year - 1, at, Number(day), first[0]) : found;
}

function valid(year: number, month: number, day: number, said: string) {
  const at = new Date(year, month, day);
  return at.getMonth() === month && at.getDate() === day ? { at, said } : null;
}
