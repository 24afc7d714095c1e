import { useCallback, useEffect, useRef, useState } from 'react';
import { path, postJson } from '../../api/httpClient';
import { useLive } from '../../api/liveUpdates';
import type { Acting } from '../../api/records';

/** Told again after so long while somebody still has the person in hand. */
const AGAIN_MS = 4_000;
/** On this browser's clock, so that a wrong server clock neither hides nor prolongs it. */
const SHOWN_MS = 5_000;

type Others = ReadonlyMap<string, Acting>;

/** Who else is acting on whom; `canTell` is false for those who may only look. */
export function useActing(room: string, canTell: boolean) {
  const [others, setOthers] = useState<Others>(new Map());
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  const told = useRef(new Map<string, number>());

  const forget = useCallback((identity: string) => {
    timers.current.delete(identity);
    setOthers((before) => {
      const next = new Map(before);
      next.delete(identity);
      return next;
    });
  }, []);

  useLive(`room:${room}`, {
    acting: (events) => {
      setOthers((before) => {
        const next = new Map(before);
        for (const event of events) next.set(event.identity, event);
        return next;
      });
      for (const { identity } of events) {
        clearTimeout(timers.current.get(identity));
        timers.current.set(
          identity,
          setTimeout(() => forget(identity), SHOWN_MS),
        );
      }
    },
  });
  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running.values()) clearTimeout(timer);
    };
  }, []);

  /** A courtesy: that it did not arrive is no reason to trouble anybody. */
  const tell = useCallback(
    (identity: string, action?: string) => {
      if (!canTell) return;
      const now = performance.now();
      if (now - (told.current.get(identity) ?? -AGAIN_MS) < AGAIN_MS) return;
      told.current.set(identity, now);
      const route = path('rooms', room, 'seats', identity, 'acting');
      postJson(route, action ? { action } : {}).catch(() => undefined);
    },
    [room, canTell],
  );

  return { others, tell };
}
