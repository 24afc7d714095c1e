import {
  NoteError,
  openNote,
  parseNote,
  type NoteSigner,
  type NoteVerifier,
  parseVerifierKey,
  signNote,
} from './note.js';

/** The keys that sign together for a time, and the note by which the ones before name them. */
export interface KeyGeneration {
  readonly generation: number;
  /** Verifier keys, sorted. */
  readonly vkeys: readonly string[];
  /** Null: the first generation. */
  readonly signature: string | null;
}

/** The first line keeps it apart from checkpoints, which begin with the log's origin. */
const STATEMENT = 'rolecall/ledger-keys/v1';

function statementOf(origin: string, generation: number, vkeys: readonly string[]): string {
  return `${STATEMENT}\n${origin}\n${generation}\n${vkeys.join('\n')}\n`;
}

/** The note that hands over to the keys of the next generation. */
export function signKeys(
  origin: string,
  { generation, vkeys }: Omit<KeyGeneration, 'signature'>,
  signer: NoteSigner,
): string {
  return signNote(statementOf(origin, generation, vkeys), [signer]);
}

/** What checks signatures by keys; keys whose signatures it cannot check are left out. */
export type VerifiersOf = (vkeys: readonly string[]) => NoteVerifier[];

/** A public key of the log, as it is published. */
export interface PublishedKey {
  readonly generation: number;
  readonly vkey: string;
  readonly signature: string | null;
}

export function generationsOf(keys: readonly PublishedKey[]): KeyGeneration[] {
  const generations = new Map<number, KeyGeneration & { vkeys: string[] }>();
  for (const { generation, vkey, signature } of keys) {
    const known = generations.get(generation);
    if (known) known.vkeys.push(vkey);
    else generations.set(generation, { generation, vkeys: [vkey], signature });
  }
  return [...generations.values()].map((one) => ({ ...one, vkeys: one.vkeys.sort() }));
}

/** What is wrong with the chain of keys; null: each generation is signed by the one before. */
export function keyChainProblem(
  origin: string,
  generations: readonly KeyGeneration[],
  verifiersOf: VerifiersOf,
): string | null {
  try {
    keysToTrust(origin, generations, null, verifiersOf);
    return null;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return error.message;
  }
}

/**
 * The keys that may sign for the log: those that are `known` from elsewhere, and each generation that
 * one of these signed, or one that follows from them. Keys beside or before a known one are not among
 * them: nobody who is trusted signed those. Null: nothing is known, so that the first generation is
 * taken as it is. Throws `NoteError` when the chain itself is broken.
 */
export function keysToTrust(
  origin: string,
  generations: readonly KeyGeneration[],
  known: readonly string[] | null,
  verifiersOf: VerifiersOf,
): string[] {
  const trusted = new Set(known ?? generations[0]?.vkeys);
  let before: readonly string[] = [];
  for (const [i, { generation, vkeys, signature }] of generations.entries()) {
    if (generation !== i + 1) throw new NoteError(`generation ${i + 1} of the keys is missing`);
    if (vkeys.some((vkey) => parseVerifierKey(vkey).name !== origin)) {
      throw new NoteError(`generation ${generation} has a key of another log`);
    }
    if (i > 0) {
      const note = signature ?? '';
      const why = notSignedBecause(note, verifiersOf(before));
      if (why !== null) {
        throw new NoteError(
          `generation ${generation} of the keys is not signed by the one before: ${why}`,
        );
      }
      if (parseNote(note).text !== statementOf(origin, generation, vkeys)) {
        throw new NoteError(
          `generation ${generation} has other keys than the ones before it named`,
        );
      }
      const signers = verifiersOf(before.filter((vkey) => trusted.has(vkey)));
      if (notSignedBecause(note, signers) === null) for (const vkey of vkeys) trusted.add(vkey);
    }
    before = vkeys;
  }
  return [...trusted];
}

/** Null: one of these keys has signed the note. */
function notSignedBecause(note: string, verifiers: readonly NoteVerifier[]): string | null {
  try {
    openNote(note, verifiers);
    return null;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return error.message;
  }
}
