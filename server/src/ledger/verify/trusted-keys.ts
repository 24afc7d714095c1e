import { areThoseOf, KeyFile, type SecretKeys } from '../sealing/key-file.js';
import type { StoredKey } from '../sealing/tree-store.js';
import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import {
  generationsOf,
  keyChainProblem,
  type KeyGeneration,
  keysToTrust,
} from '../tree/key-chain.js';
import { verifiersOf } from '../tree/note-keys.js';
import { formatVerifierKey, NoteError, parseVerifierKey } from '../tree/note.js';
import type { WitnessPolicy } from '../witness/policy.js';

/** Which keys may have signed a checkpoint, and what is wrong with those that the database names. */
export interface TrustedKeys {
  readonly origin: string | null;
  readonly problem: string | null;
  /**
   * Verifier keys that may have signed what was written while a generation was the newest one: it and
   * those after it. Nothing outside may vouch for an old one, but where an entry is in the tree says
   * which generation it is of.
   */
  readonly vkeysSince: (generation: number) => string[];
  /** A checkpoint of any generation: to be compared with what the newest one proves. */
  readonly open: (note: string) => Checkpoint;
  /** The newest one, on which all others depend: by a key that is known outside, or follows from it. */
  readonly openNewest: (note: string) => Checkpoint;
}

/**
 * What is known outside of the database decides: the key file of this server, and the logs of the
 * policy. The database adds the generations that these have signed. It also names older ones, which
 * nothing outside vouches for: their checkpoints are compared with the tree, and prove nothing alone.
 */
export async function readTrustedKeys(
  home: string,
  policy: WitnessPolicy | null,
  stored: readonly StoredKey[],
): Promise<TrustedKeys> {
  const file = await new KeyFile(home).read();
  const outside = [
    ...(file?.signers.map(({ vkey }) => vkey) ?? []),
    ...(policy?.logs.map(({ key }) => formatVerifierKey(key)) ?? []),
  ];
  const first = outside[0] ?? stored[0]?.vkey;
  const origin = first === undefined ? null : parseVerifierKey(first).name;
  const generations = generationsOf(stored);
  const problem = problemOf(origin, outside, file, generations);
  const isChained = problem === null && origin !== null;
  const trusted = isChained ? keysToTrust(origin, generations, outside, verifiersOf) : outside;
  const named = isChained ? stored.map(({ vkey }) => vkey) : [];
  const newest = verifiersOf(trusted);
  const all = verifiersOf([...new Set([...trusted, ...named])]);
  return {
    origin,
    problem,
    vkeysSince: (generation) => {
      const since = generations.filter((one) => one.generation >= generation);
      const known = new Set([...trusted, ...named]);
      return since.flatMap(({ vkeys }) => vkeys).filter((vkey) => known.has(vkey));
    },
    open: (note) => openCheckpoint(note, origin ?? '', all),
    openNewest: (note) => {
      try {
        return openCheckpoint(note, origin ?? '', newest);
      } catch (error) {
        if (!(error instanceof NoteError)) throw error;
        openCheckpoint(note, origin ?? '', all);
        throw new NoteError(
          'only keys from before the last rotation have signed it: verify again when the server has sealed an entry',
        );
      }
    },
  };
}

function problemOf(
  origin: string | null,
  outside: readonly string[],
  file: SecretKeys | null,
  generations: readonly KeyGeneration[],
): string | null {
  if (origin === null) return null; // nothing is sealed yet
  if (outside.length === 0) {
    return 'nothing outside of the database says which key is the log’s: run this where the server’s ROLECALL_HOME is, or name the log in ROLECALL_LEDGER_WITNESSES';
  }
  const chain = keyChainProblem(origin, generations, verifiersOf);
  if (chain !== null) return `in the database ${chain}`;
  const isOwn = file
    ? generations.some((generation) => areThoseOf(file, generation))
    : generations.some(({ vkeys }) => vkeys.some((vkey) => outside.includes(vkey)));
  return isOwn ? null : 'the database names other keys of the log than this server has';
}
