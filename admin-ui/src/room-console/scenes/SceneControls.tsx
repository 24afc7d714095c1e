import {
  memo,
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type RefObject,
} from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Lock from '@mui/icons-material/LockOutlined';
import { GuardedButton } from '../../shared/GuardedButton';
import { KeyCap } from '../../shared/KeyCap';
import { useErrorText } from '../../shared/useErrorText';
import { useShortcuts } from '../commands/shortcuts';
import { type ShowNotice, useShowNotice } from '../notices/useNotices';
import { SceneEditor, type EditedScene } from './SceneEditor';
import { SceneMenu } from './SceneMenu';
import type { RoomScenes } from './useScenes';

export interface LockHandle {
  /** As a press on the button: the first arms, the second within three seconds locks. */
  press: () => void;
}

export interface SceneControlsProps {
  ref: RefObject<LockHandle | null>;
  room: string;
  scenes: RoomScenes;
  /** Why this operator may not start scenes here; null when they may. */
  refusal: string | null;
  canWrite: boolean;
  isReachable: boolean;
  /** How many a scene would mute, and LiveKit would not let unmute. */
  unmutable: number;
  run: SceneRunner['run'];
}

const ARMED_MS = 3_000;
const NO_UNMUTE = 'lock-no-unmute';

/** The button that locks the stage, and the saved scenes. */
export const SceneControls = memo(function SceneControls({
  ref,
  room,
  scenes,
  refusal,
  canWrite,
  isReachable,
  unmutable,
  run,
}: SceneControlsProps) {
  const translate = useTranslate();
  const showNotice = useShowNotice();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [edited, setEdited] = useState<EditedScene | null>(null);
  const isLocked = scenes.active !== null;
  const { keys } = useShortcuts();
  const lock = useCallback(() => void run(scenes.lock), [run, scenes.lock]);
  const unreachable = isReachable ? null : translate('room_console.cannot.unreachable');
  const locked = isLocked ? translate('room_scenes.is_locked') : null;
  const obstacle = refusal ?? unreachable ?? locked;
  const { isArmed, press } = useArming(lock, obstacle, showNotice);
  useImperativeHandle(ref, () => ({ press }), [press]);
  if (refusal !== null) return null;
  return (
    <>
      {unmutable > 0 && !isLocked && (
        <Box
          component="span"
          id={NO_UNMUTE}
          title={translate('room_scenes.no_unmute_help')}
          sx={{ color: 'warning.main', alignSelf: 'center' }}
        >
          {translate('room_scenes.no_unmute', { smart_count: unmutable })}
        </Box>
      )}
      <GuardedButton
        aria-describedby={unmutable > 0 && !isLocked ? NO_UNMUTE : undefined}
        variant={isArmed ? 'contained' : 'outlined'}
        color="error"
        startIcon={<Lock sx={{ fontSize: 16 }} />}
        obstacle={obstacle}
        hint={translate('room_scenes.lock_help')}
        onClick={press}
        aria-keyshortcuts={keys.lock || undefined}
        sx={{ whiteSpace: isArmed ? undefined : 'nowrap', '& kbd': { ml: 0.75 } }}
      >
        <span>{translate(isArmed ? 'room_scenes.lock_armed' : 'room_scenes.lock')}</span>
        {keys.lock && !isArmed && <KeyCap name={keys.lock} />}
      </GuardedButton>
      <Button aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
        {translate('room_scenes.menu')}
      </Button>
      {anchor && (
        <SceneMenu
          scenes={scenes}
          anchor={anchor}
          canWrite={canWrite}
          unreachable={unreachable}
          onEnter={(id) => void run(() => scenes.enter(id))}
          onEdit={setEdited}
          onClose={() => setAnchor(null)}
        />
      )}
      {edited && (
        <SceneEditor room={room} scene={edited} scenes={scenes} onClose={() => setEdited(null)} />
      )}
    </>
  );
});

/** Starts or ends a scene, and keeps why it failed. */
export function useSceneRunner(onDone: () => void) {
  const errorText = useErrorText();
  const [problem, setProblem] = useState<string | null>(null);
  const run = useCallback(
    async (act: () => Promise<unknown>) => {
      setProblem(null);
      try {
        await act();
        onDone();
      } catch (error) {
        setProblem(errorText(error));
      }
    },
    [errorText, onDone],
  );
  return { problem, run };
}

export type SceneRunner = ReturnType<typeof useSceneRunner>;

/** It silences everybody: key and button alike have to be pressed twice. */
function useArming(lock: () => void, obstacle: string | null, showNotice: ShowNotice) {
  const translate = useTranslate();
  const [isArmed, setIsArmed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const press = useCallback(() => {
    if (obstacle !== null) {
      showNotice(obstacle, 'bad');
      return;
    }
    clearTimeout(timer.current);
    setIsArmed(!isArmed);
    if (isArmed) {
      showNotice(translate('room_scenes.locking'));
      lock();
    } else {
      showNotice(translate('room_scenes.press_again'), 'bad', ARMED_MS);
      timer.current = setTimeout(() => setIsArmed(false), ARMED_MS);
    }
  }, [isArmed, obstacle, lock, showNotice, translate]);
  return { isArmed, press };
}
