import { useCallback, useMemo, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getJson, path, postJson, putJson } from '../../api/httpClient';
import { throttled, useLive } from '../../api/liveUpdates';
import type { Stage } from '../../api/records';
import type { ApprovedHands, ApprovedNext } from '@rolecall/server/api';

const REREAD_MS = 300;

/** Who is named as next: the first there is a place for, else the first in the queue. */
export const nextOf = ({ hands, next }: Stage) =>
  hands.find(({ identity }) => identity === next) ?? hands[0];

/** The queue of raised hands, invitations on their way, and how many places there are. */
export function useStage(room: string, isEnabled: boolean) {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: ['stage', room],
    enabled: isEnabled,
    queryFn: ({ signal }) => getJson<Stage>(path('rooms', room, 'stage'), { signal }),
  });
  const reload = useCallback(
    () => client.invalidateQueries({ queryKey: ['stage', room] }),
    [client, room],
  );
  const [reloadSoon] = useState(() => throttled(() => void reload(), REREAD_MS));
  useLive(`room:${room}`, { stage: reloadSoon, reset: reloadSoon });

  const post = useCallback(
    <T>(step: 'approve-next' | 'approve-all', body?: object) =>
      postJson<T>(path('rooms', room, 'stage', step), body),
    [room],
  );
  const limit = useCallback(
    (template: string, slots: number | null) =>
      putJson<unknown>(path('rooms', room, 'stage', 'limits', template), { slots }).finally(
        () => void reload(),
      ),
    [room, reload],
  );
  return useMemo(
    () => ({
      stage: data ?? null,
      /** Refused with `stage.next_changed` when somebody else is next by then. */
      approveNext: (expect: string | undefined) =>
        post<ApprovedNext>('approve-next', expect === undefined ? {} : { expect }),
      approveAll: () => post<ApprovedHands>('approve-all'),
      setLimit: limit,
      reload,
    }),
    [data, post, limit, reload],
  );
}

export type RoomStage = ReturnType<typeof useStage>;
