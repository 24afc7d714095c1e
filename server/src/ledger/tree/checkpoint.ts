import { fromBase64, toBase64 } from './bytes.js';
import { HASH_LENGTH } from './merkle.js';
import { NoteError, openNote, signNote, type NoteSigner, type NoteVerifier } from './note.js';

// Checkpoints: https://c2sp.org/tlog-checkpoint

export interface Checkpoint {
  /** The name of the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text of the note, without signatures. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Extension lines are allowed and ignored, as the specification has it. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  const [origin = '', digits = '', base64 = ''] = lines;
  const root = fromBase64(base64);
  const size = Number(digits);
  if (lines.pop() !== '' || lines.length < 3 || lines.includes('')) {
    throw new NoteError('the checkpoint has too few lines');
  }
  if (!/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(size)) {
    throw new NoteError('the size of the checkpoint is no whole number');
  }
  if (root?.length !== HASH_LENGTH) throw new NoteError('the root of the checkpoint is no hash');
  return { origin, size, root };
}

export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), signers);
}

/** The checkpoint of that origin, when a known key has signed it; throws `NoteError` otherwise. */
export function openCheckpoint(
  note: string,
  origin: string,
  verifiers: readonly NoteVerifier[],
): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, verifiers).text);
  if (checkpoint.origin !== origin) {
    throw new NoteError(`the checkpoint is of ${checkpoint.origin}, not of ${origin}`);
  }
  return checkpoint;
}
