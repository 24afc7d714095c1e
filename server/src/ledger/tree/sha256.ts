import { hash } from 'node:crypto';
import { TreeHasher } from './merkle.js';

/** Node makes a string of a hash in less than half the time that a buffer takes. */
export function sha256(data: Uint8Array): Uint8Array {
  return Buffer.from(hash('sha256', data, 'binary'), 'latin1');
}

/** The tree's hashes on Node. A browser makes its own `TreeHasher` with another SHA-256. */
export const treeHasher = new TreeHasher(sha256);
