import { hash, randomBytes } from 'node:crypto';

/** 256 random bits: session cookies and API keys. Only their hash is stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** A fast hash is right here: the input has 256 random bits, nothing to guess. */
export function secretHash(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** For a query by hash: callers that share a batch may have sent the same secret. */
export function withoutRepeats(hashes: Buffer[]): Buffer[] {
  return hashes.length < 2 ? hashes : [...new Map(hashes.map((h) => [hex(h), h])).values()];
}

/** For each hash its row, or null, in the order of the hashes. */
export function rowPerHash<R>(
  hashes: readonly Buffer[],
  rows: readonly R[],
  hashOf: (row: R) => Buffer,
): (R | null)[] {
  const byHash = new Map(rows.map((row) => [hex(hashOf(row)), row]));
  return hashes.map((hash) => byHash.get(hex(hash)) ?? null);
}

function hex(buffer: Buffer): string {
  return buffer.toString('hex');
}
