import { KeyFile } from '../sealing/key-file.js';
import type { StoredKey } from '../sealing/tree-store.js';
import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import { generationsOf, keyChainProblem } from '../tree/key-chain.js';
import { verifiersOf } from '../tree/note-keys.js';
import { formatVerifierKey, type NoteVerifier, parseVerifierKey } from '../tree/note.js';
import type { WitnessPolicy } from '../witness/policy.js';

/** Which keys may have signed a checkpoint, and what is wrong with those that the database names. */
export interface TrustedKeys {
  readonly origin: string | null;
  readonly verifiers: readonly NoteVerifier[];
  readonly problem: string | null;
  readonly open: (note: string) => Checkpoint;
}

/**
 * What is known outside of the database decides: the key file of this server, and the logs of the
 * policy. The database adds the other generations, when their chain holds.
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
  const problem = problemOf(origin, outside, stored);
  const vkeys = problem === null ? [...outside, ...stored.map(({ vkey }) => vkey)] : outside;
  const verifiers = verifiersOf([...new Set(vkeys)]);
  return {
    origin,
    verifiers,
    problem,
    open: (note) => openCheckpoint(note, origin ?? '', verifiers),
  };
}

function problemOf(
  origin: string | null,
  outside: readonly string[],
  stored: readonly StoredKey[],
): string | null {
  if (origin === null) return null; // nothing is sealed yet
  if (outside.length === 0) {
    return 'nothing outside of the database says which key is the log’s: run this where the server’s ROLECALL_HOME is, or name the log in ROLECALL_LEDGER_WITNESSES';
  }
  const chain = keyChainProblem(origin, generationsOf(stored), verifiersOf);
  if (chain !== null) return `in the database ${chain}`;
  if (!stored.some(({ vkey }) => outside.includes(vkey))) {
    return 'the database names other keys of the log than this server has';
  }
  return null;
}
