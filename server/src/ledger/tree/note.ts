import { concat, fromBase64, fromText, toBase64 } from './bytes.js';

// Signed notes: https://c2sp.org/signed-note

/** Kinds of signatures, as the specification numbers them. */
export const SIGNATURE_TYPES = {
  ed25519: 0x01,
  /** A witness's Ed25519 signature with its time. */
  ed25519Cosignature: 0x04,
  mlDsa44Cosignature: 0x06,
} as const;

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly bytes: Uint8Array;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A verifier key, taken apart: `<name>+<key id>+<type and public key>`. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: number;
  readonly type: number;
  readonly publicKey: Uint8Array;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyId: number;
  verify(text: string, signature: Uint8Array): boolean;
}

export interface NoteSigner {
  readonly name: string;
  readonly keyId: number;
  sign(text: string): Uint8Array;
}

export class NoteError extends Error {}

const MAX_SIGNATURES = 100;
// Unicode's White_Space, without the control characters that no note may hold.
const NAME = /^[^\s\u0085+]+$/u;

/** A name that may stand in a signature line. */
export function isKeyName(name: string): boolean {
  return NAME.test(name);
}

export function parseNote(note: string): Note {
  if (/[\u0000-\u0009\u000b-\u001f]|\p{Cs}/u.test(note)) {
    throw new NoteError('the note holds control characters');
  }
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw new NoteError('the note has no signatures');
  const text = note.slice(0, split + 1);
  const lines = note
    .slice(split + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0) throw new NoteError('the note has no signatures');
  if (lines.length > MAX_SIGNATURES) throw new NoteError('the note has too many signatures');
  return { text, signatures: lines.map(parseSignature) };
}

/** Parses one line, without its newline. */
export function parseSignature(line: string): NoteSignature {
  const [dash, name = '', base64 = '', ...rest] = line.split(' ');
  const bytes = fromBase64(base64);
  if (dash !== '—' || !isKeyName(name) || !bytes || bytes.length < 5 || rest.length > 0) {
    throw new NoteError('a signature line of the note is malformed');
  }
  return { name, keyId: readUint32(bytes), bytes: bytes.subarray(4) };
}

/** The line of a signature, with its newline. */
export function formatSignature({ name, keyId, bytes }: NoteSignature): string {
  return `— ${name} ${toBase64(concat(uint32(keyId), bytes))}\n`;
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!text.endsWith('\n')) throw new NoteError('the text of a note ends with a newline');
  return formatNote({
    text,
    signatures: signers.map((signer) => ({
      name: signer.name,
      keyId: signer.keyId,
      bytes: signer.sign(text),
    })),
  });
}

/**
 * The note with the signatures that were verified. Throws when none is by a known key, or when a
 * known key's signature is wrong. Signatures of unknown keys are ignored.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): Note {
  const { text, signatures } = parseNote(note);
  const verified: NoteSignature[] = [];
  for (const signature of signatures) {
    const known = verifiers.find(
      ({ name, keyId }) => name === signature.name && keyId === signature.keyId,
    );
    if (!known) continue;
    if (!known.verify(text, signature.bytes)) {
      throw new NoteError(`the signature of ${signature.name} is wrong`);
    }
    verified.push(signature);
  }
  if (verified.length === 0) throw new NoteError('no known key has signed the note');
  return { text, signatures: verified };
}

export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  const id = keyId.toString(16).padStart(8, '0');
  return `${name}+${id}+${toBase64(concat(Uint8Array.of(type), publicKey))}`;
}

/** The parts as they are written; whether the key id belongs to the key is for its user to check. */
export function parseVerifierKey(vkey: string): VerifierKey {
  const [name = '', id = '', ...rest] = vkey.split('+');
  const key = fromBase64(rest.join('+')); // base64 has plus signs of its own
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(id) || !key || key.length < 2) {
    throw new NoteError('this is not a verifier key');
  }
  return { name, keyId: parseInt(id, 16), type: key[0] as number, publicKey: key.subarray(1) };
}

/** What the key id is the beginning of the SHA-256 of. */
export function keyIdInput(name: string, type: number, publicKey: Uint8Array): Uint8Array {
  return concat(fromText(`${name}\n`), Uint8Array.of(type), publicKey);
}

export function readUint32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
