import { useCallback, useMemo, useState } from 'react';
import { useTranslate } from 'react-admin';
import type { Seat } from '../../api/records';
import { requiredContext } from '../../shared/requiredContext';
import type { SeatRules } from '../commands/useSeatRules';
import type { RosterStore } from '../roster/rosterStore';

interface PeekOptions {
  store: RosterStore;
  rules: SeatRules;
  active: string | null;
  isPanelOpen: boolean;
  openPanel: (identity: string) => void;
  /** Says why somebody cannot be watched. */
  refuse: (identity: string, reason: string) => void;
}

/** Watches the person that the panel is about. Going on to another, or closing it, ends the peek. */
export function usePeek({ store, rules, active, isPanelOpen, openPanel, refuse }: PeekOptions) {
  const translate = useTranslate();
  const [target, setTarget] = useState<string | null>(null);
  const isOver = target !== null && !(isPanelOpen && active === target);
  // Else the peek would begin again by itself when they are shown again.
  if (isOver) setTarget(null);
  const peeking = isOver ? null : target;
  const stopPeeking = useCallback(() => setTarget(null), []);

  const { unreachable, refusal } = rules;
  /** Why this person cannot be watched now; null when they can. */
  const peekObstacle = useCallback(
    (seat: Seat): string | null => {
      if (unreachable !== null) return unreachable;
      const refused = refusal('seat.peek');
      if (refused !== null) return refused;
      if (seat.peeksAt) return translate('room_console.cannot.is_peek');
      return seat.isPresent ? null : translate('room_console.cannot.absent');
    },
    [unreachable, refusal, translate],
  );

  const togglePeek = useCallback(
    (identity: string) => {
      const seat = store.seat(identity);
      if (!seat) return;
      if (peeking === identity) {
        stopPeeking();
        return;
      }
      const reason = peekObstacle(seat);
      if (reason !== null) {
        refuse(identity, reason);
        return;
      }
      openPanel(identity);
      setTarget(identity);
    },
    [store, peeking, stopPeeking, peekObstacle, refuse, openPanel],
  );

  return useMemo(
    () => ({ peeking, togglePeek, stopPeeking, peekObstacle }),
    [peeking, togglePeek, stopPeeking, peekObstacle],
  );
}

export type PeekControls = ReturnType<typeof usePeek>;

export const [PeekProvider, usePeekControls] = requiredContext<PeekControls>('Peek');
