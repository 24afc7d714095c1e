import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { LiveKitKeyPair } from './livekit.settings.js';

/** As much as livekit-server bears, on either side. */
const LEEWAY_SECONDS = 60;

export type Claims = Readonly<Record<string, unknown>>;

/** Tells what one key pair signed, as LiveKit does: HS256 only, with an expiry. */
export class SignedTokens {
  private readonly key: KeyObject;
  private readonly apiKey: string;

  constructor({ apiKey, apiSecret }: LiveKitKeyPair) {
    this.apiKey = apiKey;
    this.key = createSecretKey(apiSecret, 'utf8');
  }

  /** The claims, or what is wrong with the token at `now`; the text never quotes it. */
  verify(token: string, now: Date): Claims | string {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || !payload || !signature || rest.length > 0) return 'is no token';
    if (!this.isSigned(`${header}.${payload}`, signature)) return 'is signed with another secret';
    const head = parse(header);
    const claims = parse(payload);
    if (head?.['alg'] !== 'HS256' || 'crit' in head || !claims) return 'is no HS256 token';
    if (claims['iss'] !== this.apiKey) return 'is of another API key';
    return isTimely(claims, now.getTime() / 1_000) ? claims : 'has expired or is not valid yet';
  }

  private isSigned(signed: string, signature: string): boolean {
    const expected = createHmac('sha256', this.key).update(signed).digest();
    const given = Buffer.from(signature, 'base64url');
    return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
  }
}

function parse(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : null;
  } catch {
    return null;
  }
}

function isTimely({ exp, nbf }: Claims, now: number): boolean {
  if (typeof exp !== 'number' || exp + LEEWAY_SECONDS < now) return false;
  return nbf === undefined || (typeof nbf === 'number' && nbf - LEEWAY_SECONDS <= now);
}
