import { randomBytes } from 'node:crypto';
import { signCheckpoint } from '../../src/ledger/tree/checkpoint.js';
import { consistencyRanges } from '../../src/ledger/tree/merkle.js';
import { SIGNATURE_TYPES } from '../../src/ledger/tree/note.js';
import { generateSigningKey } from '../../src/ledger/tree/note-keys.js';
import { treeHasher } from '../../src/ledger/tree/sha256.js';
import { formatAddCheckpoint } from '../../src/ledger/witness/add-checkpoint.js';
import type { SignedCheckpoint } from '../../src/ledger/witness/submit-checkpoint.js';

/** A log in memory, with its own key, that can also rewrite its past. */
export class TestLog {
  readonly origin = `${randomBytes(4).toString('hex')}.example/log`;
  readonly key = generateSigningKey(this.origin, SIGNATURE_TYPES.ed25519);
  private leaves: Uint8Array[] = [];

  get size(): number {
    return this.leaves.length;
  }

  grow(count: number): this {
    for (let i = 0; i < count; i++) this.leaves.push(randomBytes(32));
    return this;
  }

  rewrite(from: number): this {
    this.leaves = this.leaves.slice(0, from);
    return this;
  }

  root(size = this.size): Uint8Array {
    return this.rootOf(0, size);
  }

  checkpoint(size = this.size, origin = this.origin): SignedCheckpoint {
    const note = signCheckpoint({ origin, size, root: this.root(size) }, [this.key]);
    return { size, note, text: note.slice(0, note.lastIndexOf('\n\n') + 1) };
  }

  proof(oldSize: number, newSize = this.size): Uint8Array[] {
    return consistencyRanges(oldSize, newSize).map(({ start, end }) => this.rootOf(start, end));
  }

  /** The body of a request to a witness. */
  request(oldSize: number, size = this.size): string {
    const { note } = this.checkpoint(size);
    return formatAddCheckpoint({ oldSize, proof: this.proof(oldSize, size), note });
  }

  private rootOf(start: number, end: number): Uint8Array {
    if (end === start) return treeHasher.emptyRoot;
    if (end - start === 1) return this.leaves[start] as Uint8Array;
    let half = 1;
    while (half * 2 < end - start) half *= 2;
    return treeHasher.node(this.rootOf(start, start + half), this.rootOf(start + half, end));
  }
}
