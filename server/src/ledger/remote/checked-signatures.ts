import { fromText, toBase64 } from '../tree/bytes.js';
import type { VerifiersOf } from '../tree/key-chain.js';
import type { Sha256 } from '../tree/merkle.js';
import {
  keyIdInput,
  NoteError,
  type NoteSignature,
  parseNote,
  parseVerifierKey,
  readUint32,
  SIGNATURE_TYPES,
  type VerifierKey,
} from '../tree/note.js';

/** As WebCrypto does it: the answer comes later. */
export type CheckEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

const PUBLIC_KEY_LENGTH = 32;

/**
 * Checks the Ed25519 signatures of notes ahead, so that what opens notes need not wait. Signatures
 * by other kinds of keys are left out: the log makes one with Ed25519 beside each of them.
 */
export async function checkSignatures(
  notes: readonly string[],
  vkeys: readonly string[],
  sha256: Sha256,
  check: CheckEd25519,
): Promise<VerifiersOf> {
  const keys = vkeys.map((vkey) => parseVerifierKey(vkey)).filter(isEd25519);
  for (const key of keys) requireOwnId(key, sha256);
  const right = new Set<string>();
  for (const note of notes) {
    const parsed = parsedOrNull(note);
    for (const signature of parsed?.signatures ?? []) {
      for (const key of keys.filter((one) => isBy(signature, one))) {
        const text = parsed?.text ?? '';
        const isRight = await check(key.publicKey, fromText(text), signature.bytes);
        if (isRight) right.add(nameOf(key, text, signature.bytes));
      }
    }
  }
  return (some) =>
    some
      .map((vkey) => parseVerifierKey(vkey))
      .filter(isEd25519)
      .map((key) => ({
        name: key.name,
        keyId: key.keyId,
        verify: (text, bytes) => right.has(nameOf(key, text, bytes)),
      }));
}

function isEd25519({ type, publicKey }: VerifierKey): boolean {
  return type === SIGNATURE_TYPES.ed25519 && publicKey.length === PUBLIC_KEY_LENGTH;
}

function requireOwnId({ name, keyId, type, publicKey }: VerifierKey, sha256: Sha256): void {
  if (readUint32(sha256(keyIdInput(name, type, publicKey))) === keyId) return;
  throw new NoteError('the id of the verifier key is not that of its key');
}

function isBy({ name, keyId }: NoteSignature, key: VerifierKey): boolean {
  return name === key.name && keyId === key.keyId;
}

/** What is no note is refused where it is opened. */
function parsedOrNull(note: string) {
  try {
    return parseNote(note);
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

function nameOf({ publicKey }: VerifierKey, text: string, signature: Uint8Array): string {
  return `${toBase64(publicKey)} ${toBase64(signature)} ${text}`;
}
