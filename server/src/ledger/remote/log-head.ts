import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import {
  generationsOf,
  keysToTrust,
  type PublishedKey,
  type VerifiersOf,
} from '../tree/key-chain.js';
import type { Sha256 } from '../tree/merkle.js';
import { NoteError, type NoteVerifier, parseVerifierKey, SIGNATURE_TYPES } from '../tree/note.js';
import { type CheckEd25519, checkSignatures } from './checked-signatures.js';

export interface LogHeadInput {
  /** The newest checkpoint of the log, as it serves it. */
  readonly note: string;
  readonly keys: readonly PublishedKey[];
  /** Verifier keys of the log that are known from elsewhere; null or none: nothing is known. */
  readonly pin: string | readonly string[] | null;
  /** A checkpoint that was kept from an earlier run; null: none was. */
  readonly kept: string | null;
  /** Other notes whose signatures are to be checked with the same keys. */
  readonly also?: readonly string[];
}

/** What is signed, once its signatures are checked. */
export interface LogHead {
  /** Null: no key that may have signed it did. */
  readonly checkpoint: Checkpoint | null;
  readonly kept: Checkpoint | null;
  readonly problems: readonly string[];
  /** For the notes of `also`: the keys that may have signed the checkpoint. */
  readonly verifiers: readonly NoteVerifier[];
}

/** Opens the checkpoint of a log with its keys, or with the pinned one and those that follow from it. */
export async function readLogHead(
  { note, keys, pin, kept, also = [] }: LogHeadInput,
  sha256: Sha256,
  check: CheckEd25519,
): Promise<LogHead> {
  const problems: string[] = [];
  try {
    const all = keys.map(({ vkey }) => vkey);
    const known = knownAmong(typeof pin === 'string' ? [pin] : (pin ?? []), all);
    const origin = parseVerifierKey(all[0] ?? '').name;
    const generations = generationsOf(keys);
    const notes = [note, kept, ...also, ...generations.map(({ signature }) => signature)];
    const verifiersOf = await checkSignatures(
      notes.filter((one) => one !== null),
      all,
      sha256,
      check,
    );
    const trusted = keysToTrust(origin, generations, known, verifiersOf);
    const verifiers = verifiersOf(trusted);
    const checkpoint = openCheckpoint(note, origin, verifiers);
    const before = openKept(kept, origin, verifiersOf(all), problems);
    return { checkpoint, kept: before, problems, verifiers };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return {
      checkpoint: null,
      kept: null,
      problems: [...problems, error.message],
      verifiers: [],
    };
  }
}

/** Those of the given keys that are the log's; null: none was given. */
function knownAmong(given: readonly string[], vkeys: readonly string[]): string[] | null {
  if (given.length === 0) return null;
  const isEd25519 = (vkey: string): boolean =>
    parseVerifierKey(vkey).type === SIGNATURE_TYPES.ed25519;
  if (!given.some(isEd25519)) {
    throw new NoteError('give an Ed25519 key of the log: no other is checked here');
  }
  const own = given.filter((vkey) => vkeys.includes(vkey));
  if (own.some(isEd25519)) return own;
  throw new NoteError('the log has other keys than the one that you gave');
}

/** By any key that the log names: this browser checked it when it kept it. */
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
