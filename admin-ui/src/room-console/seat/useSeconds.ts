import { useSyncExternalStore } from 'react';
import { serverNow } from '../../api/serverClock';

let now = serverNow();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = serverNow();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const read = () => (timer ? now : (now = Math.floor(serverNow() / 1000) * 1000));

/** The server's time to the second, one clock for every countdown on the page. */
export const useSeconds = () => useSyncExternalStore(subscribe, read);
