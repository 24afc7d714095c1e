import { hash } from 'node:crypto';
import { TILE_WIDTH } from '../tree/tiles.js';

export const TILE_BYTES = TILE_WIDTH * 32;

const pair = Buffer.alloc(65, 1);
const level = Buffer.alloc(TILE_BYTES);

/** The root over the 256 hashes of a tile, without an object for each hash in between. */
export function rootOfTile(hashes: Buffer, start: number): Buffer {
  hashes.copy(level, 0, start, start + TILE_BYTES);
  for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
    for (let i = 0; i < count; i++) {
      level.copy(pair, 1, i * 64, (i + 1) * 64);
      level.write(hash('sha256', pair, 'binary'), i * 32, 'latin1');
    }
  }
  return Buffer.from(level.subarray(0, 32));
}
