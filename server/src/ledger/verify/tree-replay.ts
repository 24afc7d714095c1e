import { concat } from '../tree/bytes.js';
import type { TreeHasher } from '../tree/merkle.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import type { TileSource } from './authentic-tiles.js';

/** Reads the hashes of leaves again, for the few tiles that a search needs. */
export type LeafHashes = (first: number, count: number) => Promise<readonly Uint8Array[]>;

const TILE_HEIGHT = 8;

/** The tree over the leaves that are given, in order. It keeps the roots of tiles, not the leaves. */
export class TreeReplay {
  /** The roots of full tiles by level, from `firstTile` of the level on. */
  private readonly tileRoots: Uint8Array[][] = [];
  private readonly start: number;

  /** `peaks`: the perfect subtrees of a tree that is taken as it is, the largest first. */
  constructor(
    private readonly hasher: TreeHasher,
    private leaves = 0,
    private readonly peaks: Uint8Array[] = [],
  ) {
    this.start = leaves;
  }

  get size(): number {
    return this.leaves;
  }

  append(leafHash: Uint8Array): void {
    this.add(leafHash, 0);
  }

  /** All leaves of a full tile at once, by its root; only where a tile begins. */
  appendTile(root: Uint8Array): void {
    (this.tileRoots[0] ??= []).push(root);
    this.add(root, TILE_HEIGHT);
  }

  private add(subtree: Uint8Array, height: number): void {
    let hash = subtree;
    let above = height;
    for (let rest = this.leaves / 2 ** height; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = this.hasher.node(this.peaks.pop() as Uint8Array, hash);
      above++;
      if (above % TILE_HEIGHT === 0) (this.tileRoots[above / TILE_HEIGHT - 1] ??= []).push(hash);
    }
    this.peaks.push(hash);
    this.leaves += 2 ** height;
  }

  root(): Uint8Array {
    return this.hasher.fold(this.peaks);
  }

  /** The tiles of this tree; `before` has those of the tree that was taken as it is. */
  source(leaves: LeafHashes, before: TileSource = () => Promise.resolve(null)): TileSource {
    return async ({ level, index, width }) => {
      if (level === 0) return leaves(index * TILE_WIDTH, width);
      const first = index * TILE_WIDTH - this.firstTile(level - 1);
      const taken = Math.min(width, Math.max(0, -first));
      const older = taken > 0 ? await before({ level, index, width: taken }) : [];
      const below = this.tileRoots[level - 1]?.slice(Math.max(0, first), first + width) ?? [];
      const hashes = [...(older ?? []).slice(0, taken), ...below];
      return hashes.length === width ? hashes : null;
    };
  }

  /** The root of a full tile; null: it was not computed here. */
  tileRoot(level: number, index: number): Uint8Array | null {
    return this.tileRoots[level]?.[index - this.firstTile(level)] ?? null;
  }

  /** The full tiles of a level above the leaves that were computed here as a whole. */
  tilesOf(level: number): { index: number; hashes: Uint8Array }[] {
    const below = this.tileRoots[level - 1] ?? [];
    const firstBelow = this.firstTile(level - 1);
    const first = Math.ceil(firstBelow / TILE_WIDTH);
    const tiles: { index: number; hashes: Uint8Array }[] = [];
    for (let index = first; ; index++) {
      const hashes = below.slice(
        index * TILE_WIDTH - firstBelow,
        (index + 1) * TILE_WIDTH - firstBelow,
      );
      if (hashes.length < TILE_WIDTH) return tiles;
      tiles.push({ index, hashes: concat(...hashes) });
    }
  }

  /** The hashes of the last, partial tile of a level, as far as they were computed here. */
  edgeOf(level: number): Uint8Array[] {
    const below = this.tileRoots[level - 1] ?? [];
    const width = (this.firstTile(level - 1) + below.length) % TILE_WIDTH;
    return below.slice(below.length - width);
  }

  /** The first tile of a level that was completed here. */
  private firstTile(level: number): number {
    return Math.floor(this.start / TILE_WIDTH ** (level + 1));
  }
}
