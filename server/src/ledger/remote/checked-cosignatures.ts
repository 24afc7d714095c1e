import { concat, fromText } from '../tree/bytes.js';
import type { Sha256 } from '../tree/merkle.js';
import {
  keyIdInput,
  type NoteSignature,
  parseNote,
  readUint32,
  SIGNATURE_TYPES,
  type VerifierKey,
} from '../tree/note.js';
import type { CheckEd25519 } from './checked-signatures.js';

/** A witness by its name in a policy, with its key. */
export interface KnownWitness {
  readonly name: string;
  readonly key: VerifierKey;
}

/** What a witness that is known has signed under a checkpoint. */
export interface Cosignature {
  readonly witness: string;
  /** When, by the clock of the witness; null: the signature does not say. */
  readonly at: Date | null;
  /** Null: this program cannot check that kind of key. */
  readonly isRight: boolean | null;
}

const PUBLIC_KEY_LENGTH = 32;
const TIME_LENGTH = 8;

/** The cosignatures by these witnesses under a checkpoint; those of others are left out. */
export async function checkCosignatures(
  note: string,
  witnesses: readonly KnownWitness[],
  sha256: Sha256,
  check: CheckEd25519,
): Promise<Cosignature[]> {
  const { text, signatures } = parseNote(note);
  const found: Cosignature[] = [];
  for (const { name, key } of witnesses) {
    if (readUint32(sha256(keyIdInput(key.name, key.type, key.publicKey))) !== key.keyId) continue;
    const own = signatures.find((one) => one.name === key.name && one.keyId === key.keyId);
    if (!own) continue;
    const isRight = await isRightBy(key, text, own, check);
    found.push({ witness: name, at: timeOf(own), isRight });
  }
  return found;
}

/** Ed25519 alone: browsers check no ML-DSA. */
async function isRightBy(
  key: VerifierKey,
  text: string,
  { bytes }: NoteSignature,
  check: CheckEd25519,
): Promise<boolean | null> {
  const { type, publicKey } = key;
  if (type !== SIGNATURE_TYPES.ed25519Cosignature) return null;
  if (publicKey.length !== PUBLIC_KEY_LENGTH) return false;
  if (bytes.length <= TIME_LENGTH) return false;
  const message = concat(fromText(`cosignature/v1\ntime ${secondsIn(bytes)}\n`), fromText(text));
  return check(publicKey, message, bytes.subarray(TIME_LENGTH));
}

function timeOf({ bytes }: NoteSignature): Date | null {
  if (bytes.length <= TIME_LENGTH) return null;
  const at = new Date(Number(secondsIn(bytes)) * 1_000);
  return Number.isNaN(at.getTime()) ? null : at;
}

function secondsIn(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}
