import { concat } from '../tree/bytes.js';
import type { Checkpoint } from '../tree/checkpoint.js';
import { treeHasher } from '../tree/sha256.js';
import { partialTiles, splitHashes, TILE_WIDTH, type TileRef } from '../tree/tiles.js';
import {
  type Anchor,
  AuthenticTiles,
  peaksOf,
  type TileSource,
  type TrustedRoot,
} from './authentic-tiles.js';
import { findDivergence } from './divergence.js';
import { EntryReader } from './entry-reader.js';
import { type Finding, hashText } from './finding.js';
import { type ForgottenLeaves, NOTHING_FORGOTTEN } from './forgotten-leaves.js';
import { describeLeaf, type LeafView } from './leaf-view.js';
import type { LedgerTables } from './ledger-tables.js';
import { hashedInOrder, type Stretches } from './stretches.js';
import type { HashedStretch, ShardNumbers } from './stretch-hasher.js';
import { TILE_BYTES } from './tile-root.js';
import { TreeReplay } from './tree-replay.js';

/** A copy of the tree outside of the database. */
export interface TreeCopy {
  /** That of its newest checkpoint; what comes later may not be there yet. */
  readonly size: number;
  readonly tiles: TileSource;
  /** The data of the leaves in a bundle; null: it is not there. */
  bundle(index: number, width: number): Promise<readonly Uint8Array[] | null>;
  /** A file of it as it is; null: it is not there. */
  file(path: string): Promise<Uint8Array | null>;
  /** Where its files are on this machine; null: they are elsewhere. */
  readonly folder: string | null;
}

export interface TreeInput {
  readonly tables: LedgerTables;
  /** The checkpoint in a note; throws when no key of the log has signed it. */
  readonly open: (note: string) => Checkpoint;
  /** The same for the newest checkpoint of the database, which all others depend on. */
  readonly openNewest: (note: string) => Checkpoint;
  /** Checkpoints from elsewhere: the mirror's, a witnessed one, the one of `--since`. */
  readonly anchors: readonly Anchor[];
  readonly mirror: TreeCopy | null;
  /** Only entries after it are read again, when it is proved. */
  readonly since: Anchor | null;
  /** Hashes the entries, in this thread or in others. */
  readonly stretches: Stretches;
  /** Leaves without an entry, as signed entries say. Left out: none. */
  readonly forgotten?: ForgottenLeaves;
}

export interface TreeReport {
  /** Leaves that are in the newest checkpoint of the database. */
  readonly size: number;
  /** From which leaf on entries were read. */
  readonly from: number;
  readonly checked: number;
  readonly checkpoints: number;
  readonly finding: Finding | null;
}

/** The entries of a shard that have leaves. */
export interface SealedNumbers {
  readonly lastSeq: number;
  /** The times of the first and the last one that were read, in µs; null: none was. */
  readonly micros: readonly [first: number, last: number] | null;
  /** Each number that was read has one entry, and none is older than the one before it. */
  readonly isInOrder: boolean;
}

/** Each may read the whole table. */
const MAX_SEARCHES = 20;
/** In place of the hash of an entry that is not there. */
const NO_HASH = new Uint8Array(32);

/** Computes the tree again from the columns of the entries, and compares it with all that is signed. */
export class TreeVerifier {
  /** The finding that is first in the tree. */
  private first: Finding | null = null;
  private readonly entries: EntryReader;
  private readonly view: LeafView;
  private replay = new TreeReplay(treeHasher);
  /** The tiles of the part that is taken as it is. */
  private before: TileSource | undefined;
  /** The leaves of the last tile while it is not full. */
  private edge: Uint8Array[] = [];
  private checkpoints = 0;
  private searches = 0;
  private failed: Anchor | null = null;
  private newest: TrustedRoot | null = null;
  /** Of the newest checkpoint of the database. */
  private size = 0;
  /** What has leaves, of each shard. */
  private readonly sealed = new Map<number, SealedNumbers>();

  constructor(private readonly input: TreeInput) {
    this.entries = new EntryReader(input.tables);
    this.view = { entries: this.entries, mirror: input.mirror };
  }

  async run(): Promise<TreeReport> {
    const { tables, anchors } = this.input;
    const newest = await tables.newestCheckpoint();
    const size = newest?.size ?? 0;
    this.size = size;
    this.newest = anchors.find((anchor) => anchor.size >= size) ?? newest;
    const from = await this.begin(size);
    if (from === 0)
      for (const [shard, lastSeq] of await tables.beforeTree())
        this.sealed.set(shard, { lastSeq, micros: null, isInOrder: true });
    let next = from;
    for await (const stretch of hashedInOrder({ from, end: size }, this.input.stretches)) {
      await this.checkStretch(stretch);
      next = stretch.end;
      if (this.failed || stretch.isCut) break;
    }
    if (this.failed) await this.locate(this.failed);
    else if (next < size) await this.reportGap(next, size);
    else {
      await this.checkUpperTiles();
      await this.checkMirrorEdge(size);
      await this.checkBeyond(size, anchors);
    }
    return {
      size,
      from,
      checked: this.replay.size - from,
      checkpoints: this.checkpoints,
      finding: this.first,
    };
  }

  /** Takes the part before `since` as it is, when tiles prove it; answers where to begin. */
  private async begin(size: number): Promise<number> {
    const { since } = this.input;
    if (!since || since.size > size || since.size === 0) return 0;
    const proved = new AuthenticTiles(treeHasher, since, this.sources());
    const start = since.size - (since.size % TILE_WIDTH);
    const peaks: Uint8Array[] = [];
    for (const { level, index } of partialTiles(since.size).reverse()) {
      const hashes = await proved.read(level, index);
      if (!hashes) return 0;
      if (level > 0) peaks.push(...peaksOf(treeHasher, hashes));
    }
    this.replay = new TreeReplay(treeHasher, start, peaks);
    this.before = ({ level, index }) => proved.read(level, index);
    return start;
  }

  /** What `run` has read of each shard. */
  get sealedNumbers(): ReadonlyMap<number, SealedNumbers> {
    return this.sealed;
  }

  private async checkStretch(stretch: HashedStretch): Promise<void> {
    const { from, end, wrong, doubtful } = stretch;
    if (end === from) return;
    await this.checkNumbers(stretch.numbers);
    if (wrong && this.isEarlier(wrong.leaf as number)) this.first = wrong;
    const anchors = await this.anchorsIn(from, end);
    await this.append(stretch, anchors);
    if (this.failed) return;
    const tiles = doubtful.map((index) => {
      const start = (index - from / TILE_WIDTH) * TILE_BYTES;
      return { index, hashes: stretch.hashes.subarray(start, start + TILE_BYTES) };
    });
    await this.checkTiles(0, tiles);
  }

  /** Adds the leaves to the tree, up to the first signed root that they do not give. */
  private async append(stretch: HashedStretch, anchors: Anchor[]): Promise<void> {
    const { from, end, hashes, tileRoots } = stretch;
    const missing = new Set(stretch.missing);
    const holes = new Set(stretch.missing.map((leaf) => Math.floor(leaf / TILE_WIDTH)));
    for (let leaf = from; leaf < end;) {
      const tileEnd = leaf + TILE_WIDTH;
      const isWhole = leaf % TILE_WIDTH === 0 && tileEnd <= end;
      const isKnown = isWhole && !holes.has(leaf / TILE_WIDTH);
      if (isKnown && (anchors[0]?.size ?? Infinity) >= tileEnd) {
        const at = ((leaf - from) / TILE_WIDTH) * 32;
        this.replay.appendTile(tileRoots.subarray(at, at + 32));
        leaf = tileEnd;
      } else {
        const at = (leaf - from) * 32;
        const hash = hashes.subarray(at, at + 32);
        if (missing.has(leaf)) hash.set(await this.missing(leaf));
        this.replay.append(hash);
        this.edge.push(hash);
        leaf++;
        if (leaf % TILE_WIDTH === 0) this.edge = [];
      }
      while (anchors[0]?.size === leaf) {
        const anchor = anchors.shift() as Anchor;
        if (isSame(this.replay.root(), anchor.root)) continue;
        this.failed = anchor;
        return;
      }
    }
  }

  /** Of a leaf whose entry is not where its range says; it may be elsewhere in time. */
  private async missing(leaf: number): Promise<Uint8Array> {
    if (this.searches++ >= MAX_SEARCHES) return NO_HASH;
    const [found] = await this.entries.entriesAt(leaf);
    if (!found) {
      if (this.isEarlier(leaf)) this.first = await this.describe(leaf);
      return NO_HASH;
    }
    const problem = 'its time is not one that its range has';
    await this.addAt(leaf, problem, 'a time within the range', found.entry.atMicros);
    return found.hash;
  }

  /** What is signed about the sizes of a stretch, smallest first. */
  private async anchorsIn(from: number, end: number): Promise<Anchor[]> {
    const { tables, anchors, open, openNewest } = this.input;
    const all = anchors.filter(({ size }) => size > from && size <= end);
    for (const row of await tables.checkpoints(from, end)) {
      this.checkpoints++;
      const name = `the checkpoint of ${row.size} entries`;
      try {
        const { size, root } = row.size === this.size ? openNewest(row.note) : open(row.note);
        if (size !== row.size || !isSame(root, row.root)) {
          throw new Error('it is about another tree than its row says');
        }
        all.push({ size, root, name });
      } catch (error) {
        const found = (error as Error).message;
        const problem = `${name} is wrong`;
        await this.addAt(row.size - 1, problem, 'one that the log has signed', found);
      }
    }
    return all.sort((a, b) => a.size - b.size);
  }

  /** Compares full tiles of the database and of the mirror with the computed ones. */
  private async checkTiles(
    level: number,
    tiles: readonly { index: number; hashes: Uint8Array }[],
  ): Promise<void> {
    const { tables, mirror } = this.input;
    const [first, last] = [tiles[0], tiles.at(-1)];
    if (!first || !last) return;
    const stored = new Map(
      (await tables.tiles(level, first.index, last.index + 1)).map((row) => [row.index, row]),
    );
    for (const { index, hashes } of tiles) {
      const row = stored.get(index);
      await this.compareTile('the database', { level, index }, hashes, row?.hashes ?? null);
      const root = this.replay.tileRoot(level, index);
      if (row && root && !isSame(row.root, root)) {
        const leaf = index * TILE_WIDTH ** (level + 1);
        const problem = `the root of tile ${level}/${index} in the database is wrong`;
        await this.addAt(leaf, problem, hashText(root), hashText(row.root));
      }
      if (!mirror || (index + 1) * TILE_WIDTH ** (level + 1) > mirror.size) continue;
      const copy = await mirror.tiles({ level, index, width: TILE_WIDTH });
      await this.compareTile('the mirror', { level, index }, hashes, copy && concat(...copy));
      if (level === 0) await this.compareBundle({ index, width: TILE_WIDTH }, hashes);
    }
  }

  private async compareTile(
    where: string,
    { level, index }: Pick<TileRef, 'level' | 'index'>,
    computed: Uint8Array,
    stored: Uint8Array | null,
  ): Promise<void> {
    if (stored && isSame(stored, computed)) return;
    const right = splitHashes(computed);
    const wrong = stored ? splitHashes(stored) : [];
    const k = right.findIndex((hash, i) => !wrong[i] || !isSame(hash, wrong[i]));
    const leaf = (index * TILE_WIDTH + Math.max(0, k)) * TILE_WIDTH ** level;
    const problem = `tile ${level}/${index} in ${where} is ${stored ? 'wrong' : 'missing'}`;
    await this.addAt(leaf, problem, hashText(right[k]), hashText(wrong[k]));
  }

  private async compareBundle(
    { index, width }: { index: number; width: number },
    hashes: Uint8Array,
  ): Promise<void> {
    const bundle = await this.input.mirror?.bundle(index, width);
    // A mirror that was filled later has no data of what was forgotten before.
    if (!bundle && this.forgotten.isAnyIn(index)) return;
    const right = splitHashes(hashes);
    const found = bundle?.map((data) => treeHasher.leaf(data)) ?? [];
    const k = right.findIndex((hash, i) => !found[i] || !isSame(hash, found[i]));
    if (k < 0 && found.length === width) return;
    const leaf = index * TILE_WIDTH + Math.max(0, k);
    const problem = `entry bundle ${index} in the mirror is ${bundle ? 'wrong' : 'missing'}`;
    await this.addAt(leaf, problem, hashText(right[k]), hashText(found[k]));
  }

  private async checkUpperTiles(): Promise<void> {
    for (let level = 1; ; level++) {
      const tiles = this.replay.tilesOf(level);
      if (tiles.length === 0) return;
      await this.checkTiles(level, tiles);
    }
  }

  /** The last, partial tiles of the mirror, when it is as far as the database. */
  private async checkMirrorEdge(size: number): Promise<void> {
    const { mirror } = this.input;
    if (mirror?.size !== size) return;
    for (const ref of partialTiles(size)) {
      const hashes = ref.level === 0 ? this.edge : this.replay.edgeOf(ref.level);
      if (hashes.length !== ref.width) continue; // it begins before what was read again
      const copy = await mirror.tiles(ref);
      await this.compareTile('the mirror', ref, concat(...hashes), copy && concat(...copy));
      if (ref.level === 0) await this.compareBundle(ref, concat(...hashes));
    }
  }

  /** Each shard's entries have their leaves in order, and none is left out. */
  private async checkNumbers(numbers: readonly ShardNumbers[]): Promise<void> {
    for (const { shard, firstLeaf, firstSeq, lastSeq, gap, ...times } of numbers) {
      const known = this.sealed.get(shard);
      const next = (known?.lastSeq ?? firstSeq - 1) + 1;
      const jump = firstSeq === next ? gap : { leaf: firstLeaf, wanted: next, found: firstSeq };
      if (jump) {
        const problem = `shard ${shard} goes on with another number than follows`;
        await this.addAt(jump.leaf, problem, `number ${jump.wanted}`, `number ${jump.found}`);
      }
      const { firstMicros, lastMicros } = times;
      const before = known?.micros ?? [firstMicros, firstMicros];
      this.sealed.set(shard, {
        lastSeq,
        micros: [before[0], lastMicros],
        isInOrder: times.isInOrder && known?.isInOrder !== false && firstMicros >= before[1],
      });
    }
  }

  /** What is signed about more entries than the database has. */
  private async checkBeyond(size: number, anchors: readonly Anchor[]): Promise<void> {
    const beyond = anchors.find((anchor) => anchor.size > size);
    if (beyond) {
      const { entry } = await this.describe(size);
      const problem = `the log has been cut: ${beyond.name} has more entries`;
      this.add(size, entry, problem, `${beyond.size} entries`, `${size} entries`);
    }
    const [unsigned] = await this.input.tables.ranges(size, 1);
    if (!unsigned) return;
    await this.addAt(size, 'it has a leaf, but no checkpoint', 'a signed checkpoint', 'none');
  }

  private async reportGap(leaf: number, size: number): Promise<void> {
    const { entry } = await this.describe(leaf);
    const problem = 'the database does not say which entry the leaf is';
    const expected = `a range of entries for each leaf up to ${size}`;
    this.add(leaf, entry, problem, expected, `none for leaf ${leaf}`);
  }

  /** The first leaf that differs from what a checkpoint proves. */
  private async locate(anchor: Anchor): Promise<void> {
    const computed = this.replay.source(
      (first, count) => this.leafHashes(first, count),
      this.before,
    );
    const proved = new AuthenticTiles(treeHasher, anchor, [...this.sources(), computed]);
    const found = await findDivergence(anchor.size, proved, computed);
    if (!found) return;
    const { end, expected } = found;
    // Where only roots speak, an older one that was right says that the leaves before it are.
    const start = expected ? found.start : Math.max(found.start, this.agreedBefore(anchor));
    const known = this.first?.leaf ?? Infinity;
    if (expected) {
      if (known < start) return;
      const finding = this.forgotten.has(start)
        ? await this.describeForgotten(start, expected)
        : await describeLeaf(this.view, start, expected);
      this.first = { ...finding, problem: `${finding.problem}, says ${anchor.name}` };
    } else if (known >= end) {
      const problem = `one of the leaves ${start} to ${end - 1} was changed, says ${anchor.name}`;
      const root = hashText(this.replay.root());
      await this.addAt(start, problem, `a root with ${hashText(anchor.root)}`, `one with ${root}`);
    }
  }

  private get forgotten(): ForgottenLeaves {
    return this.input.forgotten ?? NOTHING_FORGOTTEN;
  }

  /** Of the columns; of what was forgotten, the hash that is left in its tile. */
  private async leafHashes(first: number, count: number): Promise<Uint8Array[]> {
    const hashes = await this.entries.leafHashes(first, count);
    for (let leaf = first; leaf < first + count; leaf++) {
      if (!this.forgotten.has(leaf)) continue;
      const index = Math.floor(leaf / TILE_WIDTH);
      const [tile] = await this.input.tables.tiles(0, index, index + 1);
      const hash = tile && splitHashes(tile.hashes)[leaf % TILE_WIDTH];
      if (hash) hashes[leaf - first] = hash;
    }
    return hashes;
  }

  private async describeForgotten(leaf: number, expected: Uint8Array): Promise<Finding> {
    const place = await this.entries.placeOf(leaf);
    const [found] = await this.leafHashes(leaf, 1);
    const problem = `the hash that is left of a forgotten entry was changed (${place ?? `leaf ${leaf}`})`;
    return { leaf, entry: null, problem, expected: hashText(expected), found: hashText(found) };
  }

  /** Up to where the leaves are those of a checkpoint from elsewhere, which came before `anchor`. */
  private agreedBefore(anchor: Anchor): number {
    const sizes = this.input.anchors.map(({ size }) => size).filter((size) => size < anchor.size);
    return Math.max(0, ...sizes);
  }

  private async describe(leaf: number): Promise<Finding> {
    const { newest } = this;
    if (!newest || leaf >= newest.size) return describeLeaf(this.view, leaf, null);
    const proved = new AuthenticTiles(treeHasher, newest, this.sources());
    const tile = await proved.read(0, Math.floor(leaf / TILE_WIDTH));
    return describeLeaf(this.view, leaf, tile?.[leaf % TILE_WIDTH] ?? null);
  }

  private sources(): TileSource[] {
    const { tables, mirror } = this.input;
    return mirror ? [tables.tileSource, mirror.tiles] : [tables.tileSource];
  }

  private isEarlier(leaf: number): boolean {
    return leaf < (this.first?.leaf ?? Infinity);
  }

  private add(
    leaf: number,
    entry: string | null,
    problem: string,
    expected: string,
    found: string,
  ): void {
    if (this.isEarlier(leaf)) this.first = { leaf, entry, problem, expected, found };
  }

  private async addAt(
    leaf: number,
    problem: string,
    expected: string,
    found: string,
  ): Promise<void> {
    if (!this.isEarlier(leaf)) return;
    this.add(leaf, await this.entries.idAt(leaf), problem, expected, found);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
