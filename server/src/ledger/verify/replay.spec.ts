import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { treeHasher } from '../tree/sha256.js';
import { partialTiles, TILE_WIDTH, type TileRef } from '../tree/tiles.js';
import { TreeEdge } from '../tree/tree-edge.js';
import { AuthenticTiles, peaksOf, type TileSource } from './authentic-tiles.js';
import { findDivergence } from './divergence.js';
import { TreeReplay } from './tree-replay.js';

const hashOf = (text: string) => createHash('sha256').update(text).digest();
const leaves = (count: number) => Array.from({ length: count }, (_, i) => hashOf(`leaf ${i}`));

function replayOf(hashes: readonly Uint8Array[]): { replay: TreeReplay; source: TileSource } {
  const replay = new TreeReplay(treeHasher);
  for (const hash of hashes) replay.append(hash);
  return { replay, source: replay.source(async (first, n) => hashes.slice(first, first + n)) };
}

/** Goes on from a tree of `old` leaves that is taken as it is. */
async function continued(
  old: number,
  proved: AuthenticTiles,
  all: readonly Uint8Array[],
): Promise<TreeReplay> {
  const start = old - (old % TILE_WIDTH);
  const peaks: Uint8Array[] = [];
  for (const { level, index } of partialTiles(old).reverse()) {
    const hashes = await proved.read(level, index);
    if (level > 0) peaks.push(...peaksOf(treeHasher, hashes ?? []));
  }
  const replay = new TreeReplay(treeHasher, start, peaks);
  for (const hash of all.slice(start)) replay.append(hash);
  return replay;
}

const size = fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constantFrom(256, 512));

describe('the replayed tree', () => {
  it('has the roots of RFC 6962 at every size', () => {
    const edge = new TreeEdge(treeHasher);
    const replay = new TreeReplay(treeHasher);
    for (const hash of leaves(600)) {
      edge.append([hash]);
      replay.append(hash);
      expect(replay.root()).toEqual(edge.root());
    }
  });

  it('goes on from the peaks of an older tree', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 0, max: 300 }), async (old, more) => {
        const all = leaves(old + more);
        const older = replayOf(all.slice(0, old));
        const trusted = { size: old, root: older.replay.root() };
        const proved = new AuthenticTiles(treeHasher, trusted, [replayOf(all).source]);
        const replay = await continued(old, proved, all);
        expect(replay.root()).toEqual(replayOf(all).replay.root());
      }),
      { numRuns: 30 },
    );
  });
});

describe('the first leaf that differs from a checkpoint', () => {
  /** A source whose tiles are wrong where `isWrong` says so. */
  const damaged =
    (source: TileSource, isWrong: (tile: TileRef) => boolean): TileSource =>
    async (tile) => {
      const hashes = await source(tile);
      return hashes && isWrong(tile) ? hashes.map(() => hashOf('forged')) : hashes;
    };

  it('is found through tiles of which some are forged, in one source or the other', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.nat(), fc.nat(4), async (n, at, more, seed) => {
        const right = leaves(n);
        const first = at % n;
        const wrong = right.map((hash, i) =>
          i === first || (i > first && (i + more) % 97 === 0) ? hashOf(`changed ${i}`) : hash,
        );
        const honest = replayOf(right);
        const trusted = { size: n, root: honest.replay.root() };
        const odd = ({ level, index }: TileRef) => (level + index + seed) % 2 === 0;
        const proved = new AuthenticTiles(treeHasher, trusted, [
          damaged(honest.source, odd),
          replayOf(wrong).source,
          damaged(honest.source, (tile) => !odd(tile)),
        ]);
        expect(await findDivergence(n, proved, replayOf(wrong).source)).toEqual({
          start: first,
          end: first + 1,
          expected: right[first],
        });
        expect(await findDivergence(n, proved, honest.source)).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  it('is found after a part that is taken as it is, and in it', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 1, max: 700 }), fc.nat(), async (old, more, at) => {
        const right = leaves(old + more);
        const first = at % right.length;
        const wrong = right.map((hash, i) => (i === first ? hashOf('changed') : hash));
        const honest = replayOf(right);
        const proved = new AuthenticTiles(
          treeHasher,
          { size: right.length, root: honest.replay.root() },
          [honest.source],
        );
        const trusted = { size: old, root: replayOf(wrong.slice(0, old)).replay.root() };
        const taken = new AuthenticTiles(treeHasher, trusted, [replayOf(wrong).source]);
        const replay = await continued(old, taken, wrong);
        const read = async (from: number, count: number) => wrong.slice(from, from + count);
        const found = { start: first, end: first + 1, expected: right[first] };
        for (const before of [({ level, index }: TileRef) => taken.read(level, index), undefined]) {
          expect(await findDivergence(right.length, proved, replay.source(read, before))).toEqual(
            found,
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('may be any where only the root is right', async () => {
    const right = leaves(700);
    const wrong = right.map((hash, i) => (i === 650 ? hashOf('changed') : hash));
    const trusted = { size: right.length, root: replayOf(right).replay.root() };
    const computed = replayOf(wrong).source;
    const proved = new AuthenticTiles(treeHasher, trusted, [computed]);
    const found = await findDivergence(right.length, proved, computed);
    expect(found).toEqual({ start: 0, end: 700, expected: null });
  });

  it('is narrowed to a tile when nothing has the tile right', async () => {
    const right = leaves(70_000);
    const wrong = right.map((hash, i) => (i === 1_000 ? hashOf('changed') : hash));
    const trusted = { size: right.length, root: replayOf(right).replay.root() };
    const source = damaged(replayOf(right).source, ({ level }) => level === 0);
    // The partial tile of the leaves is computed, and right.
    const computed = replayOf(wrong).source;
    const proved = new AuthenticTiles(treeHasher, trusted, [source, computed]);
    const found = await findDivergence(right.length, proved, computed);
    expect(found).toEqual({ start: 768, end: 1_024, expected: null });
  });
});
