import { ENTRY_COLUMNS, seqOf, shardOf } from '../entry-rows.js';
import { copyOut } from './copy-out.js';
import type { LedgerTables, RangeRow } from './ledger-tables.js';
import { type FoundEntry, idOf, toFoundEntry } from './stored-entries.js';

const NO_HASH = new Uint8Array(32);

/** Reads entries by their place in the tree. */
export class EntryReader {
  constructor(private readonly tables: LedgerTables) {}

  /** The row of every entry of ranges that follow each other, in no order. */
  async readRanges(
    ranges: readonly RangeRow[],
    onRow: (leaf: number, row: Buffer) => void,
  ): Promise<void> {
    const byShard = new Map<number, RangeRow[]>();
    let [first, last] = [ranges[0]?.firstMicros ?? '0', ranges[0]?.lastMicros ?? '0'];
    for (const range of ranges) {
      const known = byShard.get(range.shard);
      if (known) known.push(range);
      else byShard.set(range.shard, [range]);
      if (Number(range.firstMicros) < Number(first)) first = range.firstMicros;
      if (Number(range.lastMicros) > Number(last)) last = range.lastMicros;
    }
    for (const all of byShard.values()) all.sort((a, b) => a.firstSeq - b.firstSeq);
    let range: RangeRow | null = null;
    // One scan along the time: the primary key begins with it.
    const select = `SELECT ${ENTRY_COLUMNS} FROM ledger_entry
      WHERE at >= ${instant(first)} AND at <= ${instant(last)}`;
    await copyOut(this.tables.client, select, (row) => {
      const [shard, seq] = [shardOf(row), seqOf(row)];
      if (!range || !isIn(range, shard, seq)) range = rangeWith(byShard.get(shard), seq);
      if (range) onRow(range.firstIndex + seq - range.firstSeq, row);
    });
  }

  /** Computed from the columns; zeroes in place of what is not there. */
  async leafHashes(first: number, count: number): Promise<Uint8Array[]> {
    const hashes = new Array<Uint8Array>(count).fill(NO_HASH);
    let next = first;
    while (next < first + count) {
      const range = await this.tables.rangeOf(next);
      if (!range) break;
      await this.readRanges([range], (leaf, row) => {
        if (leaf < first || leaf >= first + count) return;
        hashes[leaf - first] = toFoundEntry(row).hash;
      });
      next = range.firstIndex + range.count;
    }
    return hashes;
  }

  /** What is stored for a leaf, whatever its time says: none, one, or too many. */
  async entriesAt(leaf: number): Promise<FoundEntry[]> {
    const range = await this.tables.rangeOf(leaf);
    if (!range) return [];
    const found: FoundEntry[] = [];
    const seq = range.firstSeq + leaf - range.firstIndex;
    const select = `SELECT ${ENTRY_COLUMNS} FROM ledger_entry
      WHERE shard = ${range.shard} AND seq = ${seq}`;
    await copyOut(this.tables.client, select, (row) => found.push(toFoundEntry(row)));
    return found;
  }

  /** The id of the entry at a leaf, as it is stored now. */
  async idAt(leaf: number): Promise<string | null> {
    const [found] = await this.entriesAt(leaf);
    return found ? idOf(found) : null;
  }

  /** In words, for an entry that is gone. */
  async placeOf(leaf: number): Promise<string | null> {
    const range = await this.tables.rangeOf(leaf);
    if (!range) return null;
    return `number ${range.firstSeq + leaf - range.firstIndex} of shard ${range.shard}`;
  }
}

function isIn(range: RangeRow, shard: number, seq: number): boolean {
  const { firstSeq, count } = range;
  return shard === range.shard && seq >= firstSeq && seq < firstSeq + count;
}

function rangeWith(ranges: readonly RangeRow[] | undefined, seq: number): RangeRow | null {
  let [low, high] = [0, (ranges?.length ?? 0) - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges?.[middle] as RangeRow;
    if (seq < range.firstSeq) high = middle - 1;
    else if (seq >= range.firstSeq + range.count) low = middle + 1;
    else return range;
  }
  return null;
}

function instant(micros: string): string {
  return `to_timestamp(0) + ${BigInt(micros)} * interval '1 microsecond'`;
}
