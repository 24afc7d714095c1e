import type pg from 'pg';
import { AppError } from '../../common/errors/app-error.js';
import { parseLedgerId } from '../ledger-entry.js';
import type { Stretch } from './leaf-entries.js';

export interface Times {
  readonly from: Date | null;
  readonly to: Date | null;
}

/** The leaves from the first to the last one that is in the time; null: none is. */
export async function stretchOf(client: pg.Client, { from, to }: Times): Promise<Stretch | null> {
  const { rows } = await client.query<{ first: string | null; end: string | null }>(
    `SELECT min(first_index) AS first, max(first_index + count) AS end FROM ledger_range
     WHERE ($1::timestamptz IS NULL OR last_at >= $1) AND ($2::timestamptz IS NULL OR first_at < $2)`,
    [from, to],
  );
  const { first, end } = rows[0] ?? {};
  if (first == null || end == null) return null;
  return { first: Number(first), end: Number(end) };
}

/** The leaf of an entry. Throws `ledger.not_found`, also where it is not sealed. */
export async function leafOf(client: pg.Client, id: string): Promise<number> {
  const ref = parseLedgerId(id);
  const { rows } = await client.query<{ leaf: string }>(
    `SELECT first_index + $2::bigint - first_seq AS leaf FROM ledger_range
     WHERE shard = $1 AND first_seq <= $2 AND $2 < first_seq + count`,
    [ref?.shard ?? -1, ref?.seq ?? -1],
  );
  if (rows[0]) return Number(rows[0].leaf);
  throw new AppError('not_found', 'ledger.not_found', 'No sealed entry has the id in `after`.');
}
