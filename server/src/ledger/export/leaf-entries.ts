import type pg from 'pg';
import type { Parameter } from '../search/conditions.js';
import { STORED_COLUMNS, type StoredRow } from '../stored-entry.js';
import { LedgerTables, type RangeRow } from '../verify/ledger-tables.js';

/** A stretch of leaves: from `first` up to, without, `end`. */
export interface Stretch {
  readonly first: number;
  readonly end: number;
}

export interface LeafRow {
  readonly leaf: number;
  readonly row: StoredRow;
}

export interface LeafBatch {
  /** Every leaf before this one was looked at. */
  readonly next: number;
  /** The entries that match, in the order of their leaves. */
  readonly rows: readonly LeafRow[];
}

/** Conditions of a WHERE; `parameter` adds a value to the statement. */
export type Where = (parameter: Parameter) => string[];

export const EVERYTHING: Where = () => [];

/** Leaves that are looked at together: so many, and fewer when their entries are long. */
const FIRST_LOOK = 256;
const LONGEST_LOOK = 1_024;
/** Where few match, reading costs less than asking. */
const LONGEST_EMPTY_LOOK = 8_192;
const MANY_BYTES = 2 * 1024 * 1024;

/** Entries of a stretch that match, a batch at a time: memory does not depend on how many there are. */
export async function* entriesBetween(
  client: pg.Client,
  { first, end }: Stretch,
  where: Where,
): AsyncGenerator<LeafBatch> {
  let look = FIRST_LOOK;
  for (let next = first; next < end;) {
    const upTo = Math.min(end, next + look);
    const rows = await readEntries(client, { first: next, end: upTo }, where);
    next = upTo;
    yield { next, rows };
    if (bytesOf(rows) > MANY_BYTES) look = Math.max(16, Math.floor(look / 4));
    else if (rows.length < look / 16) look = Math.min(LONGEST_EMPTY_LOOK, look * 2);
    else look = Math.min(LONGEST_LOOK, look * 2);
  }
}

/** The entries at a stretch of leaves that match, in order. One that the database lacks is left out. */
export async function readEntries(
  client: pg.Client,
  { first, end }: Stretch,
  where: Where,
): Promise<LeafRow[]> {
  const ranges = await new LedgerTables(client).rangesBetween(first, end);
  if (ranges.length === 0) return [];
  const values: unknown[] = [];
  const parameter: Parameter = (value) => `$${values.push(value)}`;
  const conditions = where(parameter);
  const micros = (name: 'firstMicros' | 'lastMicros') => ranges.map((range) => Number(range[name]));
  const instant = (at: number) =>
    `to_timestamp(0) + ${parameter(at)}::bigint * interval '1 microsecond'`;
  conditions.push(
    `at >= ${instant(micros('firstMicros').reduce((a, b) => Math.min(a, b)))}`,
    `at <= ${instant(micros('lastMicros').reduce((a, b) => Math.max(a, b)))}`,
    `shard = ANY(${parameter([...new Set(ranges.map(({ shard }) => shard))])}::int[])`,
  );
  const { rows } = await client.query<StoredRow>(
    `SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE ${conditions.join(' AND ')}`,
    values,
  );
  const leafOf = leavesOf(ranges);
  return rows
    .flatMap((row) => {
      const leaf = leafOf(row.shard, Number(row.seq));
      return leaf !== null && leaf >= first && leaf < end ? [{ leaf, row }] : [];
    })
    .sort((a, b) => a.leaf - b.leaf);
}

/** What the log has signed of archives that have entries of a stretch in place of the database. */
export async function forgottenNotes(
  client: pg.Client,
  { first, end }: Stretch,
): Promise<string[]> {
  const { rows } = await client.query<{ note: string }>(
    `SELECT note FROM ledger_archive
     WHERE forgotten_at IS NOT NULL AND first_leaf < $2 AND end_leaf > $1 ORDER BY first_leaf, id`,
    [first, end],
  );
  return rows.map(({ note }) => note);
}

/** Finds the leaf of an entry by its shard and number. */
function leavesOf(ranges: readonly RangeRow[]): (shard: number, seq: number) => number | null {
  const ofShard = new Map<number, RangeRow[]>();
  for (const range of ranges) {
    const known = ofShard.get(range.shard);
    if (known) known.push(range);
    else ofShard.set(range.shard, [range]);
  }
  return (shard, seq) => {
    const all = ofShard.get(shard) ?? [];
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { firstSeq, count } = all[middle] as RangeRow;
      if (seq >= firstSeq + count) low = middle + 1;
      else high = middle;
    }
    const range = all[low];
    return range && seq >= range.firstSeq ? range.firstIndex + seq - range.firstSeq : null;
  };
}

function bytesOf(rows: readonly LeafRow[]): number {
  return rows.reduce(
    (sum, { row: { payload, personal } }) => sum + payload.length + (personal?.length ?? 0) + 300,
    0,
  );
}
