import { useCallback, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { getJson, path, postJson } from '../providers/httpClient';
import type { SeatAction } from './seatActions';

export interface BulkProgress {
  status: 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
  total: number;
  done: number;
  applied: number;
  pending: number;
  failed: number;
}

const POLL_MS = 400;
const isOver = (progress: BulkProgress | undefined) =>
  progress !== undefined && progress.status !== 'running' && progress.status !== 'paused';

/** One action for many people: carried out by the server, watched from here. */
export function useBulk(room: string) {
  const [operationId, setOperationId] = useState<string | null>(null);
  const { data } = useQuery({
    queryKey: ['operations', operationId],
    enabled: operationId !== null,
    queryFn: ({ signal }) => getJson<BulkProgress>(path('operations', operationId!), { signal }),
    refetchInterval: ({ state }) => (isOver(state.data) ? false : POLL_MS),
  });

  const start = useCallback(
    async (action: Exclude<SeatAction, { kind: 'undo' }>, identities: readonly string[]) => {
      const { kind, ...details } = action;
      const begun = await postJson<{ operationId: string }>(path('rooms', room, 'seats', 'bulk'), {
        action: kind,
        ...details,
        identities,
      });
      setOperationId(begun.operationId);
    },
    [room],
  );

  return { start, progress: operationId === null ? undefined : data, isOver: isOver(data) };
}
