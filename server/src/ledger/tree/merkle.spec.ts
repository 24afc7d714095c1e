import { describe, expect, it } from '@jest/globals';
import { fromHex, toHex } from './bytes.js';
import {
  consistencyRanges,
  inclusionRanges,
  subtreesOf,
  verifyConsistency,
  verifyInclusion,
  type LeafRange,
} from './merkle.js';
import { treeHasher as hasher } from './sha256.js';
import { hashesAt, splitHashes, TileHashes, tilePath, tilesFor, TILE_WIDTH } from './tiles.js';
import { TreeEdge } from './tree-edge.js';

/** The leaves and roots of the test vectors of Certificate Transparency. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'].concat(
  '606162636465666768696a6b6c6d6e6f',
);
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** MTH of RFC 6962, section 2.1, as it is written there. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return hasher.emptyRoot;
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hasher.node(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH of section 2.1.1. */
function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** SUBPROOF of section 2.1.2. */
function naiveProof(m: number, leaves: readonly Uint8Array[], isWhole = true): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return m <= k
    ? [...naiveProof(m, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveProof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => hasher.leaf(Uint8Array.of(i & 255, i >> 8)));
}

/** All tiles of a tree, partial ones included, as a log stores them. */
function tilesOf(leaves: readonly Uint8Array[]): Map<string, Uint8Array[]> {
  const tiles = new Map<string, Uint8Array[]>();
  let hashes = [...leaves];
  for (let level = 0; hashes.length > 0; level++) {
    const roots: Uint8Array[] = [];
    for (let at = 0; at < hashes.length; at += TILE_WIDTH) {
      const tile = hashes.slice(at, at + TILE_WIDTH);
      tiles.set(tilePath({ level, index: at / TILE_WIDTH, width: tile.length }), tile);
      if (tile.length === TILE_WIDTH) roots.push(hasher.perfectRoot(tile));
    }
    hashes = roots;
  }
  return tiles;
}

/** The hashes of a proof, from exactly the tiles that are said to be needed for it. */
function proofFrom(tiles: Map<string, Uint8Array[]>, ranges: LeafRange[], size: number) {
  const hashes = new TileHashes(hasher);
  for (const tile of tilesFor(ranges, size)) {
    hashes.add(tile, tiles.get(tilePath(tile)) as Uint8Array[]);
  }
  return ranges.map((range) => hashes.root(range));
}

const hex = (hashes: readonly Uint8Array[]) => hashes.map(toHex);
const SIZES = [1, 2, 3, 5, 7, 8, 100, 255, 256, 257, 300, 511, 512, 513, 700];

describe('the Merkle tree', () => {
  it("has the roots of Certificate Transparency's test vectors", () => {
    const edge = new TreeEdge(hasher);
    expect(toHex(edge.root())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    for (const [i, leaf] of LEAVES.entries()) {
      edge.append([hasher.leaf(fromHex(leaf) as Uint8Array)]);
      expect(toHex(edge.root())).toBe(ROOTS[i]);
    }
  });

  it('has the root of RFC 6962 at every size, and completes each tile once', () => {
    const leaves = leavesOf(700);
    const edge = new TreeEdge(hasher);
    const full = leaves.flatMap((leaf, i) => {
      const tiles = edge.append([leaf]);
      if (SIZES.includes(i + 1)) {
        expect([i + 1, toHex(edge.root())]).toEqual([
          i + 1,
          toHex(naiveRoot(leaves.slice(0, i + 1))),
        ]);
      }
      return tiles;
    });
    expect(full.map(({ level, index }) => [level, index])).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(hex(splitHashes(full[1]?.hashes as Uint8Array))).toEqual(hex(leaves.slice(256, 512)));
    expect(toHex(full[1]?.root as Uint8Array)).toBe(toHex(naiveRoot(leaves.slice(256, 512))));
  });

  it('completes the tiles above as well', () => {
    const edge = new TreeEdge(hasher);
    const leaf = hasher.leaf(Uint8Array.of(1));
    const full = edge.append(new Array<Uint8Array>(65_536 + 256).fill(leaf));
    expect(full.filter(({ level }) => level === 0)).toHaveLength(257);
    expect(full.filter(({ level }) => level > 0).map(({ level, index }) => [level, index])).toEqual(
      [[1, 0]],
    );
    expect(edge.size).toBe(65_792);
    expect(hashesAt(2, edge.size)).toBe(1);
    const kept = edge.copy();
    edge.append([leaf]);
    expect([kept.size, toHex(kept.root()) === toHex(edge.root())]).toEqual([65_792, false]);
  });

  it('makes the inclusion proofs of RFC 6962 from tiles, and only they verify', () => {
    for (const size of SIZES) {
      const leaves = leavesOf(size);
      const tiles = tilesOf(leaves);
      const root = naiveRoot(leaves);
      for (const index of new Set([0, 1, size >> 1, size - 2, size - 1, 255, 256])) {
        if (index < 0 || index >= size) continue;
        const leaf = leaves[index] as Uint8Array;
        const proof = proofFrom(tiles, inclusionRanges(index, size), size);
        expect(hex(proof)).toEqual(hex(naivePath(index, leaves)));
        const holds = (i: number, n: number, p: Uint8Array[]) =>
          verifyInclusion(hasher, leaf, i, n, p, root);
        expect(holds(index, size, proof)).toBe(true);
        expect(holds(index, size, [...proof, root])).toBe(false);
        expect(holds(index, size, proof.slice(1))).toBe(size === 1);
        expect(holds(size, size, proof)).toBe(false);
        if (size > 1) expect(holds(index === 0 ? 1 : index - 1, size, proof)).toBe(false);
        const bent = proof.map((hash, i) => (i === 0 ? hasher.leaf(hash) : hash));
        expect(holds(index, size, bent)).toBe(size === 1);
      }
    }
  });

  it('makes the consistency proofs of RFC 6962 from tiles, and only they verify', () => {
    for (const size of SIZES) {
      const leaves = leavesOf(size);
      const tiles = tilesOf(leaves);
      const newer = { size, root: naiveRoot(leaves) };
      for (const before of [0, ...SIZES].filter((one) => one <= size)) {
        const older = { size: before, root: naiveRoot(leaves.slice(0, before)) };
        const proof = proofFrom(tiles, consistencyRanges(before, size), size);
        expect([before, size, hex(proof)]).toEqual([
          before,
          size,
          before === 0 ? [] : hex(naiveProof(before, leaves)),
        ]);
        expect([before, size, verifyConsistency(hasher, older, newer, proof)]).toEqual([
          before,
          size,
          true,
        ]);
        const forked = { size: before, root: hasher.leaf(older.root) };
        expect(verifyConsistency(hasher, forked, newer, proof)).toBe(false);
        const rewritten = { size, root: hasher.leaf(newer.root) };
        // Every tree begins with the empty one, so there is nothing to compare.
        expect(verifyConsistency(hasher, older, rewritten, proof)).toBe(before === 0);
        expect(verifyConsistency(hasher, older, newer, [...proof, newer.root])).toBe(false);
        expect(verifyConsistency(hasher, newer, older, proof)).toBe(before === size);
        if (proof.length > 0) {
          expect(verifyConsistency(hasher, older, newer, proof.slice(0, -1))).toBe(false);
        }
      }
    }
  });

  it('counts beyond 32 bits', () => {
    const size = 2 ** 40 + 12_345;
    const ranges = inclusionRanges(2 ** 33 + 7, size);
    expect(ranges.reduce((sum, { start, end }) => sum + end - start, 1)).toBe(size);
    expect(subtreesOf({ start: 0, end: size })[0]).toEqual({ height: 40, index: 0 });
    // An inclusion proof in a tree of 2^30 has 30 hashes.
    expect(inclusionRanges(2 ** 30 - 1, 2 ** 30)).toHaveLength(30);
  });
});
