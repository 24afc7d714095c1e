import { useSyncExternalStore } from 'react';
import { getJson } from '../api/httpClient';
import type { Me } from '../api/records';

let me: Me | null = null;
let loading: Promise<Me> | null = null;
const listeners = new Set<() => void>();

const emit = () => {
  for (const listener of listeners) listener();
};

/** Who is signed in, as `GET /me` last answered. Kept in memory only. */
export const session = {
  get: () => me,
  set(next: Me | null) {
    me = next;
    emit();
  },
  /** The signed-in operator; asks the server once, then answers from memory. */
  load(): Promise<Me> {
    if (me) return Promise.resolve(me);
    return session.refresh();
  },
  refresh(): Promise<Me> {
    loading ??= getJson<Me>('/me', { isAnonymous: true })
      .then((answer) => {
        session.set(answer);
        return answer;
      })
      .finally(() => {
        loading = null;
      });
    return loading;
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

export const useMe = () => useSyncExternalStore(session.subscribe, session.get);
