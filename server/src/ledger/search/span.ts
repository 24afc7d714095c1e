import type { LogSearch } from './conditions.js';
import type { Span } from './entry-scan.js';
import type { LedgerCounts } from './ledger-counts.js';

export interface LogSpan extends Span {
  /** Nothing is newer. */
  readonly end: Date;
}

/** From the first entry to now, or what of it the search asks for. */
export async function spanOf(
  { from, to }: LogSearch,
  counts: LedgerCounts,
  now: Date,
): Promise<LogSpan> {
  // An entry has the time of Postgres, and this server's may be a little behind.
  const end = new Date(now.getTime() + 1_000);
  const last = to && to < end ? to : end;
  const first = from ?? (await counts.beginning()) ?? new Date(last.getTime() - 3_600_000);
  return { from: first < last ? first : last, to: last, end };
}
