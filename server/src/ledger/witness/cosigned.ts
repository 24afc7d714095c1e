import {
  formatNote,
  NoteError,
  type NoteSignature,
  parseNote,
  parseSignature,
} from '../tree/note.js';
import { verifierOf } from '../tree/note-keys.js';
import type { WitnessPolicy } from './policy.js';

/** A checkpoint with the cosignatures that its policy wants. */
export interface CosignedCheckpoint {
  readonly size: number;
  readonly note: string;
  /** When the log signed it. */
  readonly at: Date;
}

interface Candidate {
  readonly size: number;
  readonly note: string;
  readonly at: Date;
  /** Signature lines of witnesses, the newest of each first. */
  readonly lines: readonly string[];
}

/** The note with every valid cosignature of the policy's witnesses; null: they are not enough. */
export function cosignedBy(
  policy: WitnessPolicy,
  { size, note, at, lines }: Candidate,
): CosignedCheckpoint | null {
  const { text, signatures } = parseNote(note);
  const names = new Set<string>();
  const added: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parsed(line);
    const witness = policy.witnesses.find(
      ({ key }) => key.name === signature?.name && key.keyId === signature.keyId,
    );
    if (!signature || !witness || names.has(witness.name)) continue;
    if (!verifierOf(witness.key).verify(text, signature.bytes)) continue;
    names.add(witness.name);
    added.push(signature);
  }
  if (added.length === 0 || !policy.isMet(names)) return null;
  return { size, at, note: formatNote({ text, signatures: [...signatures, ...added] }) };
}

function parsed(line: string): NoteSignature | null {
  try {
    return parseSignature(line.trimEnd());
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}
