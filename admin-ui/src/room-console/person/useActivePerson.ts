import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { requiredContext } from '../../shared/requiredContext';
import type { RosterStore } from '../roster/rosterStore';

interface ActivePersonOptions {
  store: RosterStore;
  showEverybody: () => void;
  /** Scrolls the list to somebody. */
  showRow: (identity: string) => void;
  refocus: () => void;
  showNotice: (text: string) => void;
}

/** The person that the keys act on, and whether the panel with their details is open. */
export function useActivePerson(options: ActivePersonOptions) {
  const { store, showEverybody, showRow, refocus, showNotice } = options;
  const translate = useTranslate();
  const [active, setActive] = useState<string | null>(null);
  const [isPanelOpen, setIsPanelOpen] = useState(false);

  const openPanel = useCallback((identity: string) => {
    setActive(identity);
    setIsPanelOpen(true);
  }, []);
  const togglePanel = useCallback(
    (identity: string) => {
      setIsPanelOpen((isOpen) => !(isOpen && identity === active));
      setActive(identity);
    },
    [active],
  );
  const closePanel = useCallback(() => {
    setIsPanelOpen(false);
    refocus();
  }, [refocus]);

  const goTo = useCallback(
    (identity: string) => {
      if (!store.read().identities.includes(identity)) {
        showEverybody();
        store.apply();
      }
      setActive(identity);
      showRow(identity);
    },
    [store, showEverybody, showRow],
  );

  const lastHand = useRef<string | null>(null);
  const goToNextHand = useCallback(() => {
    const hands = store.hands();
    // On from the hand that was shown last; else the longest waiting.
    const isOnIt = lastHand.current !== null && lastHand.current === active;
    const at = isOnIt ? hands.findIndex(({ identity }) => identity === active) : -1;
    const next = hands[(at + 1) % hands.length];
    lastHand.current = next?.identity ?? null;
    if (next) goTo(next.identity);
    else showNotice(translate('room_stage.no_hands'));
  }, [store, active, goTo, showNotice, translate]);

  return useMemo(
    () => ({
      active,
      isPanelOpen,
      setActive,
      openPanel,
      togglePanel,
      closePanel,
      goTo,
      goToNextHand,
    }),
    [active, isPanelOpen, openPanel, togglePanel, closePanel, goTo, goToNextHand],
  );
}

export type ActivePerson = ReturnType<typeof useActivePerson>;

export const [ActivePersonProvider, usePerson] = requiredContext<ActivePerson>('ActivePerson');
