import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { getJson, path, postJson } from '../../providers/httpClient';
import { useLive } from '../../providers/liveUpdates';
import type { BulkOperation } from '../../providers/records';
import { useAnnounce } from '../../shared/announce';

export type BulkAction =
  'promote' | 'demote' | 'block' | 'unblock' | 'remove' | 'mute' | 'hold' | 'release';

export interface BulkRequest {
  action: BulkAction;
  template?: string;
  sources?: string[];
  for?: string | number;
  reason?: string;
  identities: string[];
  asOf?: string;
}

export type BulkControl = 'pause' | 'resume' | 'cancel' | 'retry' | 'undo';

export const isOpen = ({ status }: BulkOperation) => status === 'running' || status === 'paused';

interface Started {
  operationId: string;
  total: number;
}

type Operations = ReadonlyMap<string, BulkOperation>;

/** What is done to many people in a room, by whomever: read from the server, so it outlives a page. */
export function useBulk(room: string) {
  const [operations, setOperations] = useState<Operations>(new Map());
  const hear = useProgressAnnouncements();

  const take = useCallback(
    (told: readonly BulkOperation[]) => {
      setOperations((before) => {
        const next = new Map(before);
        for (const operation of told) next.set(operation.id, operation);
        return next;
      });
      for (const operation of told) hear(operation);
    },
    [hear],
  );

  const reload = useCallback(() => {
    getJson<BulkOperation[]>(path('rooms', room, 'operations'))
      .then((found) => setOperations(new Map(found.map((each) => [each.id, each]))))
      // What runs tells of itself with its next step; there is nothing to do about it here.
      .catch(() => undefined);
  }, [room]);
  useEffect(reload, [reload]);

  useLive(`room:${room}`, {
    bulk: (events) => take(events.map(({ operation }) => operation)),
    reset: reload,
  });

  const follow = useCallback(
    async (id: string) => take([await getJson<BulkOperation>(path('operations', id))]),
    [take],
  );

  const start = useCallback(
    async (request: BulkRequest) => {
      const { operationId } = await postJson<Started>(
        path('rooms', room, 'seats', 'bulk'),
        request,
      );
      await follow(operationId);
      return operationId;
    },
    [room, follow],
  );

  const control = useCallback(
    async (id: string, verb: BulkControl) => {
      const answer = await postJson<Partial<Started>>(path('operations', id, verb));
      await follow(id);
      if (answer?.operationId && answer.operationId !== id) await follow(answer.operationId);
    },
    [follow],
  );

  return useMemo(
    () => ({ operations, start, control, follow }),
    [operations, start, control, follow],
  );
}

export type BulkDesk = ReturnType<typeof useBulk>;

/** Beginning, half, end and failures; everything in between would only be noise. */
function useProgressAnnouncements() {
  const announce = useAnnounce();
  const translate = useTranslate();
  const known = useRef(new Map<string, { step: number; failed: number }>());
  return useCallback(
    (operation: BulkOperation) => {
      const { id, total, done, failed } = operation;
      const before = known.current.get(id) ?? { step: -1, failed: 0 };
      const step = !isOpen(operation) ? 2 : total > 0 && done * 2 >= total ? 1 : 0;
      known.current.set(id, { step, failed });
      // One that had ended before it was first seen is history.
      if (before.step < 0 && step === 2 && total > 1 && done === 0) return;
      const words = { ...operation, action: translate(`room_bulk.actions.${operation.action}`) };
      if (step > before.step) announce(translate(`room_bulk.said.${STEPS[step]}`, words));
      else if (failed > before.failed) announce(translate('room_bulk.said.failed', words));
    },
    [announce, translate],
  );
}

const STEPS = ['started', 'half', 'ended'] as const;
