import { useMemo } from 'react';
import { useTranslate } from 'react-admin';
import LockOutlined from '@mui/icons-material/LockOutlined';
import { actorText } from '../../shared/actorText';
import { GuardedButton } from '../../shared/GuardedButton';
import { useTemplates } from '../../shared/useTemplates';
import type { Condition } from '../notices/ConditionStrip';
import { clockTime } from '../seat/times';
import type { SceneRunner } from './SceneControls';
import { rulesInWords } from './sceneWords';
import type { RoomScenes } from './useScenes';

interface SceneConditionOptions {
  scenes: RoomScenes;
  canLeave: boolean;
  isReachable: boolean;
  run: SceneRunner['run'];
}

/** While a scene is active: which, who started it and when, its rules, and how to end it. */
export function useSceneCondition({
  scenes,
  canLeave,
  isReachable,
  run,
}: SceneConditionOptions): Condition | null {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const { active: scene, restore } = scenes;
  return useMemo(
    () =>
      scene && {
        name: 'scene',
        severity: 'warning',
        label: translate('room_scenes.label'),
        icon: <LockOutlined fontSize="inherit" />,
        text: [
          scene.name,
          translate('room_scenes.since', {
            time: clockTime(scene.at),
            by: actorText(scene.by, scene.byKind, translate),
          }),
          rulesInWords(scene.rules, byKey, translate),
        ].join(' '),
        action: canLeave && (
          <GuardedButton
            variant="outlined"
            color="inherit"
            obstacle={isReachable ? null : translate('room_console.cannot.unreachable')}
            onClick={() => void run(restore)}
          >
            {translate('room_scenes.restore')}
          </GuardedButton>
        ),
      },
    [scene, restore, canLeave, isReachable, run, byKey, translate],
  );
}
