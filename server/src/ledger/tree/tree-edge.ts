import { concat } from './bytes.js';
import type { TreeHasher } from './merkle.js';
import { TILE_WIDTH } from './tiles.js';

/** A full tile, and the root over its hashes. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

/** The right edge of a tree: the hashes of its partial tiles. It is all that appending needs. */
export class TreeEdge {
  constructor(
    private readonly hasher: TreeHasher,
    private leaves = 0,
    /** The hashes of each level's partial tile, from the leaves up. */
    private readonly levels: Uint8Array[][] = [],
  ) {}

  get size(): number {
    return this.leaves;
  }

  /** Adds leaves and returns the tiles that became full, in order of their levels within a leaf. */
  append(leafHashes: readonly Uint8Array[]): FullTile[] {
    const full: FullTile[] = [];
    for (const hash of leafHashes) {
      this.leaves++;
      this.push(0, hash, full);
    }
    return full;
  }

  root(): Uint8Array {
    return this.hasher.fold([...this.levels].reverse().flatMap((level) => this.peaksOf(level)));
  }

  copy(): TreeEdge {
    return new TreeEdge(
      this.hasher,
      this.leaves,
      this.levels.map((level) => [...level]),
    );
  }

  private push(level: number, hash: Uint8Array, full: FullTile[]): void {
    const hashes = (this.levels[level] ??= []);
    hashes.push(hash);
    if (hashes.length < TILE_WIDTH) return;
    const root = this.hasher.perfectRoot(hashes);
    const index = Math.floor(this.leaves / TILE_WIDTH ** (level + 1)) - 1;
    full.push({ level, index, hashes: concat(...hashes), root });
    this.levels[level] = [];
    this.push(level + 1, root, full);
  }

  /** The roots of the perfect subtrees in a partial tile, the largest first. */
  private peaksOf(hashes: readonly Uint8Array[]): Uint8Array[] {
    const peaks: Uint8Array[] = [];
    let at = 0;
    for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
      if (hashes.length - at < count) continue;
      peaks.push(this.hasher.perfectRoot(hashes.slice(at, at + count)));
      at += count;
    }
    return peaks;
  }
}
