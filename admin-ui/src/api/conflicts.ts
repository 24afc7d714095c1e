import type { Identifier, RaRecord } from 'react-admin';

export interface Conflict {
  resource: string;
  id: Identifier;
  /** What the operator started from, if it was read. */
  base: RaRecord | undefined;
  mine: Record<string, unknown>;
  current: RaRecord;
}

/** Doubles as the error code (and message key) of a save that the operator gave up. */
export type ConflictChoice = 'overwrite' | 'app.conflict.took_theirs' | 'app.conflict.cancelled';

type Ask = (conflict: Conflict) => Promise<ConflictChoice>;

let ask: Ask | null = null;

export function registerConflictDialog(dialog: Ask) {
  ask = dialog;
  return () => {
    if (ask === dialog) ask = null;
  };
}

/** Somebody else saved first (412): the operator sees both sides and chooses. */
export const resolveConflict: Ask = (conflict) =>
  ask ? ask(conflict) : Promise.resolve('app.conflict.cancelled');
