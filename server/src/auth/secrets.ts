import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits: session cookies and API keys. Only their hash is stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** A fast hash is right here: the input has 256 random bits, nothing to guess. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
