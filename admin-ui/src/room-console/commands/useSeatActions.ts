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
import { nameOf } from '../seat/seatFacts';
import type { useNotices } from '../notices/useNotices';

/** What was asked of whom, said aloud when it is done, and the collisions with other moderators. */
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
  const said = useRef(new Map<number, string>());

  const say = useCallback(
    (attempt: Attempt) => {
      const seat = store.seat(attempt.identity);
      const isBad = attempt.phase === 'failed' || attempt.phase === 'conflict';
      // What was done is told also when something else has come after it by now.
      const done = { ...attempt, isOld: false };
      const what = seat ? (statusOf(seat, done, false, translate, errorText)?.text ?? '') : '';
      const name = seat ? nameOf(seat) : attempt.identity;
      const text = translate('room_console.said', { name, what });
      // The row has no room for the reasons; of what went well it says enough.
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
        if (phase === 'requested' || phase === 'accepted' || said.current.get(id) === phase) return;
        said.current.set(id, phase);
        say(attempt);
      }),
    [actions, say],
  );
  useEffect(() => {
    observerRef.current = actions;
    return () => actions.stop();
  }, [actions, observerRef]);

  return { actions, attempts, conflict, setConflict };
}
