import { useQuery } from '@tanstack/react-query';
import { getJson } from './httpClient';
import type { SystemStatus } from './records';

export const STATUS_KEY = ['status'];

const EVERY_MS = 15_000;
/** An installation moves on, and who waits for it watches. */
const WHILE_INSTALLING_MS = 2_000;

/** How Rolecall and LiveKit are doing; read again every 15 s while a page shows it. */
export const useSystemStatus = () =>
  useQuery({
    queryKey: STATUS_KEY,
    queryFn: ({ signal }) => getJson<SystemStatus>('/status', { signal }),
    refetchInterval: ({ state }) =>
      state.data?.livekit.install?.state === 'installing' ? WHILE_INSTALLING_MS : EVERY_MS,
    staleTime: 10_000,
  });
