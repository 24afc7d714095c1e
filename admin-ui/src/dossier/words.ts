/** As 2026-11-29 12:00:05: in UTC, so that everybody who opens the file reads the same. */
export function timeText(at: number): string {
  if (!Number.isFinite(at)) return 'unknown';
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

export function clockText(at: number): string {
  return timeText(at).slice(11);
}

/** 1 h 02 min 03 s. */
export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const [h, min, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  if (h > 0) return `${h} h ${two(min)} min ${two(s)} s`;
  return min > 0 ? `${min} min ${two(s)} s` : `${s} s`;
}

export function waitText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
