import { memo } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import LockOutlined from '@mui/icons-material/LockOutlined';
import { GuardedButton } from '../../shared/GuardedButton';
import { useTemplates } from '../../shared/useTemplates';
import { clockTime } from '../seatWords';
import { useSceneRunner } from './SceneControls';
import { rulesInWords } from './sceneWords';
import type { SceneDesk } from './useScenes';
import { actorText } from '../../shared/actorText';

export interface SceneBannerProps {
  desk: SceneDesk;
  canLeave: boolean;
  isReachable: boolean;
  onDone: () => void;
}

/** While a scene plays: which, who began it and when, what it takes, and the way back. */
export const SceneBanner = memo(function SceneBanner({
  desk,
  canLeave,
  isReachable,
  onDone,
}: SceneBannerProps) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const { problem, run } = useSceneRunner(onDone);
  const scene = desk.active;
  if (!scene) return null;
  return (
    <Alert
      severity="warning"
      icon={<LockOutlined fontSize="inherit" />}
      role="region"
      aria-label={translate('room_scenes.label')}
      action={
        canLeave && (
          <GuardedButton
            variant="outlined"
            color="inherit"
            obstacle={isReachable ? null : translate('room_console.cannot.unreachable')}
            onClick={() => void run(desk.restore)}
          >
            {translate('room_scenes.restore')}
          </GuardedButton>
        )
      }
    >
      <b>{scene.name}</b>{' '}
      {translate('room_scenes.since', {
        time: clockTime(scene.at),
        by: actorText(scene.by, scene.byKind, translate),
      })}
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {' '}
        {rulesInWords(scene.rules, byKey, translate)}
      </Box>
      {problem && <Box sx={{ color: 'error.main' }}>{problem}</Box>}
    </Alert>
  );
});
