import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';
import { ENTRY_COLUMNS, readSentEntry } from '../entry-rows.js';
import { type ByteEntry, leafBytes, leafHashOf } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';
import { consistencyRanges, inclusionRanges, type LeafRange } from '../tree/merkle.js';
import { treeHasher } from '../tree/sha256.js';
import {
  type BundleRef,
  MAX_ENTRY_LENGTH,
  partialTiles,
  splitHashes,
  TILE_WIDTH,
  TileHashes,
  tilesFor,
  type TileRef,
} from '../tree/tiles.js';
import { TreeEdge } from '../tree/tree-edge.js';

/** An entry is not what it was when its leaf was sealed. */
export class EntryChanged extends Error {
  constructor(readonly entryId: string) {
    super(`the entry ${entryId} is not what its leaf was made from`);
  }
}

export interface StoredBundle {
  readonly bytes: Uint8Array;
  /** The first entry that does not give its leaf, or none where one is missing; null: all is right. */
  readonly wrong: { readonly entry: ByteEntry | null } | null;
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
    const { bytes, wrong } = await this.bundleAsStored(ref);
    if (wrong === null) return bytes;
    if (wrong.entry === null) throw new Error(`entries of the bundle ${ref.index} are missing`);
    throw new EntryChanged(ledgerId(wrong.entry));
  }

  /** Whether a rule let entries of the bundle go. */
  async isAnyForgottenIn({ index }: BundleRef): Promise<boolean> {
    const first = index * TILE_WIDTH;
    const { rowCount } = await this.pg.query(
      'ledger-bundle-forgotten',
      `SELECT FROM ledger_archive a
       WHERE a.first_leaf <= $1 AND a.end_leaf > $1 AND a.forgotten_at IS NOT NULL
         AND substr(a.leaves, 1 + ($1 - a.first_leaf)::integer / 8, 32) <> decode(repeat('00', 32), 'hex')
       LIMIT 1`,
      [first],
    );
    return rowCount === 1;
  }

  /**
   * The same as it is stored now, right or wrong: who checks it finds what is wrong. Without data
   * where an entry is missing, and as two lines where its number is there twice.
   */
  async bundleAsStored({ index, width }: BundleRef): Promise<StoredBundle> {
    const first = index * TILE_WIDTH;
    // Each row as one value: the driver takes longer for each field than Postgres does.
    const texts = new BundleTexts(width);
    await this.pg.each<{ row: Buffer }>(
      'ledger-bundle',
      `SELECT record_send(e) AS row FROM (
         SELECT r.first_index + s.seq - r.first_seq AS leaf, s.* FROM ledger_range r CROSS JOIN LATERAL (
           SELECT ${ENTRY_COLUMNS} FROM ledger_entry
           WHERE shard = r.shard AND seq >= r.first_seq AND seq < r.first_seq + r.count
             AND at >= r.first_at AND at <= r.last_at OFFSET 0) s
         WHERE r.first_index >= $1 AND r.first_index < $2 LIMIT $3) e`,
      [first, first + TILE_WIDTH, 2 * TILE_WIDTH],
      ({ row }) => {
        const { leaf, entry, storedHash } = readSentEntry(row);
        texts.add(leaf - first, entry, storedHash);
      },
      READ_MS,
    );
    return texts.bundle();
  }

  inclusionProof(index: number, size: number): Promise<Uint8Array[]> {
    return this.roots(inclusionRanges(index, size), size);
  }

  /** The same of several leaves: what their proofs share is read and computed once. */
  async inclusionProofs(indexes: readonly number[], size: number): Promise<Uint8Array[][]> {
    const nameOf = ({ start, end }: LeafRange) => `${start}-${end}`;
    const proofs = indexes.map((index) => inclusionRanges(index, size));
    const ranges = [...new Map(proofs.flat().map((range) => [nameOf(range), range])).values()];
    const roots = await this.roots(ranges, size);
    const known = new Map(ranges.map((range, i) => [nameOf(range), roots[i] as Uint8Array]));
    return proofs.map((proof) => proof.map((range) => known.get(nameOf(range)) as Uint8Array));
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
         SELECT seq, leaf_hash FROM ledger_entry
         WHERE shard = r.shard AND seq >= r.first_seq AND seq < r.first_seq + r.count
           AND at >= r.first_at AND at <= r.last_at OFFSET 0) e
       WHERE r.first_index >= $1 AND r.first_index < $2
       ORDER BY r.first_index, e.seq LIMIT $3`,
      [first, first + TILE_WIDTH, width],
      READ_MS,
    );
    return rows.map(({ leaf_hash: hash }) => hash ?? treeHasher.emptyRoot);
  }
}

/** Entries of a bundle, put into one as they come. */
class BundleTexts {
  private readonly texts: string[];
  private wrong: ByteEntry | null = null;
  private count = 0;

  constructor(private readonly width: number) {
    this.texts = new Array<string>(width).fill('');
  }

  add(place: number, entry: ByteEntry, storedHash: string | null): void {
    if (place >= this.width) return;
    const text = leafBytes(entry);
    const before = this.texts[place] as string;
    this.count++;
    if (before === '' && text.length <= MAX_ENTRY_LENGTH && leafHashOf(text) === storedHash) {
      this.texts[place] = text;
    } else {
      this.wrong ??= entry;
      this.texts[place] = before === '' ? text : [before, text].sort().join('\n');
    }
  }

  bundle(): StoredBundle {
    const texts = this.texts.map((text) => text.slice(0, MAX_ENTRY_LENGTH));
    const bytes = Buffer.allocUnsafe(texts.reduce((sum, { length }) => sum + 2 + length, 0));
    let at = 0;
    for (const text of texts) {
      at = bytes.writeUInt16BE(text.length, at);
      at += bytes.write(text, at, 'latin1');
    }
    const isWhole = this.wrong === null && this.count === this.width;
    return { bytes, wrong: isWhole ? null : { entry: this.wrong } };
  }
}

/** On a busy machine; as a rule it is a few milliseconds. */
const READ_MS = 5_000;
