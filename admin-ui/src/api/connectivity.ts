import { useSyncExternalStore } from 'react';

/** Whether the last call reached the server at all; shared by the HTTP client and the live badge. */
let isReachable = true;
let losses = 0;
const listeners = new Set<() => void>();

function set(value: boolean) {
  if (value === isReachable) return;
  isReachable = value;
  for (const listener of listeners) listener();
}

/** How often the server has been lost; to be read before a call, for `reportReachable`. */
export const countLosses = () => losses;

/** An answer to what was asked before the server was lost does not say that it is back. */
export const reportReachable = (lossesBefore = losses) => {
  if (lossesBefore === losses) set(true);
};
export const reportUnreachable = () => {
  losses += 1;
  set(false);
};
export const isServerReachable = () => isReachable;

export function subscribeToConnectivity(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export const useIsServerReachable = () =>
  useSyncExternalStore(subscribeToConnectivity, isServerReachable);
