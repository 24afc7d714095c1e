import { leavesIn, openForgotten } from '../retention/forgotten-note.js';
import { NoteError, type NoteVerifier } from '../tree/note.js';

/** The leaves whose entries rules let go, as far as known keys have signed it, and what nobody has. */
export function forgottenIn(
  notes: readonly string[],
  verifiers: readonly NoteVerifier[],
): { leaves: ReadonlySet<number>; problems: string[] } {
  const leaves = new Set<number>();
  const problems: string[] = [];
  for (const note of notes) {
    try {
      for (const leaf of leavesIn(openForgotten(note, verifiers))) leaves.add(leaf);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      problems.push(`that entries were forgotten is not proved: ${error.message}`);
    }
  }
  return { leaves, problems };
}
