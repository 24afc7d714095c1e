import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { getJson, path } from '../../api/httpClient';
import { useLive } from '../../api/liveUpdates';
import type { Seat } from '../../api/records';
import { problemOf } from '../../api/problem';
import type { Events } from '@rolecall/server/api';
import { RosterStore, type RosterView } from './rosterStore';

export interface Roster {
  store: RosterStore;
  isLoaded: boolean;
  error: unknown;
  /** When what is shown was last known to be right; for a room whose updates are lost. */
  asOf: () => Date | null;
  reload: () => void;
}

const TICK_MS = 1_000;
/** After a failed snapshot it is read again by itself. */
const AGAIN_MS = 3_000;

/** Gets the identities whose seats have just changed or been read. */
interface Observer {
  observe: (identities: Iterable<string>) => void;
}

/** The seats of one room: a snapshot, then every change from the event stream. */
export function useRoster(room: string, observer: { current: Observer | null }): Roster {
  const [store] = useState(() => new RosterStore());
  const [isLoaded, setIsLoaded] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const asOfRef = useRef<Date | null>(null);
  const asOf = useCallback(() => asOfRef.current, []);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  const loading = useRef<{ abort: AbortController; missed: Events['seats'][] } | null>(null);

  const take = useCallback(
    (events: readonly Events['seats'][]) => {
      const changed = merge(events);
      store.patch([...changed.seats.values()], [...changed.removed]);
      observer.current?.observe([...changed.seats.keys(), ...changed.removed]);
    },
    [store, observer],
  );

  const reload = useCallback(
    function read() {
      clearTimeout(again.current);
      loading.current?.abort.abort();
      const mine = { abort: new AbortController(), missed: [] as Events['seats'][] };
      loading.current = mine;
      getJson<Seat[]>(path('rooms', room, 'seats'), { signal: mine.abort.signal })
        .then((seats) => {
          if (loading.current !== mine) return;
          loading.current = null;
          store.replaceAll(seats);
          // Events that came during the request may be newer than the snapshot.
          take(mine.missed);
          observer.current?.observe(seats.map(({ identity }) => identity));
          setIsLoaded(true);
          setError(null);
          asOfRef.current = new Date();
        })
        .catch((failure: unknown) => {
          if (loading.current !== mine) return;
          loading.current = null;
          setError(failure);
          if (isPassing(failure)) again.current = setTimeout(read, AGAIN_MS);
        });
    },
    [room, store, take, observer],
  );

  useEffect(() => {
    reload();
    return () => {
      clearTimeout(again.current);
      loading.current?.abort.abort();
      loading.current = null;
    };
  }, [reload]);

  useEffect(() => {
    const clock = setInterval(() => store.tick(), TICK_MS);
    return () => clearInterval(clock);
  }, [store]);

  useLive(`room:${room}`, {
    seats: (events) => {
      loading.current?.missed.push(...events);
      take(events);
      asOfRef.current = new Date();
    },
    // A scene concerns everybody, and sends no event for people that it does not change.
    scene: reload,
    reset: reload,
  });

  return { store, isLoaded, error, asOf, reload };
}

/** Everything: the component is drawn again with each change of anybody. */
export const useRosterView = (store: RosterStore) =>
  useSyncExternalStore(store.subscribe, store.read);

/** One fact: the component is drawn again only when that fact changes. */
export const useRosterFact = <Fact>(store: RosterStore, of: (view: RosterView) => Fact) =>
  useSyncExternalStore(store.subscribe, () => of(store.read()));

/** One person as they are now. */
export const useSeatOf = (store: RosterStore, identity: string | null) =>
  useSyncExternalStore(store.subscribe, () =>
    identity === null ? undefined : store.seat(identity),
  );

/** Retrying helps when the server was away, not when it refused. */
function isPassing(failure: unknown): boolean {
  const status = problemOf(failure)?.status ?? 0;
  return status === 0 || status >= 500;
}

/** The newest state of each person within one flush. */
function merge(events: readonly Events['seats'][]) {
  const seats = new Map<string, Seat>();
  const removed = new Set<string>();
  for (const event of events) {
    for (const seat of event.seats) {
      seats.set(seat.identity, seat);
      removed.delete(seat.identity);
    }
    for (const identity of event.removed) {
      seats.delete(identity);
      removed.add(identity);
    }
  }
  return { seats, removed };
}
