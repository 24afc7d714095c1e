import { concat, toBase64 } from '../tree/bytes.js';
import { hashesAt, TILE_WIDTH, tilePath, widthIn } from '../tree/tiles.js';
import type { AuthenticTiles, TileSource } from '../verify/authentic-tiles.js';
import type { Stretch } from './leaf-entries.js';

/** The lines of tiles, each once. */
export class TileLines {
  /** Of the leaves they come in order, so that only the last one has to be remembered. */
  private lastLeafTile = -1;

  constructor(
    private readonly size: number,
    private readonly proved: AuthenticTiles,
    private readonly sources: readonly TileSource[],
  ) {}

  /** Empty where it was said already. */
  async leafTile(index: number): Promise<string> {
    if (index <= this.lastLeafTile) return '';
    this.lastLeafTile = index;
    return this.line(0, index);
  }

  /** The tile that the stretch ends in, where no entry had it: a whole stretch is proved also where entries are missing. */
  async *ofLeaves({ first, end }: Stretch): AsyncGenerator<string> {
    if (end <= first) return;
    for (let index = this.lastLeafTile + 1; index * TILE_WIDTH < end; index++) {
      yield await this.leafTile(index);
    }
  }

  /** All above the leaves, and the last one of the leaves: so each leaf leads to the root. */
  async *above(): AsyncGenerator<string> {
    yield await this.leafTile(Math.floor(this.size / TILE_WIDTH));
    for (let level = 1; hashesAt(level, this.size) > 0; level++) {
      const count = Math.ceil(hashesAt(level, this.size) / TILE_WIDTH);
      for (let index = 0; index < count; index++) yield await this.line(level, index);
    }
  }

  /** Of what is above the leaves, only what leads from these tiles to the root. */
  async *aboveOf(leafTiles: readonly number[]): AsyncGenerator<string> {
    yield await this.leafTile(Math.floor(this.size / TILE_WIDTH));
    let below: readonly number[] = leafTiles;
    for (let level = 1; hashesAt(level, this.size) > 0; level++) {
      const edge = Math.floor(hashesAt(level, this.size) / TILE_WIDTH);
      below = [...new Set([...below.map((index) => Math.floor(index / TILE_WIDTH)), edge])];
      for (const index of below) yield await this.line(level, index);
    }
  }

  /** One of them, wherever it is. */
  async line(level: number, index: number): Promise<string> {
    const width = widthIn(this.size, level, index);
    if (width === 0) return '';
    const tile = { level, index, width };
    // One that nothing proves goes along as it is: who verifies has to see it.
    const hashes = (await this.proved.read(level, index)) ?? (await this.sources[0]?.(tile));
    if (!hashes) return '';
    return `{"tile":"${tilePath(tile)}","hashes":"${toBase64(concat(...hashes))}"}\n`;
  }
}
