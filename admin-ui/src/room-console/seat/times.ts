/** "84 ms" while that says something, then "0.4 s", "12 s". */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

const exactTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** "12:03:10", for what is true of one moment. */
export const momentOf = (at: Date) => exactTime.format(at);

const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });
const longTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

const DAY_MS = 24 * 3_600_000;
const MOST_KEPT = 20_000;
const clockTimes = new Map<string, string>();
let clockDay = 0;

/** "18:00", with the day when it is another one. Kept, because a row that scrolls by asks for it. */
export function clockTime(at: string | Date): string {
  const today = Math.floor(Date.now() / DAY_MS);
  if (today !== clockDay || clockTimes.size > MOST_KEPT) clockTimes.clear();
  clockDay = today;
  const key = String(at);
  let text = clockTimes.get(key);
  if (text === undefined) {
    const date = new Date(at);
    const isToday = date.toDateString() === new Date().toDateString();
    // In one piece, where a line has to be broken.
    text = (isToday ? shortTime : longTime).format(date).replaceAll(' ', '\u00a0');
    clockTimes.set(key, text);
  }
  return text;
}

/** "0:42", "12:03", "1:02:03": how long somebody has been waiting. */
export function waitedFor(since: string | number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - new Date(since).getTime()) / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** "14 min", "50 s": short, because it counts down in a row. */
export function timeLeft(until: string | number, now: number): string {
  const seconds = Math.max(0, Math.round((new Date(until).getTime() - now) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48
    ? `${hours} h ${Math.floor((seconds % 3600) / 60)} min`
    : `${Math.floor(hours / 24)} d`;
}
