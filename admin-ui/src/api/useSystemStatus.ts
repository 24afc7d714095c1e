import { useQuery } from '@tanstack/react-query';
import { getJson } from './httpClient';
import type { SystemStatus } from './records';

export const STATUS_KEY = ['status'];

/** How Rolecall and LiveKit are doing; read again every 15 s while a page shows it. */
export const useSystemStatus = () =>
  useQuery({
    queryKey: STATUS_KEY,
    queryFn: ({ signal }) => getJson<SystemStatus>('/status', { signal }),
    refetchInterval: 15_000,
    staleTime: 10_000,
  });
