import { readEntry } from '../entry-rows.js';
import { leafBytes } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';
import { bundlePath, TILE_WIDTH, tilePath } from '../tree/tiles.js';
import { EntryReader } from './entry-reader.js';
import { type Finding, hashText } from './finding.js';
import { LeafTexts } from './leaf-texts.js';
import { type ForgottenLeaves, NOTHING_FORGOTTEN } from './forgotten-leaves.js';
import type { LedgerTables, RangeRow, TileRow } from './ledger-tables.js';
import { idOf } from './stored-entries.js';
import { rootOfTile, TILE_BYTES } from './tile-root.js';

/** Leaves from `from`, where a tile begins, up to, without, `end`. */
export interface Stretch {
  readonly from: number;
  readonly end: number;
}

/** The numbers that the entries of a shard have in a stretch. */
export interface ShardNumbers {
  readonly shard: number;
  /** Of its first entry here. */
  readonly firstLeaf: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The first range that goes on with another number than follows; null: none does. */
  readonly gap: { readonly leaf: number; readonly wanted: number; readonly found: number } | null;
  /** The times of its first and last entry here, in µs. */
  readonly firstMicros: number;
  readonly lastMicros: number;
  /** Each number has one entry here, and none is older than the one before it. */
  readonly isInOrder: boolean;
}

export interface HashedStretch extends Stretch {
  /** It ends early, because no range says which entry comes next. */
  readonly isCut: boolean;
  /** Of the columns, 32 bytes a leaf; zeroes in place of what is not there. */
  readonly hashes: Uint8Array;
  readonly missing: readonly number[];
  /** The roots of the full tiles, 32 bytes each. */
  readonly tileRoots: Uint8Array;
  readonly numbers: readonly ShardNumbers[];
  /** The first entry that differs from what was stored with it, or whose number is there twice. */
  readonly wrong: Finding | null;
  /** Full tiles that have to be compared one hash at a time with the database and the mirror. */
  readonly doubtful: readonly number[];
}

/** Files of the mirror as they are. Null in place of `file`: they cannot be read in this thread. */
export interface MirrorFiles {
  readonly size: number;
  readonly file: ((path: string) => Promise<Uint8Array | null> | Uint8Array | null) | null;
}

/** Reads entries and makes the hashes of their leaves and tiles, in one thread among others. */
export class StretchHasher {
  private readonly entries: EntryReader;
  private readonly texts = new LeafTexts();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly tables: LedgerTables,
    private readonly mirror: MirrorFiles | null,
    private readonly forgotten: ForgottenLeaves = NOTHING_FORGOTTEN,
  ) {
    this.entries = new EntryReader(tables);
  }

  /** One stretch at a time. */
  hash(stretch: Stretch): Promise<HashedStretch> {
    const hashed = this.last.then(() => this.hashNext(stretch));
    this.last = hashed.catch(() => undefined);
    return hashed;
  }

  private async hashNext({ from, end: wanted }: Stretch): Promise<HashedStretch> {
    const ranges = await this.tables.rangesBetween(from, wanted);
    const range = ranges.at(-1);
    const end = range ? Math.min(wanted, range.firstIndex + range.count) : from;
    const leaves = new StretchLeaves(this.texts, from, end, this.forgotten);
    if (range) await this.entries.readRanges(ranges, (leaf, row) => leaves.add(leaf, row));
    const { hashes, wrong } = leaves;
    const firstTile = from / TILE_WIDTH;
    const tiles = Math.floor((end - from) / TILE_WIDTH);
    const stored = new Map(
      (await this.tables.tiles(0, firstTile, firstTile + tiles)).map((row) => [row.index, row]),
    );
    const missing = leaves.missing().filter((leaf) => !this.takeHash(leaf, from, hashes, stored));
    const roots = Array.from({ length: tiles }, (_, i) => rootOfTile(hashes, i * TILE_BYTES));
    const holes = new Set(missing.map((leaf) => Math.floor(leaf / TILE_WIDTH)));
    const compared = await Promise.all(
      roots.map(async (root, i) => {
        const index = firstTile + i;
        const right = hashes.subarray(i * TILE_BYTES, (i + 1) * TILE_BYTES);
        const isSame =
          !holes.has(index) &&
          isStored(stored.get(index), right, root) &&
          (await this.isMirrored(index, right));
        return isSame ? [] : [index];
      }),
    );
    return {
      from,
      end,
      isCut: end < wanted,
      hashes,
      missing,
      tileRoots: Buffer.concat(roots),
      numbers: numbersOf(ranges, { from, end }, leaves),
      wrong,
      doubtful: compared.flat(),
    };
  }

  /**
   * Of a forgotten entry the hash is left, in its tile. It is compared with what is signed as one that was
   * computed is: through the root.
   */
  private takeHash(
    leaf: number,
    from: number,
    hashes: Buffer,
    stored: ReadonlyMap<number, TileRow>,
  ): boolean {
    if (!this.forgotten.has(leaf)) return false;
    const tile = stored.get(Math.floor(leaf / TILE_WIDTH));
    const start = (leaf % TILE_WIDTH) * 32;
    if (!tile || tile.hashes.length !== TILE_BYTES) return false;
    tile.hashes.copy(hashes, (leaf - from) * 32, start, start + 32);
    return true;
  }

  /** Whether the mirror has the tile and its entries, as far as the mirror should. */
  private async isMirrored(index: number, right: Uint8Array): Promise<boolean> {
    const { mirror } = this;
    if (!mirror || (index + 1) * TILE_WIDTH > mirror.size) return true;
    if (!mirror.file) return false;
    const tile = await mirror.file(tilePath({ level: 0, index, width: TILE_WIDTH }));
    if (!tile || Buffer.compare(tile, right) !== 0) return false;
    const bundle = await mirror.file(bundlePath({ index, width: TILE_WIDTH }));
    return bundle !== null && this.texts.areIn(bundle, index * TILE_WIDTH, TILE_WIDTH);
  }
}

/** The leaves of a stretch while their entries arrive. */
class StretchLeaves {
  readonly hashes: Buffer;
  private readonly times: Float64Array;
  private twice: Finding | null = null;
  private changed: Finding | null = null;

  constructor(
    private readonly texts: LeafTexts,
    private readonly from: number,
    private readonly end: number,
    private readonly forgotten: ForgottenLeaves,
  ) {
    // Not from Node's pool: the memory goes to another thread.
    this.hashes = Buffer.from(new ArrayBuffer((end - from) * 32));
    this.times = new Float64Array(end - from).fill(-1);
    texts.begin(from, end - from);
  }

  add(leaf: number, row: Buffer): void {
    if (leaf < this.from || leaf >= this.end) return;
    const place = leaf - this.from;
    const found = readEntry(row);
    const micros = Number(found.entry.atMicros);
    const known = this.times[place] as number;
    if (known >= 0) {
      const later = { ...found.entry, atMicros: String(Math.max(known, micros)) };
      this.noteTwice(leaf, ledgerId(later));
      if (micros >= known) return; // the earlier one counts
    }
    this.times[place] = micros;
    if (this.forgotten.has(leaf)) this.noteBack(leaf, idOf(found));
    const hash = this.texts.add(leaf, leafBytes(found.entry));
    this.hashes.write(hash, place * 32, 'latin1');
    if (hash !== found.storedHash) this.noteChanged(leaf, idOf(found), found.storedHash, hash);
  }

  /** The one that is first in the tree. */
  get wrong(): Finding | null {
    const { twice, changed } = this;
    if (!twice || !changed) return twice ?? changed;
    return (twice.leaf as number) <= (changed.leaf as number) ? twice : changed;
  }

  /** The times of leaves that follow each other, in µs; null when one of them is out of order. */
  timesBetween(first: number, end: number): readonly [first: number, last: number] | null {
    if (this.twice) return null;
    const { times, from } = this;
    let last = times[first - from] as number;
    const begin = last;
    for (let place = first - from; place < end - from; place++) {
      const micros = times[place] as number;
      if (micros < 0 || micros < last) return null;
      last = micros;
    }
    return [begin, last];
  }

  missing(): number[] {
    const missing: number[] = [];
    this.times.forEach((micros, place) => {
      if (micros < 0) missing.push(this.from + place);
    });
    return missing;
  }

  private noteTwice(leaf: number, entry: string): void {
    if (this.twice && (this.twice.leaf as number) <= leaf) return;
    const problem = 'the number is there twice';
    this.twice = {
      leaf,
      entry,
      problem,
      expected: 'one entry with this number',
      found: 'two of them',
    };
  }

  private noteBack(leaf: number, entry: string): void {
    if (this.changed && (this.changed.leaf as number) <= leaf) return;
    const problem = 'it is in the database, though a rule let it go';
    this.changed = { leaf, entry, problem, expected: 'none', found: 'an entry' };
  }

  private noteChanged(leaf: number, entry: string, stored: string | null, hash: string): void {
    if (this.changed && (this.changed.leaf as number) <= leaf) return;
    const problem = 'its columns do not give the hash that was stored with it';
    const [expected, found] = [stored, hash].map((bytes) =>
      hashText(bytes === null ? null : Buffer.from(bytes, 'latin1')),
    ) as [string, string];
    this.changed = { leaf, entry, problem, expected, found };
  }
}

function isStored(row: TileRow | undefined, hashes: Uint8Array, root: Uint8Array): boolean {
  return (
    row !== undefined &&
    Buffer.compare(row.hashes, hashes) === 0 &&
    Buffer.compare(row.root, root) === 0
  );
}

/** Of each shard, in the part of its ranges that is in the stretch. */
function numbersOf(
  ranges: readonly RangeRow[],
  { from, end }: Stretch,
  leaves: StretchLeaves,
): ShardNumbers[] {
  const byShard = new Map<number, ShardNumbers>();
  for (const { shard, firstIndex, count, ...range } of ranges) {
    const [firstLeaf, endLeaf] = [Math.max(firstIndex, from), Math.min(firstIndex + count, end)];
    const firstSeq = range.firstSeq + firstLeaf - firstIndex;
    const lastSeq = firstSeq + endLeaf - firstLeaf - 1;
    const times = leaves.timesBetween(firstLeaf, endLeaf);
    const [firstMicros, lastMicros] = times ?? [NaN, NaN];
    const known = byShard.get(shard);
    if (!known) {
      const isInOrder = times !== null;
      const first = { firstLeaf, firstSeq, gap: null, firstMicros };
      byShard.set(shard, { shard, ...first, lastSeq, lastMicros, isInOrder });
      continue;
    }
    const wanted = known.lastSeq + 1;
    const jump = firstSeq === wanted ? null : { leaf: firstLeaf, wanted, found: firstSeq };
    const isInOrder = known.isInOrder && firstMicros >= known.lastMicros; // not if one is NaN
    byShard.set(shard, { ...known, lastSeq, lastMicros, gap: known.gap ?? jump, isInOrder });
  }
  return [...byShard.values()];
}
