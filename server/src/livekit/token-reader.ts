import {
  type AgentDispatch,
  readAgents,
  readBound,
  readIssuedJti,
  type TokenBound,
} from '../grants/issuer-ceiling.js';
import type { LiveKitKeyPair } from './livekit.settings.js';
import { SignedTokens } from './signed-token.js';
import { timeOfTokenId } from '../common/token-id.js';

/** What a verified token says of who holds it. It proves an identity; it gives no rights here. */
export interface TokenFacts {
  readonly identity: string;
  readonly room: string;
  readonly issuedAt: Date | null;
  /** To the millisecond for one of ours; null when the token has no time. */
  readonly madeAt: Date | null;
  /**
   * LiveKit refreshed it from an older one: it has a time, and not the id that we give. So has a
   * token of a backend that uses LiveKit's Go code, which cannot be distinguished from a refreshed one.
   */
  readonly isRefreshed: boolean;
  readonly jti: string | null;
  readonly name: string | null;
  readonly metadata: string | null;
  readonly attributes: Readonly<Record<string, string>> | null;
  /** The ceiling of its issuer; null: the issuer has none. */
  readonly bound: TokenBound | null;
  /** The `jti` of the issued token that it is, or that the gate's token for the connection came from. */
  readonly issuedJti: string | null;
  /** Agents that come with the room, when this connection creates it. */
  readonly agents: readonly AgentDispatch[];
  /** All that it says, as it says it. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** LiveKit refuses longer ones with 431. */
const MAX_TOKEN_BYTES = 256 * 1024;
const MAX_NAME_BYTES = 256;

/**
 * Reads tokens that we or LiveKit (in its refreshes) signed with our key. Null for anything else:
 * another algorithm, key or signature, no expiry, expired, not valid yet, not for joining a room.
 */
export class TokenReader {
  private readonly tokens: SignedTokens;

  constructor(pair: LiveKitKeyPair) {
    this.tokens = new SignedTokens(pair);
  }

  read(token: string, now: Date): TokenFacts | null {
    if (token.length > MAX_TOKEN_BYTES) return null;
    const claims = this.tokens.verify(token, now);
    if (typeof claims === 'string') return null;
    const video = claims['video'] as Record<string, unknown> | undefined;
    const { sub } = claims;
    const room = video?.['room'];
    if (video?.['roomJoin'] !== true || !isName(room) || !isName(sub)) return null;
    const isRefreshed = claims['iat'] !== undefined && !isText(claims['jti']);
    return {
      identity: sub,
      room,
      issuedAt: toTime(claims['iat'] ?? claims['nbf']),
      madeAt: toMadeAt(claims),
      isRefreshed,
      jti: isName(claims['jti']) ? claims['jti'] : null,
      name: isText(claims['name']) ? claims['name'] : null,
      metadata: isText(claims['metadata']) ? claims['metadata'] : null,
      attributes: toAttributes(claims['attributes']),
      bound: readBound(claims),
      issuedJti: isRefreshed ? readIssuedJti(claims) : ownId(claims['jti']),
      agents: readAgents(claims),
      claims,
    };
  }
}

/** One of ours; tokens of other backends have other ids, or none. */
function ownId(jti: unknown): string | null {
  return isText(jti) && timeOfTokenId(jti) !== null ? jti : null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What is longer names nobody, here or at LiveKit; it would be written down whole. */
function isName(value: unknown): value is string {
  return isText(value) && Buffer.byteLength(value) <= MAX_NAME_BYTES;
}

function toTime(value: unknown): Date | null {
  return typeof value === 'number' && value > 0 ? new Date(value * 1000) : null;
}

/** Never later than what the token's own seconds allow, whatever its id says. */
function toMadeAt({ iat, nbf, jti }: Record<string, unknown>): Date | null {
  const second = toTime(iat ?? nbf);
  const exact = isText(jti) ? timeOfTokenId(jti) : null;
  if (!second || exact === null) return second;
  return exact < second.getTime() + 1_000 ? new Date(exact) : second;
}

function toAttributes(value: unknown): Record<string, string> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
