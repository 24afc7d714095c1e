import { areEqual } from '../tree/bytes.js';
import { hashesAt, TILE_WIDTH, widthIn } from '../tree/tiles.js';
import type { AuthenticTiles, TileSource } from './authentic-tiles.js';

/** Where the leaves stop to be what a checkpoint proves. */
export interface Divergence {
  /** The first leaf that is, or may be, wrong; the last one that may be is before `end`. */
  readonly start: number;
  readonly end: number;
  /** The hash that the checkpoint proves for it; null: no tile that is right says so. */
  readonly expected: Uint8Array | null;
}

/**
 * The first leaf that differs between the tree that a checkpoint proves and the one that was
 * computed. It goes down from the root through tiles that are proved; where none is left, it answers
 * with the range of the subtree. Null: nothing differs.
 */
export async function findDivergence(
  size: number,
  proved: AuthenticTiles,
  computed: TileSource,
): Promise<Divergence | null> {
  if (!(await proved.isAnyProved())) return { start: 0, end: size, expected: null };
  let top = 0;
  while (hashesAt(top + 1, size) > 0) top++;
  for (let level = top; level >= 0; level--) {
    // Of each level, only the last tile is not below a tile of the level above.
    const index = Math.floor(hashesAt(level, size) / TILE_WIDTH);
    const width = widthIn(size, level, index);
    if (width === 0) continue;
    const start = index * TILE_WIDTH ** (level + 1);
    const end = start + width * TILE_WIDTH ** level;
    const found = await descend(level, index, { start, end, expected: null });
    if (found) return found;
  }
  return null;

  /** `unproved` is the answer when no source has the tile right. */
  async function descend(
    level: number,
    index: number,
    unproved: Divergence | null,
  ): Promise<Divergence | null> {
    const width = widthIn(size, level, index);
    const [right, ours] = await Promise.all([
      proved.read(level, index),
      computed({ level, index, width }),
    ]);
    if (!right) return unproved;
    for (const [i, expected] of right.entries()) {
      const own = ours?.[i];
      if (own && areEqual(expected, own)) continue;
      const below = index * TILE_WIDTH + i;
      if (level === 0) return { start: below, end: below + 1, expected };
      const start = below * TILE_WIDTH ** level;
      const range = { start, end: start + TILE_WIDTH ** level, expected: null };
      // One that was not computed has not been found to differ: what is below it says whether it does.
      const found = await descend(level - 1, below, own ? range : null);
      if (found || own) return found ?? range;
    }
    return null;
  }
}
