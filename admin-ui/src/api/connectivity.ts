import { useSyncExternalStore } from 'react';

/** Whether the last call reached the server at all; shared by the HTTP client and the live badge. */
let isReachable = true;
const listeners = new Set<() => void>();

function set(value: boolean) {
  if (value === isReachable) return;
  isReachable = value;
  for (const listener of listeners) listener();
}

export const reportReachable = () => set(true);
export const reportUnreachable = () => set(false);
export const isServerReachable = () => isReachable;

export function subscribeToConnectivity(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export const useIsServerReachable = () =>
  useSyncExternalStore(subscribeToConnectivity, isServerReachable);
