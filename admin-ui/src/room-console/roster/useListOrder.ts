import { useCallback, useMemo } from 'react';
import { useTranslate } from 'react-admin';
import type { RosterStore } from './rosterStore';

interface ListOrderOptions {
  store: RosterStore;
  refocus: () => void;
  showNotice: (text: string) => void;
}

/** Which people the list shows, and in which order. */
export function useListOrder({ store, refocus, showNotice }: ListOrderOptions) {
  const translate = useTranslate();
  const showEverybody = useCallback(() => {
    store.setQuery('');
    store.setChip('all');
  }, [store]);
  const clearFilters = useCallback(() => {
    showEverybody();
    refocus();
  }, [showEverybody, refocus]);
  const sortNow = useCallback(() => {
    const { joined, moved, left } = store.read().waiting;
    showNotice(translate(`room_console.${joined + moved + left > 0 ? 'ordered' : 'in_order'}`));
    store.apply();
    refocus();
  }, [store, showNotice, translate, refocus]);
  return useMemo(
    () => ({ showEverybody, clearFilters, sortNow }),
    [showEverybody, clearFilters, sortNow],
  );
}
