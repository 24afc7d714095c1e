import { concat } from './bytes.js';
import {
  HASH_LENGTH,
  subtreesOf,
  type LeafRange,
  type Subtree,
  type TreeHasher,
} from './merkle.js';

// Tiles and entry bundles as https://c2sp.org/tlog-tiles has them.

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** The data of an entry may not be longer: its length is two bytes. */
export const MAX_ENTRY_LENGTH = 0xffff;

export interface TileRef {
  readonly level: number;
  readonly index: number;
  /** 256 when it is full, fewer for the last tile of a level. */
  readonly width: number;
}

export interface BundleRef {
  readonly index: number;
  readonly width: number;
}

export function tilePath({ level, index, width }: TileRef): string {
  return `tile/${level}/${pathOfIndex(index)}${partOf(width)}`;
}

export function bundlePath({ index, width }: BundleRef): string {
  return `tile/entries/${pathOfIndex(index)}${partOf(width)}`;
}

/** The folder that holds the partial forms of a tile or bundle. */
export function partialsOf(path: string): string {
  return `${path.replace(/\.p\/\d+$/, '')}.p`;
}

/** Null when the path is not written exactly as a log serves it. `level` is null for bundles. */
export function parseTilePath(
  path: string,
): { level: number | null; index: number; width: number } | null {
  const match =
    /^tile\/(0|[1-9]\d?|entries)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (!match) return null;
  const level = match[1] === 'entries' ? null : Number(match[1]);
  const groups = (match[2] as string).replaceAll('x', '').split('/');
  const index = Number(groups.join(''));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  const isCanonical = groups.length === 1 || groups[0] !== '000';
  if ((level ?? 0) > 63 || !isCanonical || !Number.isSafeInteger(index)) return null;
  if (match[3] !== undefined && width >= TILE_WIDTH) return null;
  return { level, index, width };
}

function pathOfIndex(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

function partOf(width: number): string {
  return width === TILE_WIDTH ? '' : `.p/${width}`;
}

/** How many hashes a level of tiles has in a tree of that size. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The width that the tile has in a tree of that size; 0 when it is not there. */
export function widthIn(size: number, level: number, index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAt(level, size) - index * TILE_WIDTH));
}

/** The last, partial tiles of a tree, one a level at most. */
export function partialTiles(size: number): TileRef[] {
  const tiles: TileRef[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const hashes = hashesAt(level, size);
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: (hashes - width) / TILE_WIDTH, width });
  }
  return tiles;
}

/** What a tree has and an older one has not: full tiles, and the partial ones at its right edge. */
export function tilesBetween(oldSize: number, newSize: number): TileRef[] {
  const tiles: TileRef[] = [];
  for (let level = 0; hashesAt(level, newSize) > 0; level++) {
    const [before, after] = [hashesAt(level, oldSize), hashesAt(level, newSize)];
    if (before === after) continue;
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++) {
      tiles.push({ level, index, width: widthIn(newSize, level, index) });
    }
  }
  return tiles;
}

export function bundlesBetween(oldSize: number, newSize: number): BundleRef[] {
  return tilesBetween(oldSize, newSize)
    .filter(({ level }) => level === 0)
    .map(({ index, width }) => ({ index, width }));
}

export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_LENGTH)
        throw new RangeError('an entry is too long for a bundle');
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** Null when the lengths do not add up. */
export function decodeBundle(bundle: Uint8Array): Uint8Array[] | null {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length) {
    const start = at + 2;
    if (start > bundle.length) return null;
    const end = start + (bundle[at] as number) * 256 + (bundle[at + 1] as number);
    if (end > bundle.length) return null;
    entries.push(bundle.subarray(start, end));
    at = end;
  }
  return entries;
}

export function splitHashes(tile: Uint8Array): Uint8Array[] {
  return Array.from({ length: tile.length / HASH_LENGTH }, (_, i) =>
    tile.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH),
  );
}

/** The tiles of a tree of that size in which the roots of these ranges are found. */
export function tilesFor(ranges: readonly LeafRange[], size: number): TileRef[] {
  const tiles = new Map<string, TileRef>();
  for (const range of ranges) {
    for (const { level, index } of subtreesOf(range).map(placeOf)) {
      const tile = { level, index, width: widthIn(size, level, index) };
      tiles.set(tilePath(tile), tile);
    }
  }
  return [...tiles.values()];
}

/** Roots of ranges of leaves, from tiles that were read before: see `tilesFor`. */
export class TileHashes {
  private readonly tiles = new Map<string, Uint8Array[]>();

  constructor(private readonly hasher: TreeHasher) {}

  add({ level, index }: Pick<TileRef, 'level' | 'index'>, hashes: readonly Uint8Array[]): void {
    this.tiles.set(`${level}/${index}`, [...hashes]);
  }

  root(range: LeafRange): Uint8Array {
    return this.hasher.fold(subtreesOf(range).map((subtree) => this.rootOfSubtree(subtree)));
  }

  private rootOfSubtree(subtree: Subtree): Uint8Array {
    const { level, index, first, count } = placeOf(subtree);
    const hashes = this.tiles.get(`${level}/${index}`)?.slice(first, first + count) ?? [];
    if (hashes.length < count)
      throw new Error(`the tile ${level}/${index} is missing or too short`);
    return this.hasher.perfectRoot(hashes);
  }
}

/** The tile that a perfect subtree is in, and its hashes there. */
function placeOf({ height, index }: Subtree) {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const first = index * count;
  return {
    level,
    index: Math.floor(first / TILE_WIDTH),
    first: first % TILE_WIDTH,
    count,
  };
}
