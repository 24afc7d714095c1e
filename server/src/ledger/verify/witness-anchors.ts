import { NoteError, openNote } from '../tree/note.js';
import { parseCheckpoint } from '../tree/checkpoint.js';
import { verifierOf } from '../tree/note-keys.js';
import type { PolicyWitness, WitnessPolicy } from '../witness/policy.js';
import { readText } from '../witness/submit-checkpoint.js';
import { originHash } from '../witness/witness-state.js';
import type { Anchor } from './authentic-tiles.js';
import type { TrustedKeys } from './trusted-keys.js';

export interface WitnessReport {
  /** What the witnesses say themselves: their own checkpoints of the log. */
  readonly anchors: readonly Anchor[];
  /** Witnesses that were not reached, or said something else than a cosigned checkpoint. */
  readonly silent: readonly { readonly name: string; readonly why: string }[];
  /** Whether enough of them answered, by the policy. */
  readonly isMet: boolean;
}

const TIMEOUT_MS = 5_000;

/** Asks each witness which checkpoint of the log it cosigned last. */
export async function witnessAnchors(
  policy: WitnessPolicy,
  keys: TrustedKeys,
): Promise<WitnessReport> {
  const anchors: Anchor[] = [];
  const silent: { name: string; why: string }[] = [];
  const answered = new Set<string>();
  await Promise.all(
    policy.witnesses.map(async (witness) => {
      const { name } = witness;
      try {
        anchors.push(await ask(witness, keys));
        answered.add(name);
      } catch (error) {
        silent.push({ name, why: reasonOf(error) });
      }
    }),
  );
  return { anchors, silent, isMet: policy.isMet(answered) };
}

async function ask({ name, key, url }: PolicyWitness, keys: TrustedKeys): Promise<Anchor> {
  if (url === null) throw new NoteError('the policy has no address of it');
  const response = await fetch(`${url}/${originHash(keys.origin ?? '')}/checkpoint`, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const note = await readText(response);
  if (!response.ok) throw new NoteError(`it answers ${response.status}`);
  const { text } = openNote(note, [verifierOf(key)]);
  keys.open(note);
  return { ...parseCheckpoint(text), name: `the witness ${name}` };
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Partial<Error> & { cause?: Partial<Error> };
  return cause?.message ?? message ?? String(error);
}
