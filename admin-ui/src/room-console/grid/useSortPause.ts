import { useEffect, useState } from 'react';
import type { RosterStore } from '../roster/rosterStore';

/** After the last key or pointer movement the list is sorted by itself. */
const IDLE_MS = 2_000;

/** Pauses sorting from each key, press or pointer movement in the list until `IDLE_MS` after it. */
export function useSortPause(store: RosterStore) {
  const [pause] = useState(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reasons = new Set<string>();
    const touch = () => {
      store.pauseSorting(true);
      clearTimeout(timer);
      timer = reasons.size > 0 ? undefined : setTimeout(() => store.pauseSorting(false), IDLE_MS);
    };
    return {
      touch,
      /** Also while nothing moves: a finger rests on a row, a dialog is open. */
      keep: (reason: string, isOn: boolean) => {
        if (isOn === reasons.has(reason)) return;
        if (isOn) reasons.add(reason);
        else reasons.delete(reason);
        touch();
      },
      stop: () => clearTimeout(timer),
    };
  });
  useEffect(() => pause.stop, [pause]);
  return pause;
}
