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
import Button from '@mui/material/Button';
import Lock from '@mui/icons-material/LockOutlined';
import { useErrorText } from '../../shared/useErrorText';
import type { Say } from '../useNotice';
import { SceneEditor, type EditedScene } from './SceneEditor';
import { SceneMenu } from './SceneMenu';
import type { SceneDesk } from './useScenes';

export interface LockHandle {
  /** The first press arms, the second within three seconds locks. */
  press: () => void;
}

export interface SceneControlsProps {
  ref: RefObject<LockHandle | null>;
  room: string;
  desk: SceneDesk;
  canEnter: boolean;
  canWrite: boolean;
  isReachable: boolean;
  run: SceneRunner['run'];
  say: Say;
}

const ARMED_MS = 3_000;

/** The panic button, and the scenes that somebody prepared. */
export const SceneControls = memo(function SceneControls({
  ref,
  room,
  desk,
  canEnter,
  canWrite,
  isReachable,
  run,
  say,
}: SceneControlsProps) {
  const translate = useTranslate();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [edited, setEdited] = useState<EditedScene | null>(null);
  const isLocked = desk.active !== null;
  const lock = useCallback(() => void run(desk.lock), [run, desk.lock]);
  const obstacle = isLocked ? 'room_scenes.is_locked' : obstacleTo(canEnter, isReachable);
  const { isArmed, press } = useArming(lock, obstacle, say);
  useImperativeHandle(ref, () => ({ press }), [press]);
  if (!canEnter) return null;
  return (
    <>
      <Button
        variant={isArmed ? 'contained' : 'outlined'}
        color="error"
        startIcon={<Lock sx={{ fontSize: 16 }} />}
        disabled={isLocked || !isReachable}
        title={translate('room_scenes.lock_help')}
        onClick={lock}
      >
        {translate(isArmed ? 'room_scenes.lock_armed' : 'room_scenes.lock')}
      </Button>
      <Button aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
        {translate('room_scenes.menu')}
      </Button>
      {anchor && (
        <SceneMenu
          desk={desk}
          anchor={anchor}
          canWrite={canWrite}
          isReachable={isReachable}
          onEnter={(id) => void run(() => desk.enter(id))}
          onEdit={setEdited}
          onClose={() => setAnchor(null)}
        />
      )}
      {edited && (
        <SceneEditor room={room} scene={edited} desk={desk} onClose={() => setEdited(null)} />
      )}
    </>
  );
});

/** Carries out what changes the whole room and keeps why it could not be done. */
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

/** Why nobody here can change the scene now; null when they can. */
function obstacleTo(canEnter: boolean, isReachable: boolean): string | null {
  if (!canEnter) return 'room_scenes.not_yours';
  return isReachable ? null : 'room_console.cannot.unreachable';
}

/** A key is easily hit by mistake, so it takes two; a button is not, and nobody has time. */
function useArming(lock: () => void, obstacle: string | null, say: Say) {
  const translate = useTranslate();
  const [isArmed, setIsArmed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const press = useCallback(() => {
    if (obstacle !== null) {
      say(translate(obstacle), 'bad');
      return;
    }
    clearTimeout(timer.current);
    setIsArmed(!isArmed);
    if (isArmed) {
      say(translate('room_scenes.locking'));
      lock();
    } else {
      say(translate('room_scenes.press_again'), 'bad', ARMED_MS);
      timer.current = setTimeout(() => setIsArmed(false), ARMED_MS);
    }
  }, [isArmed, obstacle, lock, say, translate]);
  return { isArmed, press };
}
