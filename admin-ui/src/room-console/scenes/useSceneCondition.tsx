import { useMemo } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import LockOutlined from '@mui/icons-material/LockOutlined';
import { useTemplates } from '../../shared/useTemplates';
import type { Condition } from '../ConditionStrip';
import { clockTime } from '../seatWords';
import type { SceneRunner } from './SceneControls';
import { rulesInWords } from './sceneWords';
import type { SceneDesk } from './useScenes';

interface Means {
  desk: SceneDesk;
  canLeave: boolean;
  isReachable: boolean;
  run: SceneRunner['run'];
}

/** While a scene plays: which, who began it and when, what it takes, and the way back. */
export function useSceneCondition({ desk, canLeave, isReachable, run }: Means): Condition | null {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const { active: scene, restore } = desk;
  return useMemo(
    () =>
      scene && {
        name: 'scene',
        severity: 'warning',
        label: translate('room_scenes.label'),
        icon: <LockOutlined fontSize="inherit" />,
        text: [
          scene.name,
          translate('room_scenes.since', { time: clockTime(scene.at), by: scene.by }),
          rulesInWords(scene.rules, byKey, translate),
        ].join(' '),
        action: canLeave && (
          <Button
            variant="outlined"
            color="inherit"
            disabled={!isReachable}
            onClick={() => void run(restore)}
          >
            {translate('room_scenes.restore')}
          </Button>
        ),
      },
    [scene, restore, canLeave, isReachable, run, byKey, translate],
  );
}
