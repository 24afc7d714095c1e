import {
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { concat, fromBase64, fromText, toBase64 } from './bytes.js';
import { parseCheckpoint } from './checkpoint.js';
import {
  formatVerifierKey,
  isKeyName,
  keyIdInput,
  NoteError,
  parseVerifierKey,
  readUint32,
  SIGNATURE_TYPES,
  type NoteSigner,
  type NoteVerifier,
  type VerifierKey,
} from './note.js';
import { sha256 } from './sha256.js';

// Keys of notes on Node: Ed25519 (0x01), and the cosignatures of https://c2sp.org/tlog-cosignature.

/** A private key as one line, and what it signs with. */
export interface SigningKey extends NoteSigner {
  /** `PRIVATE+KEY+<name>+<key id>+<type and seed>`, as Go's note package writes it. */
  readonly secret: string;
  readonly vkey: string;
}

type KeyType = (typeof SIGNATURE_TYPES)[keyof typeof SIGNATURE_TYPES];

interface Algorithm {
  /** The DER before the 32 bytes of a seed, and before a public key. */
  readonly pkcs8: string;
  readonly spki: string;
  readonly publicLength: number;
}

const ED25519: Algorithm = {
  pkcs8: '302e020100300506032b657004220420',
  spki: '302a300506032b6570032100',
  publicLength: 32,
};
const ML_DSA_44: Algorithm = {
  pkcs8: '3034020100300b060960864801650304031104228020',
  spki: '30820532300b06096086480165030403110382052100',
  publicLength: 1312,
};

const ALGORITHMS: Record<KeyType, Algorithm> = {
  [SIGNATURE_TYPES.ed25519]: ED25519,
  [SIGNATURE_TYPES.ed25519Cosignature]: ED25519,
  [SIGNATURE_TYPES.mlDsa44Cosignature]: ML_DSA_44,
};

const SEED_LENGTH = 32;
const TIME_LENGTH = 8;
const SECRET_PREFIX = 'PRIVATE+KEY+';

/** Whether this Node can make and check signatures of that type. */
export function isSupported(type: number): boolean {
  if (!isKeyType(type)) return false;
  try {
    privateKeyFrom(ALGORITHMS[type], new Uint8Array(SEED_LENGTH));
    return true;
  } catch {
    return false;
  }
}

export function generateSigningKey(name: string, type: KeyType): SigningKey {
  return signingKeyFrom(name, type, randomBytes(SEED_LENGTH));
}

export function parseSigningKey(secret: string): SigningKey {
  const key = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '';
  const [name = '', id = '', ...rest] = key.split('+');
  const material = fromBase64(rest.join('+'));
  const type = material?.[0];
  if (material?.length !== 1 + SEED_LENGTH || !isKeyType(type)) {
    throw new NoteError('this is not a private key of a note');
  }
  const parsed = signingKeyFrom(name, type, material.subarray(1));
  if (parsed.keyId !== parseInt(id, 16)) throw new NoteError('the id is not that of the key');
  return parsed;
}

export function verifierOf(vkey: string | VerifierKey): NoteVerifier {
  const { name, keyId, type, publicKey } = typeof vkey === 'string' ? parseVerifierKey(vkey) : vkey;
  if (!isKeyType(type)) throw new NoteError(`signatures of type ${type} are not known`);
  const algorithm = ALGORITHMS[type];
  if (publicKey.length !== algorithm.publicLength || keyId !== keyIdOf(name, type, publicKey)) {
    throw new NoteError('the id of the verifier key is not that of its key');
  }
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from(algorithm.spki, 'hex'), publicKey]),
    format: 'der',
    type: 'spki',
  });
  return {
    name,
    keyId,
    verify: (text, signature) => {
      if (type === SIGNATURE_TYPES.ed25519) return verify(null, fromText(text), key, signature);
      if (signature.length < TIME_LENGTH) return false;
      const seconds = timeOf(signature);
      const message = cosignedMessage(type, name, text, seconds);
      return verify(null, message, key, signature.subarray(TIME_LENGTH));
    },
  };
}

/** Those whose signatures this Node can check. */
export function verifiersOf(vkeys: readonly string[]): NoteVerifier[] {
  return vkeys.filter((vkey) => isSupported(parseVerifierKey(vkey).type)).map(verifierOf);
}

/** When a cosignature was made, in seconds since the epoch. */
export function timeOf(cosignature: Uint8Array): bigint {
  return new DataView(cosignature.buffer, cosignature.byteOffset).getBigUint64(0);
}

function signingKeyFrom(name: string, type: KeyType, seed: Uint8Array): SigningKey {
  if (!isKeyName(name)) throw new NoteError('the name of a key has no spaces and no plus sign');
  const algorithm = ALGORITHMS[type];
  const key = privateKeyFrom(algorithm, seed);
  const publicKey = publicKeyFrom(algorithm, seed);
  const keyId = keyIdOf(name, type, publicKey);
  const id = keyId.toString(16).padStart(8, '0');
  return {
    name,
    keyId,
    vkey: formatVerifierKey({ name, keyId, type, publicKey }),
    secret: `${SECRET_PREFIX}${name}+${id}+${toBase64(concat(Uint8Array.of(type), seed))}`,
    sign: (text) => {
      if (type === SIGNATURE_TYPES.ed25519) return sign(null, fromText(text), key);
      const seconds = BigInt(Math.floor(Date.now() / 1000));
      const signature = sign(null, cosignedMessage(type, name, text, seconds), key);
      return concat(uint64(seconds), signature);
    },
  };
}

/** What a cosignature signs. ML-DSA-44 signs the parts of the checkpoint, Ed25519 its text. */
function cosignedMessage(type: KeyType, name: string, text: string, seconds: bigint): Uint8Array {
  if (type === SIGNATURE_TYPES.ed25519Cosignature) {
    return fromText(`cosignature/v1\ntime ${seconds}\n${text}`);
  }
  const { origin, size, root } = parseCheckpoint(text);
  return concat(
    fromText('subtree/v1\n\0'),
    withLength(name),
    uint64(seconds),
    withLength(origin),
    uint64(0n),
    uint64(BigInt(size)),
    root,
  );
}

function keyIdOf(name: string, type: KeyType, publicKey: Uint8Array): number {
  return readUint32(sha256(keyIdInput(name, type, publicKey)));
}

function privateKeyFrom({ pkcs8 }: Algorithm, seed: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(pkcs8, 'hex'), seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function publicKeyFrom(algorithm: Algorithm, seed: Uint8Array): Uint8Array {
  const key = createPublicKey(privateKeyFrom(algorithm, seed));
  const der = key.export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(der.length - algorithm.publicLength));
}

function isKeyType(type: number | undefined): type is KeyType {
  return type !== undefined && type in ALGORITHMS;
}

function withLength(text: string): Uint8Array {
  const bytes = fromText(text);
  if (bytes.length === 0 || bytes.length > 255) throw new NoteError('a name is too long to sign');
  return concat(Uint8Array.of(bytes.length), bytes);
}

function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
