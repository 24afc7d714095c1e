import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { getJson, newKey, path, postJson } from '../../api/httpClient';
import { useLive } from '../../api/liveUpdates';
import type { BulkOperation } from '../../api/records';
import type { BulkStarted } from '@rolecall/server/api';
import { useAnnounce } from '../../shared/announce';
import { problemOf } from '../../api/problem';
import type { BulkRequest } from '../commands/bulkRequest';

export type BulkControl = 'pause' | 'resume' | 'cancel' | 'retry' | 'undo';

export const isOpen = ({ status }: BulkOperation) => status === 'running' || status === 'paused';

/** After this, the same again is meant again. */
const SAME_FOR_MS = 60_000;

/** Pressed again because no answer came, a request is still the same one, and is done once. */
function useRequestKeys() {
  const [unanswered] = useState(() => new Map<string, { key: string; at: number }>());
  return useCallback(
    async <T>(request: BulkRequest, send: (key: string) => Promise<T>): Promise<T> => {
      const name = JSON.stringify(request);
      const before = unanswered.get(name);
      const isSame = before && performance.now() - before.at < SAME_FOR_MS;
      const { key, at } = isSame ? before : { key: newKey(), at: performance.now() };
      unanswered.delete(name);
      try {
        return await send(key);
      } catch (error) {
        if (problemOf(error)?.status === 0) unanswered.set(name, { key, at });
        throw error;
      }
    },
    [unanswered],
  );
}

type Operations = ReadonlyMap<string, BulkOperation>;

/** The bulk operations of a room, by anybody; read from the server, so they outlive a page. */
export function useBulk(room: string) {
  const [operations, setOperations] = useState<Operations>(new Map());
  const announceProgress = useProgressAnnouncements();
  const withKey = useRequestKeys();

  const take = useCallback(
    (changed: readonly BulkOperation[]) => {
      setOperations((before) => {
        const next = new Map(before);
        for (const operation of changed) next.set(operation.id, operation);
        return next;
      });
      for (const operation of changed) announceProgress(operation);
    },
    [announceProgress],
  );

  const reload = useCallback(() => {
    getJson<BulkOperation[]>(path('rooms', room, 'operations'))
      .then((found) => setOperations(new Map(found.map((each) => [each.id, each]))))
      // A running operation shows up with its next event.
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
      const { operationId } = await withKey(request, (idempotencyKey) =>
        postJson<BulkStarted>(path('rooms', room, 'seats', 'bulk'), request, { idempotencyKey }),
      );
      // It has started: that its progress cannot be read now must not look like a failure.
      await follow(operationId).catch(() => undefined);
      return operationId;
    },
    [room, follow, withKey],
  );

  const control = useCallback(
    async (id: string, step: BulkControl) => {
      const answer = await postJson<Partial<BulkStarted>>(path('operations', id, step));
      const ids = new Set([id, answer?.operationId ?? id]);
      for (const each of ids) await follow(each).catch(() => undefined);
    },
    [follow],
  );

  return useMemo(
    () => ({ operations, start, control, follow }),
    [operations, start, control, follow],
  );
}

export type BulkOperations = ReturnType<typeof useBulk>;

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
