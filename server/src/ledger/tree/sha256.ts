import { hash } from 'node:crypto';
import { TreeHasher } from './merkle.js';

export function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}

/** The tree's hashes on Node. A browser makes its own `TreeHasher` with another SHA-256. */
export const treeHasher = new TreeHasher(sha256);
