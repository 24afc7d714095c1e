// The Merkle tree of RFC 6962: hashes, proofs and their verification. Sizes go up to 2^53.

import { areEqual } from './bytes.js';

export type Sha256 = (data: Uint8Array) => Uint8Array;

export const HASH_LENGTH = 32;

/** Makes the hashes of a tree from a SHA-256 that the caller gives. */
export class TreeHasher {
  /** The root of a tree without leaves. */
  readonly emptyRoot: Uint8Array;
  private readonly pair = new Uint8Array(1 + 2 * HASH_LENGTH);

  constructor(private readonly sha256: Sha256) {
    this.emptyRoot = sha256(new Uint8Array(0));
    this.pair[0] = 1;
  }

  leaf(data: Uint8Array): Uint8Array {
    const prefixed = new Uint8Array(1 + data.length);
    prefixed.set(data, 1);
    return this.sha256(prefixed);
  }

  node(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.pair.set(left, 1);
    this.pair.set(right, 1 + HASH_LENGTH);
    return this.sha256(this.pair);
  }

  /** The root of a perfect subtree, from the hashes below it; their number is a power of two. */
  perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
    let level = hashes;
    while (level.length > 1) {
      const above: Uint8Array[] = [];
      for (let i = 0; i < level.length; i += 2) {
        above.push(this.node(level[i] as Uint8Array, level[i + 1] as Uint8Array));
      }
      level = above;
    }
    return level[0] as Uint8Array;
  }

  /** The root over perfect subtrees that follow each other, the largest first. */
  fold(peaks: readonly Uint8Array[]): Uint8Array {
    if (peaks.length === 0) return this.emptyRoot;
    return peaks.reduceRight((right, left) => this.node(left, right));
  }
}

/** The leaves from `start` up to, without, `end`. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** A perfect subtree: the leaves from `index * 2^height`, 2^height of them. */
export interface Subtree {
  readonly height: number;
  readonly index: number;
}

/** The perfect subtrees that a range of leaves consists of, the first leaves first. */
export function subtreesOf({ start, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  let at = start;
  while (at < end) {
    let height = 0;
    while (at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= end) height++;
    subtrees.push({ height, index: at / 2 ** height });
    at += 2 ** height;
  }
  return subtrees;
}

/** The ranges whose roots are the inclusion proof of a leaf, in the proof's order. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (index < 0 || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose roots are the consistency proof of two sizes, in the proof's order. */
export function consistencyRanges(oldSize: number, newSize: number): LeafRange[] {
  if (oldSize < 0 || oldSize > newSize) {
    throw new RangeError(`a tree of ${newSize} does not contain one of ${oldSize}`);
  }
  if (oldSize === 0 || oldSize === newSize) return [];
  const ranges: LeafRange[] = [];
  let [start, end] = [0, newSize];
  while (oldSize !== end) {
    const middle = start + largestPowerBelow(end - start);
    if (oldSize <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The old root itself is known to who checks, unless it is only a part of the way there.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** The root that an inclusion proof leads to; null when the proof has the wrong length. */
export function rootOfInclusion(
  hasher: TreeHasher,
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return null;
  let [node, last] = [index, size - 1];
  let root = leafHash;
  for (const hash of proof) {
    if (last === 0) return null;
    if (isOdd(node) || node === last) {
      root = hasher.node(hash, root);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      root = hasher.node(root, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : null;
}

export function verifyInclusion(
  hasher: TreeHasher,
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const found = rootOfInclusion(hasher, leafHash, index, size, proof);
  return found !== null && areEqual(found, root);
}

/** Whether the proof shows that the new tree begins with all leaves of the old one. */
export function verifyConsistency(
  hasher: TreeHasher,
  older: { readonly size: number; readonly root: Uint8Array },
  newer: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (older.size > newer.size || older.size < 0) return false;
  if (older.size === newer.size) return proof.length === 0 && areEqual(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && areEqual(older.root, hasher.emptyRoot);
  let [node, last] = [older.size - 1, newer.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // A perfect old tree is itself the first node of the way; the proof leaves it out.
  const [first, ...rest] = node === 0 ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let [oldRoot, newRoot] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldRoot = hasher.node(hash, oldRoot);
      newRoot = hasher.node(hash, newRoot);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newRoot = hasher.node(newRoot, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && areEqual(oldRoot, older.root) && areEqual(newRoot, newer.root);
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

// Bit operators cut numbers to 32 bits.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
