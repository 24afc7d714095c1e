import { randomUUID } from 'node:crypto';

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The `jti` of a token made at `at`: a UUIDv7, because a token's own times tell whole seconds only. */
export function newTokenId(at: Date): string {
  const ms = at.getTime().toString(16).padStart(12, '0');
  // Node keeps random bytes for these, so that one costs a tenth of asking for them.
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The millisecond that a `jti` of ours carries; null for any other. */
export function timeOfTokenId(id: string): number | null {
  const found = UUID_V7.exec(id);
  return found ? parseInt(`${found[1]}${found[2]}`, 16) : null;
}
