import { randomBytes } from 'node:crypto';

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The `jti` of a token made at `at`: a UUIDv7, because a token's own times tell whole seconds only. */
export function newTokenId(at: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at.getTime(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20, 32]
    .map((end, i, ends) => hex.slice(i === 0 ? 0 : ends[i - 1], end))
    .join('-');
}

/** The millisecond that a `jti` of ours carries; null for any other. */
export function timeOfTokenId(id: string): number | null {
  const found = UUID_V7.exec(id);
  return found ? parseInt(`${found[1]}${found[2]}`, 16) : null;
}
