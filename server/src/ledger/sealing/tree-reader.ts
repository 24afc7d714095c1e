import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';
import { leafText } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from '../stored-entry.js';
import { leavesOf } from '../stored-leaf.js';
import { areEqual, fromText } from '../tree/bytes.js';
import { consistencyRanges, HASH_LENGTH, inclusionRanges, type LeafRange } from '../tree/merkle.js';
import { treeHasher } from '../tree/sha256.js';
import {
  type BundleRef,
  encodeBundle,
  MAX_ENTRY_LENGTH,
  partialTiles,
  splitHashes,
  TILE_WIDTH,
  TileHashes,
  tilesFor,
  type TileRef,
} from '../tree/tiles.js';
import { TreeEdge } from '../tree/tree-edge.js';

/** The entries of a range `r`. */
const IN_RANGE = `shard = r.shard AND seq >= r.first_seq AND seq < r.first_seq + r.count
  AND at >= r.first_at AND at <= r.last_at`;

/** An entry is not what it was when its leaf was sealed. */
export class EntryChanged extends Error {
  constructor(readonly entryId: string) {
    super(`the entry ${entryId} is not what its leaf was made from`);
  }
}

/**
 * Reads the tree out of Postgres, at any size that it has had: full tiles as they are stored,
 * partial ones from the leaf hashes and from the roots of the tiles below them.
 */
@Injectable()
export class TreeReader {
  constructor(private readonly pg: PgPool) {}

  /** The hashes of a tile; fewer than its width when Postgres lacks some. */
  async tile(ref: TileRef): Promise<Uint8Array[]> {
    const [hashes] = await this.tiles([ref]);
    return hashes as Uint8Array[];
  }

  /** The leaf data of a bundle. Throws `EntryChanged` when an entry does not match its leaf. */
  async bundle(ref: BundleRef): Promise<Uint8Array> {
    const first = ref.index * TILE_WIDTH;
    const { rows } = await this.pg.query<{ leaves: string | null; hashes: Buffer | null }>(
      'ledger-bundle',
      `SELECT string_agg(leaf, E'\\n' ORDER BY first_index, seq) AS leaves,
         string_agg(leaf_hash, ''::bytea ORDER BY first_index, seq) AS hashes
       FROM (SELECT r.first_index, e.* FROM ledger_range r
         CROSS JOIN LATERAL (${leavesOf(IN_RANGE)}) e
         WHERE r.first_index >= $1 AND r.first_index < $2
         ORDER BY r.first_index, e.seq LIMIT $3) one`,
      [first, first + TILE_WIDTH, ref.width],
      READ_MS,
    );
    const { leaves, hashes } = rows[0] ?? {};
    const data = (leaves ?? '').split('\n').map(fromText);
    const isWhole =
      data.length === ref.width &&
      hashes?.length === ref.width * HASH_LENGTH &&
      splitHashes(hashes).every((hash, i) => isLeafOf(data[i] as Uint8Array, hash));
    return isWhole ? encodeBundle(data) : this.bundleByEntries(ref);
  }

  /** The same, entry by entry: it names the one that is wrong. */
  private async bundleByEntries({ index, width }: BundleRef): Promise<Uint8Array> {
    const first = index * TILE_WIDTH;
    const { rows } = await this.pg.query<StoredRow>(
      'ledger-bundle-entries',
      `SELECT e.* FROM ledger_range r CROSS JOIN LATERAL (
         SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE ${IN_RANGE} OFFSET 0) e
       WHERE r.first_index >= $1 AND r.first_index < $2
       ORDER BY r.first_index, e.seq LIMIT $3`,
      [first, first + TILE_WIDTH, width],
      READ_MS,
    );
    if (rows.length < width) throw new Error(`entries of the bundle ${index} are missing`);
    return encodeBundle(rows.map(leafDataOf));
  }

  /**
   * The same as it is stored now, right or wrong: who checks it finds what is wrong. Without data
   * where an entry is missing, and as two lines where its number is there twice.
   */
  async bundleAsStored({ index, width }: BundleRef): Promise<Uint8Array> {
    const first = index * TILE_WIDTH;
    const { rows } = await this.pg.query<StoredRow & { leaf: string }>(
      'ledger-bundle-as-stored',
      `SELECT r.first_index + e.seq - r.first_seq AS leaf, e.* FROM ledger_range r CROSS JOIN LATERAL (
         SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE ${IN_RANGE} OFFSET 0) e
       WHERE r.first_index >= $1 AND r.first_index < $2
       ORDER BY r.first_index, e.seq, e.at_us LIMIT $3`,
      [first, first + TILE_WIDTH, 2 * TILE_WIDTH],
      READ_MS,
    );
    const texts = new Array<string>(width).fill('');
    for (const row of rows) {
      const place = Number(row.leaf) - first;
      if (place >= width) continue;
      texts[place] += `${texts[place] ? '\n' : ''}${leafText(toStoredEntry(row))}`;
    }
    return encodeBundle(texts.map((text) => fromText(text).subarray(0, MAX_ENTRY_LENGTH)));
  }

  inclusionProof(index: number, size: number): Promise<Uint8Array[]> {
    return this.roots(inclusionRanges(index, size), size);
  }

  /** Both trees have to be sealed. */
  consistencyProof(oldSize: number, newSize: number): Promise<Uint8Array[]> {
    return this.roots(consistencyRanges(oldSize, newSize), newSize);
  }

  /** The right edge of the tree of that size, from which its root follows. */
  async edge(size: number): Promise<TreeEdge> {
    const refs = partialTiles(size);
    const tiles = await this.tiles(refs);
    const levels: Uint8Array[][] = [];
    refs.forEach(({ level, width }, i) => {
      const hashes = tiles[i] as Uint8Array[];
      if (hashes.length < width)
        throw new Error(`hashes at level ${level} of the tree are missing`);
      levels[level] = hashes;
    });
    return new TreeEdge(
      treeHasher,
      size,
      Array.from(levels, (level) => level ?? []),
    );
  }

  private async roots(ranges: LeafRange[], size: number): Promise<Uint8Array[]> {
    const refs = tilesFor(ranges, size);
    const tiles = await this.tiles(refs);
    const hashes = new TileHashes(treeHasher);
    refs.forEach((ref, i) => hashes.add(ref, tiles[i] as Uint8Array[]));
    return ranges.map((range) => hashes.root(range));
  }

  private tiles(refs: readonly TileRef[]): Promise<Uint8Array[][]> {
    return Promise.all(
      refs.map((ref) => {
        if (ref.width === TILE_WIDTH) return this.fullTile(ref);
        return ref.level === 0 ? this.leaves(ref) : this.tileRoots(ref);
      }),
    );
  }

  private async fullTile({ level, index }: TileRef): Promise<Uint8Array[]> {
    const { rows } = await this.pg.query<{ hashes: Buffer }>(
      'ledger-full-tile',
      'SELECT hashes FROM ledger_tile WHERE level = $1 AND index = $2',
      [level, index],
    );
    return rows[0] ? splitHashes(rows[0].hashes) : [];
  }

  private async tileRoots({ level, index, width }: TileRef): Promise<Uint8Array[]> {
    const { rows } = await this.pg.query<{ root: Buffer }>(
      'ledger-tile-roots',
      `SELECT root FROM ledger_tile WHERE level = $1 AND index >= $2 AND index < $2::bigint + $3
       ORDER BY index`,
      [level - 1, index * TILE_WIDTH, width],
    );
    return rows.map(({ root }) => root);
  }

  private async leaves({ index, width }: TileRef): Promise<Uint8Array[]> {
    const first = index * TILE_WIDTH;
    const { rows } = await this.pg.query<{ leaf_hash: Buffer | null }>(
      'ledger-tile-leaves',
      `SELECT e.leaf_hash FROM ledger_range r CROSS JOIN LATERAL (
         SELECT seq, leaf_hash FROM ledger_entry WHERE ${IN_RANGE} OFFSET 0) e
       WHERE r.first_index >= $1 AND r.first_index < $2
       ORDER BY r.first_index, e.seq LIMIT $3`,
      [first, first + TILE_WIDTH, width],
      READ_MS,
    );
    return rows.map(({ leaf_hash: hash }) => hash ?? treeHasher.emptyRoot);
  }
}

/** On a busy machine; as a rule it is a few milliseconds. */
const READ_MS = 5_000;

function leafDataOf(row: StoredRow): Uint8Array {
  const data = fromText(leafText(toStoredEntry(row)));
  if (row.leaf_hash === null || !isLeafOf(data, row.leaf_hash)) {
    throw new EntryChanged(
      ledgerId({ shard: row.shard, seq: Number(row.seq), atMicros: row.at_us }),
    );
  }
  return data;
}

function isLeafOf(data: Uint8Array, hash: Uint8Array): boolean {
  return data.length <= MAX_ENTRY_LENGTH && areEqual(treeHasher.leaf(data), hash);
}
