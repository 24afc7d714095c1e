import type pg from 'pg';
import type { Parameter } from '../search/conditions.js';
import { isWithin, type StoredRow, type StoredRowWithin, storedWithin } from '../stored-entry.js';
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
const SHORTEST_LOOK = 16;
/** Entries of more are read in several parts. */
const MOST_BYTES = 4 * 1024 * 1024;
const MANY_BYTES = MOST_BYTES / 2;

/** Entries of a stretch that match, a batch at a time: memory does not depend on how many there are. */
export async function* entriesBetween(
  client: pg.Client,
  { first, end }: Stretch,
  where: Where,
): AsyncGenerator<LeafBatch> {
  let look = FIRST_LOOK;
  for (let at = first; at < end;) {
    const upTo = Math.min(end, at + look);
    const { next, rows } = await readEntries(client, { first: at, end: upTo }, where);
    at = next;
    yield { next, rows };
    if (next < upTo || bytesOf(rows) > MANY_BYTES) {
      look = Math.max(SHORTEST_LOOK, Math.floor(look / 4));
    } else if (rows.length < look / 16) look = Math.min(LONGEST_EMPTY_LOOK, look * 2);
    else look = Math.min(LONGEST_LOOK, look * 2);
  }
}

/**
 * The entries at a stretch of leaves that match, in order: up to so many bytes, and one at least. One
 * that the database lacks is left out.
 */
export async function readEntries(
  client: pg.Client,
  stretch: Stretch,
  where: Where,
  mostBytes = MOST_BYTES,
): Promise<LeafBatch> {
  const found = await readWithin(client, stretch, where, mostBytes);
  const rows: LeafRow[] = [];
  for (const { leaf, row } of found) {
    if (isWithin(row)) {
      rows.push({ leaf, row });
      continue;
    }
    if (rows.length > 0) return { next: leaf, rows };
    // Those that took its place are after it: time is not the order of leaves.
    return readEntries(client, { first: stretch.first, end: leaf + 1 }, where, Infinity);
  }
  return { next: stretch.end, rows };
}

async function readWithin(
  client: pg.Client,
  { first, end }: Stretch,
  where: Where,
  mostBytes: number,
): Promise<{ leaf: number; row: StoredRowWithin }[]> {
  const ranges = await new LedgerTables(client).rangesBetween(first, end);
  if (ranges.length === 0) return [];
  const values: unknown[] = [];
  const parameter: Parameter = (value) => `$${values.push(value)}`;
  const conditions = where(parameter);
  const micros = (name: 'firstMicros' | 'lastMicros') => ranges.map((range) => Number(range[name]));
  const instant = (at: number) =>
    `to_timestamp(0) + ${parameter(at)}::bigint * interval '1 microsecond'`;
  const ofShard = ({ shard, low, high }: SeqSpan) =>
    `shard = ${parameter(shard)}::int AND seq >= ${parameter(low)}::bigint AND seq <= ${parameter(high)}::bigint`;
  conditions.push(
    `at >= ${instant(micros('firstMicros').reduce((a, b) => Math.min(a, b)))}`,
    `at <= ${instant(micros('lastMicros').reduce((a, b) => Math.max(a, b)))}`,
    // A range may be much longer than the stretch.
    `(${spansOf(ranges, { first, end }).map(ofShard).join(' OR ')})`,
  );
  const most = Number.isFinite(mostBytes) ? parameter(mostBytes) : `'infinity'`;
  const { rows } = await client.query<StoredRowWithin>(
    storedWithin(`SELECT * FROM ledger_entry WHERE ${conditions.join(' AND ')}`, `${most}::float8`),
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

interface SeqSpan {
  readonly shard: number;
  readonly low: number;
  readonly high: number;
}

/** Which numbers of each shard are in the stretch: they rise with the leaves. */
function spansOf(ranges: readonly RangeRow[], { first, end }: Stretch): SeqSpan[] {
  const spans = new Map<number, SeqSpan>();
  for (const { shard, firstIndex, firstSeq, count } of ranges) {
    const low = firstSeq + Math.max(0, first - firstIndex);
    const high = firstSeq + Math.min(count, end - firstIndex) - 1;
    const known = spans.get(shard);
    spans.set(shard, {
      shard,
      low: Math.min(known?.low ?? low, low),
      high: Math.max(known?.high ?? high, high),
    });
  }
  return [...spans.values()];
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
