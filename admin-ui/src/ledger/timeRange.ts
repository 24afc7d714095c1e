export const RANGES = ['15m', '1h', '24h', '7d', '30d'] as const;

const SIZES: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "24h" → the moment that many ago; null for anything else. */
export function startOf(range: string, now: Date): Date | null {
  const match = /^(\d+)([mhd])$/.exec(range);
  const size = match && SIZES[match[2] ?? ''];
  return size ? new Date(now.getTime() - Number(match[1]) * size) : null;
}

/** Whether the server takes it: an instant with its offset. */
export const isInstant = (text: string) =>
  /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));

/** ISO → what a local date-time field shows, and back. */
export function toLocalField(iso: string) {
  const date = new Date(iso);
  if (!iso || Number.isNaN(date.getTime())) return '';
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export function fromLocalField(text: string) {
  const date = new Date(text);
  return text && !Number.isNaN(date.getTime()) ? date.toISOString() : '';
}
