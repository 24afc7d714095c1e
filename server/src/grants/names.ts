/** LiveKit's own limit for room names and identities, counted in bytes of UTF-8. */
export const MAX_NAME_BYTES = 256;

/** Identities of moderators who look at somebody; Rolecall makes them up, so nobody else has one. */
export const PEEK_PREFIX = 'rolecall-peek:';

/** Whether Rolecall keeps identities of this kind to itself. */
export function isReservedIdentity(identity: string): boolean {
  return identity.startsWith(PEEK_PREFIX);
}

/**
 * Steps of a path: however they are encoded, browsers and most programs take them out of an address.
 * `…/seats/../void-tokens` would be about the whole room.
 */
export function isPathStep(name: string): boolean {
  return name === '.' || name === '..';
}

/** For people, beside `isPathStep`. */
export const PATH_STEP_PROBLEM = 'must not be . or .., which no address can name';

export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00) {
      bytes += 4;
      i += 1;
    } else bytes += 3;
  }
  return bytes;
}

/** Text that Postgres and LiveKit both keep unchanged has no NUL and no half of a surrogate pair. */
export function textProblem(text: string): string | null {
  if (text.includes('\0')) return 'must not contain a NUL character';
  if (/\p{Surrogate}/u.test(text)) return 'must be valid Unicode text';
  return null;
}

/** Why `text` cannot be a room name or an identity, or null when it can. */
export function nameProblem(text: string): string | null {
  if (text === '') return 'must not be empty';
  if (utf8Length(text) > MAX_NAME_BYTES) return `must be at most ${MAX_NAME_BYTES} bytes of UTF-8`;
  return textProblem(text);
}
