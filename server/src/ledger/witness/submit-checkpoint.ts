import type { NoteSignature, NoteVerifier } from '../tree/note.js';
import { formatSignature, NoteError, parseSignature } from '../tree/note.js';
import { timeOf } from '../tree/note-keys.js';
import { formatAddCheckpoint, parseSize } from './add-checkpoint.js';
import { originHash } from './witness-state.js';

/** A checkpoint that the log has signed. */
export interface SignedCheckpoint {
  readonly size: number;
  /** The text of the note, which is what witnesses sign. */
  readonly text: string;
  readonly note: string;
}

export interface Cosignature {
  /** The line of the note. */
  readonly line: string;
  readonly signature: NoteSignature;
  /** When the witness signed, by its own clock. */
  readonly at: Date;
}

export type WitnessReply =
  | { readonly kind: 'cosigned'; readonly cosignature: Cosignature }
  /** The witness cosigned another size last. */
  | { readonly kind: 'other_size'; readonly size: number }
  /** The checkpoint does not continue what the witness cosigned last. */
  | { readonly kind: 'inconsistent'; readonly detail: string };

export class WitnessUnusable extends Error {}

const MAX_ANSWER = 64 * 1024;

/** Sends a checkpoint to a witness, once. Throws when there is no usable answer. */
export async function submitCheckpoint(
  url: string,
  verifier: NoteVerifier,
  checkpoint: SignedCheckpoint,
  oldSize: number,
  proof: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<WitnessReply> {
  const response = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    body: formatAddCheckpoint({ oldSize, proof, note: checkpoint.note }),
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    redirect: 'error',
    signal,
  });
  const text = await readText(response);
  if (response.ok) {
    return { kind: 'cosigned', cosignature: readCosignature(text, checkpoint.text, verifier) };
  }
  if (response.status === 409) {
    const size = parseSize(/^(\d+)\n?$/.exec(text)?.[1]);
    if (size === null) throw new WitnessUnusable('it answers 409 without a size');
    return { kind: 'other_size', size };
  }
  const detail = `${response.status} ${text.trim().slice(0, 200)}`;
  if (response.status === 422) return { kind: 'inconsistent', detail };
  throw new WitnessUnusable(`it answers ${detail}${HINTS[response.status] ?? ''}`);
}

/** The checkpoint of the log that the witness shows to everybody; null: none. */
export async function readShownCheckpoint(
  url: string,
  origin: string,
  signal: AbortSignal,
): Promise<string | null> {
  const response = await fetch(`${url}/${originHash(origin)}/checkpoint`, {
    redirect: 'error',
    signal,
  });
  const text = await readText(response);
  return response.ok ? text : null;
}

const HINTS: Record<number, string | undefined> = {
  403: ' (give the witness the current key of the log)',
  404: ' (add the key of the log to the list of the witness)',
};

/** The signature of the known key, among those that were answered. */
function readCosignature(answer: string, text: string, verifier: NoteVerifier): Cosignature {
  for (const line of answer.split('\n').filter(Boolean)) {
    const signature = parsed(line);
    if (signature?.name !== verifier.name || signature.keyId !== verifier.keyId) continue;
    if (!verifier.verify(text, signature.bytes)) break;
    const at = new Date(Number(timeOf(signature.bytes)) * 1000);
    return { line: formatSignature(signature), signature, at };
  }
  throw new WitnessUnusable('its answer has no valid signature of the key in the policy');
}

function parsed(line: string): NoteSignature | null {
  try {
    return parseSignature(line);
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

/** No more than an honest witness says: one that lies may never end. */
export async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > MAX_ANSWER) throw new WitnessUnusable('its answer is too long');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}
