import { useCallback, useState } from 'react';
import type { RosterStore } from './rosterStore';

export interface Selection {
  identities: ReadonlySet<string>;
  /** When everybody who matched was chosen: whoever comes later is not meant. */
  asOf: Date | null;
  /** Matched too, and left out until somebody says otherwise: oneself, moderators, agents. */
  leftOut: readonly string[];
}

const NOBODY: Selection = { identities: new Set(), asOf: null, leftOut: [] };

/** Who is chosen for what comes next. */
export function useSelection(store: RosterStore, isProtected: (identity: string) => boolean) {
  const [selection, setSelection] = useState(NOBODY);

  const clear = useCallback(() => setSelection(NOBODY), []);

  const toggle = useCallback((identity: string) => {
    setSelection((before) => {
      const identities = new Set(before.identities);
      if (!identities.delete(identity)) identities.add(identity);
      return identities.size === 0 ? NOBODY : { ...before, identities };
    });
  }, []);

  const add = useCallback((added: readonly string[]) => {
    setSelection((before) => ({
      ...before,
      identities: new Set([...before.identities, ...added]),
      leftOut: before.leftOut.filter((identity) => !added.includes(identity)),
    }));
  }, []);

  /** Everybody who matches what is shown, as of now. */
  const selectMatching = useCallback(() => {
    const view = store.read();
    const matching = view.identities.filter((identity) => !view.gone.has(identity));
    const leftOut = matching.filter(isProtected);
    const out = new Set(leftOut);
    const identities = new Set(matching.filter((identity) => !out.has(identity)));
    setSelection({ identities, asOf: new Date(), leftOut });
  }, [store, isProtected]);

  const include = useCallback(() => {
    setSelection((before) => ({
      ...before,
      identities: new Set([...before.identities, ...before.leftOut]),
      leftOut: [],
    }));
  }, []);

  return { selection, clear, toggle, add, selectMatching, include };
}
