import { sha256 } from '@noble/hashes/sha2.js';
import {
  areEqual,
  bundlePath,
  decodeBundle,
  fromHex,
  type PublishedKey,
  readLogHead,
  rootOfInclusion,
  toText,
  TreeHasher,
} from '@rolecall/server/ledger-remote';
import type { LedgerProof } from '@rolecall/server/api';
import { getJson, path, ProblemError } from '../api/httpClient';
import type { LedgerEntry } from '../api/records';
import { checkEd25519 } from './verifyLog';

export type EntryProof =
  | {
      isProved: true;
      index: number;
      treeSize: number;
      /** Whether the text of the entry was compared too; who is limited to rooms sees only hashes. */
      isTextChecked: boolean;
    }
  | { isProved: false; problem: 'not_sealed' | 'no_signature' | 'not_in_tree' | 'other_text' };

const BUNDLE = 256;

/** Proves with hashes and signatures made in this browser that the log holds the entry as it is shown. */
export async function verifyEntry(shown: LedgerEntry): Promise<EntryProof> {
  const proof = await getJson<LedgerProof>(`/ledger${path(shown.id)}/proof`).catch(whenUnsealed);
  if (!proof) return { isProved: false, problem: 'not_sealed' };
  const { keys } = await getJson<{ keys: PublishedKey[] }>('/ledger/keys');
  const { index, treeSize, checkpoint: note } = proof;
  const head = await readLogHead({ note, keys, pin: null, kept: null }, sha256, checkEd25519);
  const { checkpoint } = head;
  if (checkpoint?.size !== treeSize) return { isProved: false, problem: 'no_signature' };
  const hasher = new TreeHasher(sha256);
  const [leaf, ...way] = [proof.leafHash, ...proof.inclusion].map(fromHex);
  const hashes = way.filter((hash) => hash !== null);
  const root =
    leaf && hashes.length === way.length
      ? rootOfInclusion(hasher, leaf, index, treeSize, hashes)
      : null;
  if (!leaf || !root || !areEqual(root, checkpoint.root)) {
    return { isProved: false, problem: 'not_in_tree' };
  }
  const text = await leafTextAt(index, treeSize);
  if (text && !(areEqual(hasher.leaf(text), leaf) && isOf(shown, text))) {
    return { isProved: false, problem: 'other_text' };
  }
  return { isProved: true, index, treeSize, isTextChecked: text !== null };
}

function whenUnsealed(error: unknown): null {
  if (error instanceof ProblemError && error.status === 409) return null;
  throw error;
}

/** Null for who may not read the entries of all rooms. */
async function leafTextAt(index: number, size: number): Promise<Uint8Array | null> {
  const bundle = Math.floor(index / BUNDLE);
  const width = Math.min(BUNDLE, size - bundle * BUNDLE);
  const response = await fetch(`/ledger/${bundlePath({ index: bundle, width })}`, {
    cache: 'no-store',
    credentials: 'same-origin',
  });
  if (!response.ok) return null;
  return decodeBundle(new Uint8Array(await response.arrayBuffer()))?.[index % BUNDLE] ?? null;
}

/** Whether what is shown says the same as the text in the tree. */
function isOf(shown: LedgerEntry, bytes: Uint8Array): boolean {
  const leaf = JSON.parse(toText(bytes) ?? 'null') as Partial<LedgerEntry> | null;
  const isSamePayload = Object.entries(leaf?.payload ?? {}).every(
    ([name, value]) =>
      JSON.stringify(sorted(shown.payload[name])) === JSON.stringify(sorted(value)),
  );
  return (
    isSamePayload &&
    leaf?.kind === shown.kind &&
    leaf.outcome === shown.outcome &&
    leaf.room === shown.room &&
    leaf.seq === shown.seq &&
    leaf.shard === shown.shard &&
    Date.parse(leaf.at ?? '') === Date.parse(shown.at)
  );
}

/** With the members of objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
