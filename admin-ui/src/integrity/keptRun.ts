import { local } from '../browser/storage';

/** What this browser remembers of the last run here that proved the log. */
export interface KeptRun {
  /** The checkpoint, as a signed note. */
  note: string;
  size: number;
  at: string;
  /** The key that the operator gave; empty: none. */
  pin: string;
}

const NAME = 'rolecall.ledger.kept';

export function readKeptRun(): KeptRun | null {
  try {
    const kept = JSON.parse(local.getItem(NAME) ?? 'null') as Partial<KeptRun> | null;
    const { note, size, at, pin } = kept ?? {};
    if (typeof note !== 'string' || typeof size !== 'number') return null;
    if (typeof at !== 'string' || typeof pin !== 'string') return null;
    return { note, size, at, pin };
  } catch {
    return null;
  }
}

export function keepRun(run: KeptRun | null): void {
  if (run) local.setItem(NAME, JSON.stringify(run));
  else local.removeItem(NAME);
}
