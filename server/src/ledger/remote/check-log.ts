import { areEqual, toText } from '../tree/bytes.js';
import { HASH_LENGTH, type TreeHasher } from '../tree/merkle.js';
import {
  type BundleRef,
  decodeBundle,
  partialTiles,
  splitHashes,
  TILE_WIDTH,
  type TileRef,
  widthIn,
} from '../tree/tiles.js';
import {
  type Anchor,
  AuthenticTiles,
  isSameTile,
  peaksOf,
  type TileSource,
} from '../verify/authentic-tiles.js';
import { findDivergence } from '../verify/divergence.js';
import { type Finding, hashText, leafId } from '../verify/finding.js';
import { TreeReplay } from '../verify/tree-replay.js';
import { readAhead } from '../verify/read-ahead.js';

/** The files of a log, as C2SP tlog-tiles has them. Null: it has no such file. */
export interface LogFiles {
  tile(ref: TileRef): Promise<Uint8Array | null>;
  /** Null in place of it: entries may not be read, so that only hashes are checked. */
  readonly bundle: ((ref: BundleRef) => Promise<Uint8Array | null>) | null;
}

export interface LogCheck {
  /** Its signature was checked. */
  readonly checkpoint: Anchor;
  /** A checkpoint of an earlier run, whose signature was checked as well; null: there is none. */
  readonly kept: Anchor | null;
  /** Read only what came after the kept one. */
  readonly isOnlyNew: boolean;
  /** Leaves whose entries a rule let go, as the log has signed. Left out: none. */
  readonly forgotten?: ReadonlySet<number>;
}

export interface LogReport {
  readonly size: number;
  /** From which leaf on leaves were read. */
  readonly from: number;
  readonly checked: number;
  readonly finding: Finding | null;
}

export interface Watch {
  readonly signal: AbortSignal;
  onProgress(progress: { from: number; done: number; size: number }): void;
}

/** In place of the hash of an entry that is not there. */
const NO_HASH = new Uint8Array(HASH_LENGTH);
/** Tiles and their bundles, two requests each. */
const READ_AHEAD = 8;

/**
 * Computes the tree of a log again from the entries that it serves, and compares its root with what
 * is signed. Names the first entry that is wrong.
 */
export async function checkLog(
  files: LogFiles,
  hasher: TreeHasher,
  check: LogCheck,
  watch: Watch,
): Promise<LogReport> {
  const report = await new LogChecker(files, hasher, check, watch).run();
  if (report.finding === null || report.from === 0) return report;
  // Where something is wrong, the first wrong entry may be before the kept checkpoint.
  return new LogChecker(files, hasher, { ...check, isOnlyNew: false }, watch).run();
}

interface Leaves {
  readonly index: number;
  /** What the entries give; in a check of hashes alone, what the tile says. */
  readonly hashes: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[] | null;
  /** What the tile says; null: there is none. */
  readonly tile: readonly Uint8Array[] | null;
}

class LogChecker {
  private finding: Finding | null = null;
  private replay: TreeReplay;
  /** The leaves that are being looked at, so that they are not read twice. */
  private current: Leaves | null = null;
  private readonly size: number;

  constructor(
    private readonly files: LogFiles,
    private readonly hasher: TreeHasher,
    private readonly check: LogCheck,
    private readonly watch: Watch,
  ) {
    this.replay = new TreeReplay(hasher);
    this.size = check.checkpoint.size;
  }

  async run(): Promise<LogReport> {
    const from = await this.begin();
    const failed = await this.readAll(from);
    if (failed) await this.locate(failed);
    else if (!this.finding) {
      await this.checkUpperTiles();
      this.checkCut();
    }
    return { size: this.size, from, checked: this.replay.size - from, finding: this.finding };
  }

  /** Takes what was before the kept checkpoint as it is, when tiles prove it. */
  private async begin(): Promise<number> {
    const { kept, isOnlyNew } = this.check;
    if (!isOnlyNew || !kept || kept.size > this.size || kept.size === 0) return 0;
    const proved = new AuthenticTiles(this.hasher, kept, [this.served]);
    const start = kept.size - (kept.size % TILE_WIDTH);
    const peaks: Uint8Array[] = [];
    for (const { level, index } of partialTiles(kept.size).reverse()) {
      const hashes = await proved.read(level, index);
      if (!hashes) return 0;
      if (level > 0) peaks.push(...peaksOf(this.hasher, hashes));
    }
    this.replay = new TreeReplay(this.hasher, start, peaks);
    return start;
  }

  /** Answers with the first signed root that the leaves do not give; null: they give all. */
  private async readAll(from: number): Promise<Anchor | null> {
    const { kept, checkpoint } = this.check;
    const anchors = [kept, checkpoint]
      .filter((anchor) => anchor !== null)
      .filter(({ size }) => size > from && size <= this.size)
      .sort((a, b) => a.size - b.size);
    const tiles = Math.ceil(this.size / TILE_WIDTH);
    const reading = readAhead(
      Math.floor(from / TILE_WIDTH),
      tiles,
      READ_AHEAD,
      (index) => this.readLeaves(index),
      this.watch.signal,
    );
    for await (const leaves of reading) {
      this.current = leaves;
      if (await this.isWrong(leaves)) return null;
      for (const hash of leaves.hashes) {
        this.replay.append(hash);
        while (anchors[0]?.size === this.replay.size) {
          const anchor = anchors.shift() as Anchor;
          if (!areEqual(this.replay.root(), anchor.root)) return anchor;
        }
      }
      this.watch.onProgress({ from, done: this.replay.size, size: this.size });
    }
    return null;
  }

  /** Where the entries and their tile differ, the tiles above say which of them is right. */
  private async isWrong({ index, hashes, entries, tile }: Leaves): Promise<boolean> {
    if (tile && isSameTile(tile, hashes)) return false;
    const proved = await this.authentic(this.check.checkpoint).read(0, index);
    if (!proved) return false; // the roots say it, at the end
    const k = proved.findIndex((hash, i) => !hashes[i] || !areEqual(hash, hashes[i]));
    if (k < 0) {
      this.noteTile({ level: 0, index }, hashes, tile, entries);
      return false;
    }
    this.add(describe(index * TILE_WIDTH + k, proved[k] ?? null, entries?.[k], this.hasher));
    return true;
  }

  private async checkUpperTiles(): Promise<void> {
    for (let level = 1; ; level++) {
      const full = this.replay.tilesOf(level);
      const edge = this.replay.edgeOf(level);
      for (const { index, hashes } of full) {
        const right = splitHashes(hashes);
        this.noteTile(
          { level, index },
          right,
          await this.served({ level, index, width: TILE_WIDTH }),
        );
      }
      const partial = partialTiles(this.size).find((ref) => ref.level === level);
      if (partial && edge.length === partial.width) {
        this.noteTile(partial, edge, await this.served(partial));
      }
      if (full.length === 0) return;
    }
  }

  /** A tile that differs from the one that was computed. */
  private noteTile(
    { level, index }: Pick<TileRef, 'level' | 'index'>,
    right: readonly Uint8Array[],
    found: readonly Uint8Array[] | null,
    entries: readonly Uint8Array[] | null = null,
  ): void {
    if (found && isSameTile(found, right)) return;
    const k = Math.max(
      0,
      right.findIndex((hash, i) => !found?.[i] || !areEqual(hash, found[i])),
    );
    this.add({
      leaf: (index * TILE_WIDTH + k) * TILE_WIDTH ** level,
      entry: leafId(textOf(entries?.[k])[0]),
      problem: `tile ${level}/${index} of the server is ${found ? 'wrong' : 'missing'}`,
      expected: hashText(right[k]),
      found: hashText(found?.[k]),
    });
  }

  /** The log has fewer entries than when it was looked at last. */
  private checkCut(): void {
    const { kept } = this.check;
    if (!kept || kept.size <= this.size) return;
    this.add({
      leaf: this.size,
      entry: null,
      problem: `the log has been cut: ${kept.name} has more entries`,
      expected: `${kept.size} entries`,
      found: `${this.size} entries`,
    });
  }

  /** The first leaf that is not the one that a signed root proves. */
  private async locate(anchor: Anchor): Promise<void> {
    const found = await findDivergence(anchor.size, this.authentic(anchor), this.computed);
    const { start, end, expected } = found ?? { start: 0, end: anchor.size, expected: null };
    if (expected) {
      const { entries } = await this.readLeaves(Math.floor(start / TILE_WIDTH));
      const finding = describe(start, expected, entries?.[start % TILE_WIDTH], this.hasher);
      this.add({ ...finding, problem: `${finding.problem}, says ${anchor.name}` });
      return;
    }
    this.add({
      leaf: start,
      entry: null,
      problem: `one of the leaves ${start} to ${end - 1} was changed, says ${anchor.name}`,
      expected: `a root with ${hashText(anchor.root)}`,
      found: `one with ${hashText(this.replay.root())}`,
    });
  }

  /** Keeps the finding that is first in the tree. */
  private add(finding: Finding): void {
    if ((finding.leaf ?? 0) < (this.finding?.leaf ?? Infinity)) this.finding = finding;
  }

  private authentic(anchor: Anchor): AuthenticTiles {
    return new AuthenticTiles(this.hasher, anchor, [this.served, this.computed]);
  }

  private readonly served: TileSource = async (ref) => {
    const bytes = await this.files.tile(ref);
    return bytes?.length === ref.width * HASH_LENGTH ? splitHashes(bytes) : null;
  };

  private readonly computed: TileSource = (ref) =>
    this.replay.source(async (first, count) => {
      const { hashes } = await this.readLeaves(Math.floor(first / TILE_WIDTH));
      return hashes.slice(0, count);
    })(ref);

  private async readLeaves(index: number): Promise<Leaves> {
    if (this.current?.index === index) return this.current;
    const width = widthIn(this.size, 0, index);
    const [tile, bundle] = await Promise.all([
      this.served({ level: 0, index, width }),
      this.files.bundle?.({ index, width }),
    ]);
    if (!this.files.bundle) {
      return { index, tile, entries: null, hashes: padded(tile ?? [], width) };
    }
    const entries = (bundle && decodeBundle(bundle)) ?? [];
    // An entry without data is one that the log does not have any longer.
    const hashes = entries.map((data, i) => {
      if (data.length > 0) return this.hasher.leaf(data);
      // Of what a rule let go its hash is left; the root says whether it is the right one.
      const isForgotten = this.check.forgotten?.has(index * TILE_WIDTH + i) === true;
      return (isForgotten ? tile?.[i] : null) ?? NO_HASH;
    });
    return { index, tile, entries, hashes: padded(hashes, width) };
  }
}

function padded(hashes: readonly Uint8Array[], width: number): readonly Uint8Array[] {
  return Array.from({ length: width }, (_, i) => hashes[i] ?? NO_HASH);
}

function describe(
  leaf: number,
  expected: Uint8Array | null,
  data: Uint8Array | undefined,
  hasher: TreeHasher,
): Finding {
  if (!data || data.length === 0) {
    const problem = 'the entry is missing';
    return { leaf, entry: null, problem, expected: hashText(expected), found: 'none' };
  }
  const [first, ...more] = textOf(data);
  return {
    leaf,
    entry: leafId(first),
    problem: more.length > 0 ? 'the number is there twice' : 'the entry was changed',
    expected: hashText(expected),
    found: hashText(hasher.leaf(data)),
  };
}

/** As a rule one; two entries with one number are served as two lines. */
function textOf(data: Uint8Array | undefined): readonly [string, ...string[]] {
  const [first = '', ...more] = ((data && toText(data)) ?? '').split('\n');
  return [first, ...more];
}
