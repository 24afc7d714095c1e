import type pg from 'pg';
import { splitHashes, TILE_WIDTH } from '../tree/tiles.js';
import type { TileSource } from './authentic-tiles.js';

/** Which entries stand at which leaves. */
export interface RangeRow {
  readonly firstIndex: number;
  readonly shard: number;
  readonly firstSeq: number;
  readonly count: number;
  readonly firstMicros: string;
  readonly lastMicros: string;
}

export interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

export interface TileRow {
  readonly level: number;
  readonly index: number;
  readonly hashes: Buffer;
  readonly root: Buffer;
}

const MICROS = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::bigint`;

/** What the tables of the tree say, in one snapshot. */
export class LedgerTables {
  constructor(readonly client: pg.Client) {}

  ranges(from: number, limit: number): Promise<RangeRow[]> {
    return this.readRanges('first_index >= $1 ORDER BY first_index LIMIT $2', [from, limit]);
  }

  /** Ranges that follow each other without a gap, from that of leaf `from` up to leaf `end`. */
  async rangesBetween(from: number, end: number): Promise<RangeRow[]> {
    const ranges = await this.readRanges(
      `first_index < $2 AND first_index >= coalesce(
         (SELECT max(first_index) FROM ledger_range WHERE first_index <= $1), $1)
       ORDER BY first_index`,
      [from, end],
    );
    const joined: RangeRow[] = [];
    let next = ranges[0] && includes(ranges[0], from) ? ranges[0].firstIndex : null;
    for (const range of ranges) {
      if (range.firstIndex !== next) break;
      joined.push(range);
      next += range.count;
    }
    return joined;
  }

  /** The range of which a leaf is a part. */
  async rangeOf(leaf: number): Promise<RangeRow | null> {
    const [range] = await this.readRanges('first_index <= $1 ORDER BY first_index DESC LIMIT 1', [
      leaf,
    ]);
    return range && includes(range, leaf) ? range : null;
  }

  private async readRanges(where: string, values: readonly number[]): Promise<RangeRow[]> {
    const { rows } = await this.client.query<Record<keyof RangeRow, string>>(
      `SELECT first_index AS "firstIndex", shard, first_seq AS "firstSeq", count,
         ${MICROS('first_at')} AS "firstMicros", ${MICROS('last_at')} AS "lastMicros"
       FROM ledger_range WHERE ${where}`,
      [...values],
    );
    return rows.map((row) => ({
      firstIndex: Number(row.firstIndex),
      shard: Number(row.shard),
      firstSeq: Number(row.firstSeq),
      count: Number(row.count),
      firstMicros: row.firstMicros,
      lastMicros: row.lastMicros,
    }));
  }

  /** The last number of each shard that is from before the tree. */
  async beforeTree(): Promise<(readonly [shard: number, seq: number])[]> {
    const { rows } = await this.client.query<{ shard: number; seq: string }>(
      'SELECT shard, leaves_after AS seq FROM ledger_head',
    );
    return rows.map(({ shard, seq }) => [shard, Number(seq)]);
  }

  async checkpoints(after: number, upTo: number): Promise<CheckpointRow[]> {
    const { rows } = await this.client.query<{ size: string; root: Buffer; note: string }>(
      `SELECT size, root, note FROM ledger_checkpoint WHERE size > $1 AND size <= $2 ORDER BY size`,
      [after, upTo],
    );
    return rows.map((row) => ({ ...row, size: Number(row.size) }));
  }

  async newestCheckpoint(): Promise<CheckpointRow | null> {
    const { rows } = await this.client.query<{ size: string; root: Buffer; note: string }>(
      `SELECT size, root, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1`,
    );
    return rows[0] ? { ...rows[0], size: Number(rows[0].size) } : null;
  }

  async tiles(level: number, first: number, end: number): Promise<TileRow[]> {
    const { rows } = await this.client.query<TileRow & { index: string }>(
      `SELECT level, index, hashes, root FROM ledger_tile
       WHERE level = $1 AND index >= $2 AND index < $3 ORDER BY index`,
      [level, first, end],
    );
    return rows.map((row) => ({ ...row, index: Number(row.index) }));
  }

  /** Full tiles as they are stored; the hashes of a partial one are the roots of those below it. */
  get tileSource(): TileSource {
    return async ({ level, index, width }) => {
      if (width === TILE_WIDTH) {
        const [tile] = await this.tiles(level, index, index + 1);
        return tile ? splitHashes(tile.hashes) : null;
      }
      if (level === 0) return this.storedLeafHashes(index * TILE_WIDTH, width);
      const below = await this.tiles(level - 1, index * TILE_WIDTH, index * TILE_WIDTH + width);
      return below.length === width ? below.map(({ root }) => root) : null;
    };
  }

  private async storedLeafHashes(first: number, count: number): Promise<Buffer[] | null> {
    const { rows } = await this.client.query<{ hash: Buffer | null }>(
      `SELECT e.leaf_hash AS hash FROM ledger_range r JOIN ledger_entry e ON e.shard = r.shard
         AND e.seq >= r.first_seq AND e.seq < r.first_seq + r.count
         AND e.at >= r.first_at AND e.at <= r.last_at
       WHERE r.first_index + r.count > $1 AND r.first_index < $1 + $2
         AND r.first_index + e.seq - r.first_seq >= $1
         AND r.first_index + e.seq - r.first_seq < $1 + $2
       ORDER BY r.first_index + e.seq - r.first_seq`,
      [first, count],
    );
    const hashes = rows.flatMap(({ hash }) => hash ?? []);
    return hashes.length === count ? hashes : null;
  }
}

function includes({ firstIndex, count }: RangeRow, leaf: number): boolean {
  return leaf >= firstIndex && leaf < firstIndex + count;
}
