import { useCallback, useEffect, useRef, useState } from 'react';
import { path, postJson } from '../../api/httpClient';
import { useLive } from '../../api/liveUpdates';
import type { Acting } from '../../api/records';

/** Sent again after so long while somebody still acts on the person. */
const AGAIN_MS = 4_000;
/** On this browser's clock, so that a wrong server clock neither hides nor prolongs it. */
const SHOWN_MS = 5_000;

type Others = ReadonlyMap<string, Acting>;

/** Which other moderators act on which person; `mayAct` is false for people who may only watch. */
export function useActing(room: string, mayAct: boolean) {
  const [others, setOthers] = useState<Others>(new Map());
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  const sent = useRef(new Map<string, number>());

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

  /** A courtesy: when it does not arrive, nobody is bothered. */
  const tellActing = useCallback(
    (identity: string, action?: string) => {
      if (!mayAct) return;
      const now = performance.now();
      if (now - (sent.current.get(identity) ?? -AGAIN_MS) < AGAIN_MS) return;
      sent.current.set(identity, now);
      const route = path('rooms', room, 'seats', identity, 'acting');
      postJson(route, action ? { action } : {}).catch(() => undefined);
    },
    [room, mayAct],
  );

  return { others, tellActing };
}
