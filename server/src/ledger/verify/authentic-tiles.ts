import { areEqual } from '../tree/bytes.js';
import type { TreeHasher } from '../tree/merkle.js';
import { partialTiles, TILE_WIDTH, type TileRef, widthIn } from '../tree/tiles.js';

/** The root of a tree that is trusted: a checkpoint whose signature was checked. */
export interface TrustedRoot {
  readonly size: number;
  readonly root: Uint8Array;
}

/** A root that the tree has to have had, and who says so. */
export interface Anchor extends TrustedRoot {
  readonly name: string;
}

/** A place that tiles are read from. Null: it does not have the tile, or not in that form. */
export type TileSource = (tile: TileRef) => Promise<readonly Uint8Array[] | null>;

const CACHED = 64;
/** Of the partial tiles, as many combinations of what the sources have are tried. */
const MAX_COMBINATIONS = 4_096;

/** Tiles that are proved by a checkpoint, from sources of which any may be wrong. */
export class AuthenticTiles {
  /** Null while it was not looked for; the partial tiles by level, or `wrong` when none prove it. */
  private edge: Map<number, readonly Uint8Array[]> | 'wrong' | null = null;
  private readonly cache = new Map<string, readonly Uint8Array[]>();

  constructor(
    private readonly hasher: TreeHasher,
    private readonly trusted: TrustedRoot,
    private readonly sources: readonly TileSource[],
  ) {}

  /** Whether anything is proved: all tiles hang on those of the right edge. */
  async isAnyProved(): Promise<boolean> {
    return (await this.readEdge()) !== null;
  }

  /** Null: no source has the tile as the checkpoint proves it. */
  async read(level: number, index: number): Promise<readonly Uint8Array[] | null> {
    const width = widthIn(this.trusted.size, level, index);
    if (width === 0) return null;
    if (width < TILE_WIDTH) return (await this.readEdge())?.get(level) ?? null;
    const key = `${level}/${index}`;
    const known = this.cache.get(key);
    if (known) return known;
    const above = await this.read(level + 1, Math.floor(index / TILE_WIDTH));
    const expected = above?.[index % TILE_WIDTH];
    if (!expected) return null;
    for (const source of this.sources) {
      const hashes = await source({ level, index, width });
      if (hashes?.length !== width) continue;
      if (!areEqual(this.hasher.perfectRoot(hashes), expected)) continue;
      this.keep(key, hashes);
      return hashes;
    }
    return null;
  }

  /** The partial tiles of the right edge, whose hashes fold to the root. */
  private async readEdge(): Promise<Map<number, readonly Uint8Array[]> | null> {
    this.edge ??= (await this.findEdge()) ?? 'wrong';
    return this.edge === 'wrong' ? null : this.edge;
  }

  private async findEdge(): Promise<Map<number, readonly Uint8Array[]> | null> {
    const refs = partialTiles(this.trusted.size).reverse(); // the first leaves first
    const choices = await Promise.all(refs.map((ref) => this.differentForms(ref)));
    const combinations = choices.reduce((count, { length }) => count * length, 1);
    for (let n = 0; n < Math.min(combinations, MAX_COMBINATIONS); n++) {
      let rest = n;
      const chosen = choices.map((forms) => {
        const form = forms[rest % forms.length] as readonly Uint8Array[];
        rest = Math.floor(rest / forms.length);
        return form;
      });
      const peaks = chosen.flatMap((hashes) => peaksOf(this.hasher, hashes));
      if (areEqual(this.hasher.fold(peaks), this.trusted.root)) {
        return new Map(refs.map(({ level }, i) => [level, chosen[i] as readonly Uint8Array[]]));
      }
    }
    return null;
  }

  private async differentForms(ref: TileRef): Promise<(readonly Uint8Array[])[]> {
    const forms: (readonly Uint8Array[])[] = [];
    for (const source of this.sources) {
      const hashes = await source(ref);
      if (hashes?.length !== ref.width) continue;
      if (!forms.some((form) => isSameTile(form, hashes))) forms.push(hashes);
    }
    return forms;
  }

  private keep(key: string, hashes: readonly Uint8Array[]): void {
    if (this.cache.size >= CACHED) {
      const [oldest] = this.cache.keys();
      if (oldest !== undefined) this.cache.delete(oldest);
    }
    this.cache.set(key, hashes);
  }
}

export function isSameTile(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((hash, i) => areEqual(hash, b[i] as Uint8Array));
}

/** The roots of the perfect subtrees in a partial tile, the largest first. */
export function peaksOf(hasher: TreeHasher, hashes: readonly Uint8Array[]): Uint8Array[] {
  const peaks: Uint8Array[] = [];
  let at = 0;
  for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
    if (hashes.length - at < count) continue;
    peaks.push(hasher.perfectRoot(hashes.slice(at, at + count)));
    at += count;
  }
  return peaks;
}
