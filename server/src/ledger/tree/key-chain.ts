import { NoteError, openNote, type NoteSigner, parseVerifierKey, signNote } from './note.js';
import type { NoteVerifier } from './note.js';

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
  let verifiers: NoteVerifier[] = [];
  for (const [i, { generation, vkeys, signature }] of generations.entries()) {
    if (generation !== i + 1) return `generation ${i + 1} of the keys is missing`;
    try {
      if (i > 0) {
        const { text } = openNote(signature ?? '', verifiers);
        if (text !== statementOf(origin, generation, vkeys)) {
          return `generation ${generation} has other keys than the ones before it named`;
        }
      }
      verifiers = verifiersOf(vkeys);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      return `generation ${generation} of the keys is not signed by the one before: ${error.message}`;
    }
    const other = vkeys.find((vkey) => parseVerifierKey(vkey).name !== origin);
    if (other !== undefined) return `generation ${generation} has a key of another log`;
  }
  return null;
}
