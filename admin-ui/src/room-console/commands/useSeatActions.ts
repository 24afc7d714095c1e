import {
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useTranslate } from 'react-admin';
import { useAnnounce } from '../../shared/announce';
import { useErrorText } from '../../shared/useErrorText';
import type { RosterStore } from '../roster/rosterStore';
import { type Attempt, SeatActions } from './seatActions';
import { statusOf } from './seatStatus';
import { nameOf } from '../../shared/nameOf';
import type { useNotices } from '../notices/useNotices';

/** The acts of this page, announced when they are done, and conflicts with other moderators. */
export function useSeatActions(
  room: string,
  store: RosterStore,
  observerRef: RefObject<SeatActions | null>,
  { showNotice, hideNotice }: Pick<ReturnType<typeof useNotices>, 'showNotice' | 'hideNotice'>,
) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const errorText = useErrorText();
  const [conflict, setConflict] = useState<Attempt | null>(null);
  const [actions] = useState(() => new SeatActions(room, (identity) => store.seat(identity)));
  const attempts = useSyncExternalStore(actions.subscribe, actions.read);
  const announced = useRef(new Map<number, string>());

  const announceAttempt = useCallback(
    (attempt: Attempt) => {
      const seat = store.seat(attempt.identity);
      const isBad = attempt.phase === 'failed' || attempt.phase === 'conflict';
      // An act is announced as done also when another change has followed it.
      const done = { ...attempt, isOld: false };
      const what = seat ? (statusOf(seat, done, false, translate, errorText)?.text ?? '') : '';
      const name = seat ? nameOf(seat) : attempt.identity;
      const text = translate('room_console.said', { name, what });
      // The row has no room for the reason of a failure; a success it shows well enough.
      if (isBad) showNotice(text, 'bad');
      else {
        hideNotice();
        announce(text);
      }
    },
    [store, announce, showNotice, hideNotice, translate, errorText],
  );

  useEffect(
    () =>
      actions.onAttempt((attempt) => {
        const { id, phase } = attempt;
        if (phase === 'conflict') setConflict(attempt);
        // One message for each action: when it is done, waits, or failed.
        if (phase === 'requested' || phase === 'accepted' || announced.current.get(id) === phase)
          return;
        announced.current.set(id, phase);
        announceAttempt(attempt);
      }),
    [actions, announceAttempt],
  );
  useEffect(() => {
    observerRef.current = actions;
    return () => actions.stop();
  }, [actions, observerRef]);

  return { actions, attempts, conflict, setConflict };
}
