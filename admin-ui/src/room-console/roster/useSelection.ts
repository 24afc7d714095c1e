import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslate } from 'react-admin';
import { useAnnounce } from '../../shared/announce';
import { requiredContext } from '../../shared/requiredContext';
import type { RosterStore } from './rosterStore';

export interface Selection {
  identities: ReadonlySet<string>;
  /** When all who matched were selected: people who join later are not included. */
  asOf: Date | null;
  /** Matched too, and left out until they are included on purpose: oneself, hosts, agents. */
  leftOut: readonly string[];
}

const NOBODY: Selection = { identities: new Set(), asOf: null, leftOut: [] };

/** The selected people, and how the selection changes. */
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

  useSelectionAnnouncement(selection.identities.size);
  return useMemo(
    () => ({ selection, clear, toggle, add, selectMatching, include }),
    [selection, clear, toggle, add, selectMatching, include],
  );
}

export type SelectionState = ReturnType<typeof useSelection>;

export const [SelectionProvider, useSelectionState] = requiredContext<SelectionState>('Selection');

/** Screen readers hear how many people are selected. */
function useSelectionAnnouncement(size: number) {
  const translate = useTranslate();
  const announce = useAnnounce();
  useEffect(() => {
    if (size > 0) announce(translate('room_bulk.selected', { smart_count: size }));
  }, [size, announce, translate]);
}
