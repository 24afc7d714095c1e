import { randomUUID } from 'node:crypto';

const PREFIX = 'gate:';

/**
 * The `jti` of a token that the gate makes for LiveKit. It marks the token as no proof of identity:
 * else one of them would get the next. LiveKit's refreshed tokens carry no `jti`, so they stay one.
 */
export function newGateTokenId(): string {
  return PREFIX + randomUUID();
}

export function isGateTokenId(jti: string | null): boolean {
  return jti?.startsWith(PREFIX) ?? false;
}
