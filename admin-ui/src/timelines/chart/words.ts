import type { useZone } from '../../ledger/zone';

type Format = ReturnType<typeof useZone>['format'];

/** A day where one begins, else the time. */
export function tickText(at: number, ticks: readonly number[], format: Format): string {
  const step = (ticks[1] ?? Infinity) - (ticks[0] ?? 0);
  if (format(at, 'clock') === '00:00:00') return format(at, 'day');
  return format(at, step < 60_000 ? 'clock' : 'minute');
}
