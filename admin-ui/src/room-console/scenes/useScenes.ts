import { useCallback, useMemo } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { deleteJson, getJson, path, postJson, putJson } from '../../api/httpClient';
import type { ActiveScene, Scene, SceneRule } from '../../api/records';
import { usePermissionSet } from '../../session/usePermissionSet';
import type { BulkOperations } from '../bulk/useBulk';
import type { SceneEntered } from '@rolecall/server/api';

export interface SceneDraft {
  room: string | null;
  name: string;
  description: string;
  rules: SceneRule[];
}

interface RoomScene {
  scene: ActiveScene | null;
  setScene: (scene: ActiveScene | null) => void;
}

/** The roles that lose nothing when the stage is locked. */
const KEEP = ['host'];

/** The room's active scene, and the saved ones. */
export function useScenes(room: string, { scene, setScene }: RoomScene, bulk: BulkOperations) {
  const client = useQueryClient();
  const can = usePermissionSet();
  const key = ['scenes', room];
  const { data } = useQuery({
    queryKey: key,
    enabled: can('scene.read'),
    queryFn: ({ signal }) =>
      getJson<Scene[]>('/scenes', {
        query: { filter: JSON.stringify({ room }), range: '[0,99]' },
        signal,
      }),
  });
  const { follow } = bulk;

  const entered = useCallback(
    async (answer: Pick<SceneEntered, 'operationId'>, now: ActiveScene | null) => {
      setScene(now);
      // The scene has started: that its progress cannot be read now must not look like a failure.
      await follow(answer.operationId).catch(() => undefined);
    },
    [setScene, follow],
  );

  const enter = useCallback(
    async (id: string) => {
      const answer = await postJson<SceneEntered>(path('rooms', room, 'scene'), { scene: id });
      await entered(answer, answer.scene ?? null);
    },
    [room, entered],
  );
  const lock = useCallback(async () => {
    const answer = await postJson<SceneEntered>(path('rooms', room, 'scene'), {
      lock: { keep: KEEP },
    });
    await entered(answer, answer.scene ?? null);
  }, [room, entered]);
  const restore = useCallback(async () => {
    await entered(await deleteJson<SceneEntered>(path('rooms', room, 'scene')), null);
  }, [room, entered]);

  const refresh = useCallback(() => client.invalidateQueries({ queryKey: ['scenes'] }), [client]);
  const save = useCallback(
    async (id: string | null, draft: SceneDraft) => {
      if (id === null) await postJson('/scenes', draft);
      else await putJson(path('scenes', id), draft);
      await refresh();
    },
    [refresh],
  );
  const remove = useCallback(
    async (id: string) => {
      await deleteJson(path('scenes', id));
      await refresh();
    },
    [refresh],
  );

  return useMemo(
    () => ({ active: scene, saved: data ?? [], enter, lock, restore, save, remove }),
    [scene, data, enter, lock, restore, save, remove],
  );
}

export type RoomScenes = ReturnType<typeof useScenes>;
