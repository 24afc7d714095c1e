import { createPublicKey, type KeyObject } from 'node:crypto';

/** How the application's own user JWTs are checked. */
export interface UserJwtConfig {
  readonly issuer: string;
  /** Null: tokens that name no audience, and no others. */
  readonly audience: string | null;
  /** Where the issuer publishes its keys, or its one key. */
  readonly keys: { readonly jwksUrl: URL } | { readonly publicKey: KeyObject };
  /** The claim with the LiveKit identity. */
  readonly identityClaim: string;
}

/** RSA, EC or Ed25519 in PEM. Throws, in words for the operator, for anything else. */
export function parsePublicKey(text: string): KeyObject {
  // One line is all that many environment files can hold.
  const pem = text.replaceAll('\\n', '\n');
  if (pem.includes('PRIVATE KEY')) throw new Error('is a private key; give only the public one');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new Error('must be a public key or a certificate in PEM');
  }
  const type = key.asymmetricKeyType ?? '';
  if (!['rsa', 'rsa-pss', 'ec', 'ed25519'].includes(type)) {
    throw new Error('must be an RSA, EC or Ed25519 key');
  }
  if (type.startsWith('rsa') && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2_048) {
    throw new Error('must have at least 2048 bits');
  }
  return key;
}

/** An origin as browsers send it, or null for text that is none. Schemes of app shells count too. */
export function parseOrigin(text: string): string | null {
  const plain = text.trim();
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*,]+$/i.test(plain) || !URL.canParse(plain)) return null;
  const { origin } = new URL(plain);
  return origin === 'null' ? plain.toLowerCase() : origin;
}
