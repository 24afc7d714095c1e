import { readAhead } from './read-ahead.js';
import type { HashedStretch, Stretch } from './stretch-hasher.js';

/** 32 tiles: large enough for one query, and small enough to stay in the processor's cache. */
const STRETCH_LEAVES = 8_192;

/** Hashes stretches, some of them at once. */
export interface Stretches {
  readonly atOnce: number;
  hash(stretch: Stretch): Promise<HashedStretch>;
}

/** The stretches of a part of the tree in order, which begins where a tile does. */
export function hashedInOrder(
  { from, end }: Stretch,
  stretches: Stretches,
): AsyncGenerator<HashedStretch> {
  return readAhead(0, Math.ceil((end - from) / STRETCH_LEAVES), stretches.atOnce, (index) => {
    const start = from + index * STRETCH_LEAVES;
    return stretches.hash({ from: start, end: Math.min(end, start + STRETCH_LEAVES) });
  });
}
