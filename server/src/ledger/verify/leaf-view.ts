import { areEqual, toText } from '../tree/bytes.js';
import { treeHasher } from '../tree/sha256.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import type { EntryReader } from './entry-reader.js';
import { type Finding, hashText, leafDifference, leafId } from './finding.js';
import { idOf } from './stored-entries.js';
import type { TreeCopy } from './tree-verifier.js';

/** From where a leaf can be described. */
export interface LeafView {
  readonly entries: EntryReader;
  readonly mirror: TreeCopy | null;
}

/**
 * What is wrong with a leaf whose hash is known, or that is missing. A copy in the mirror that has
 * this hash says what the entry was.
 */
export async function describeLeaf(
  view: LeafView,
  leaf: number,
  expected: Uint8Array | null,
): Promise<Finding> {
  const [found, ...more] = await view.entries.entriesAt(leaf);
  const original = await readOriginal(view.mirror, leaf, expected);
  const wanted = original === null ? hashText(expected) : `the entry ${original}`;
  const entry = (original === null ? null : leafId(original)) ?? (found ? idOf(found) : null);
  if (!found) {
    const place = (await view.entries.placeOf(leaf)) ?? `leaf ${leaf}`;
    const problem = `the entry is missing (${place})`;
    return { leaf, entry, problem, expected: expected || original ? wanted : place, found: 'none' };
  }
  if (more.length > 0) {
    const found = `${more.length + 1} of them`;
    return { leaf, entry, problem: 'the number is there twice', expected: 'one entry', found };
  }
  const difference = original === null ? null : leafDifference(original, found.text);
  return {
    leaf,
    entry,
    problem: 'the entry was changed',
    expected: difference?.expected ?? wanted,
    found: difference?.found ?? hashText(found.hash),
  };
}

/** The data of the leaf in the mirror, when it has the hash that is proved. */
async function readOriginal(
  mirror: TreeCopy | null,
  leaf: number,
  expected: Uint8Array | null,
): Promise<string | null> {
  if (!mirror) return null;
  const index = Math.floor(leaf / TILE_WIDTH);
  const bundle = await mirror.bundle(index, (leaf % TILE_WIDTH) + 1);
  const data = bundle?.[leaf % TILE_WIDTH];
  if (!data || (expected && !areEqual(treeHasher.leaf(data), expected))) return null;
  return toText(data);
}
