import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import {
  generationsOf,
  keyChainProblem,
  type PublishedKey,
  type VerifiersOf,
} from '../tree/key-chain.js';
import type { Sha256 } from '../tree/merkle.js';
import { NoteError, parseVerifierKey, SIGNATURE_TYPES } from '../tree/note.js';
import { type CheckEd25519, checkSignatures } from './checked-signatures.js';

export interface LogHeadInput {
  /** The newest checkpoint of the log, as it serves it. */
  readonly note: string;
  readonly keys: readonly PublishedKey[];
  /** A verifier key of the log that is known from elsewhere; null: none is. */
  readonly pin: string | null;
  /** A checkpoint that was kept from an earlier run; null: none was. */
  readonly kept: string | null;
}

/** What is signed, once its signatures are checked. */
export interface LogHead {
  /** Null: no key that may have signed it did. */
  readonly checkpoint: Checkpoint | null;
  readonly kept: Checkpoint | null;
  readonly problems: readonly string[];
}

/** Opens the checkpoint of a log with its keys, or with those that follow from the pinned one. */
export async function readLogHead(
  { note, keys, pin, kept }: LogHeadInput,
  sha256: Sha256,
  check: CheckEd25519,
): Promise<LogHead> {
  const problems: string[] = [];
  try {
    const all = keys.map(({ vkey }) => vkey);
    const origin = parseVerifierKey(all[0] ?? '').name;
    const generations = generationsOf(keys);
    const notes = [note, kept, ...generations.map(({ signature }) => signature)];
    const verifiersOf = await checkSignatures(
      notes.filter((one) => one !== null),
      all,
      sha256,
      check,
    );
    const chain = keyChainProblem(origin, generations, verifiersOf);
    if (chain !== null) throw new NoteError(chain);
    const first = pin === null ? 1 : generationOf(pin, keys);
    const trusted = keys.filter(({ generation }) => generation >= first).map(({ vkey }) => vkey);
    const checkpoint = openCheckpoint(note, origin, verifiersOf(trusted));
    return { checkpoint, kept: openKept(kept, origin, verifiersOf(all), problems), problems };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return { checkpoint: null, kept: null, problems: [...problems, error.message] };
  }
}

/** The generation of the pinned key; those after it are signed by it, one after the other. */
function generationOf(pin: string, keys: readonly PublishedKey[]): number {
  if (parseVerifierKey(pin).type !== SIGNATURE_TYPES.ed25519) {
    throw new NoteError('give an Ed25519 key of the log: browsers check no other');
  }
  const known = keys.find(({ vkey }) => vkey === pin);
  if (known) return known.generation;
  throw new NoteError('the log has other keys than the one that you gave');
}

function openKept(
  kept: string | null,
  origin: string,
  verifiers: ReturnType<VerifiersOf>,
  problems: string[],
): Checkpoint | null {
  if (kept === null) return null;
  try {
    return openCheckpoint(kept, origin, verifiers);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    problems.push(`the checkpoint of the last run here is not of this log: ${error.message}`);
    return null;
  }
}
