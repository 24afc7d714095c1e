import { memo, useEffect, useRef } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import { Link } from 'react-router-dom';
import { useLiveStatus } from '../../api/liveUpdates';
import { useAnnounce } from '../../shared/announce';
import { useErrorText } from '../../shared/useErrorText';
import { useSystemStatus } from '../../api/useSystemStatus';
import { type Condition, ConditionStrip } from './ConditionStrip';
import { clockTime } from '../seat/times';

export interface BannersProps {
  isClosed: boolean;
  /** The room was read before but could not be read again. */
  staleError: unknown;
  /** When what is shown was last known to be right. */
  asOf: () => Date | null;
  /** When the session ended that was here before. */
  endedAt: Date | null;
  /** Where everything that happened can be read; null for who may not. */
  logPath: string | null;
  /** The scene that plays. */
  scene: Condition | null;
  /** Why a scene could not be entered or left. */
  sceneProblem: string | null;
  onRetry: () => void;
}

/** What a moderator has to know about the page itself before acting on it; the worst first. */
export const Banners = memo(function Banners(props: BannersProps) {
  const { isClosed, staleError, asOf, endedAt, logPath, scene, sceneProblem, onRetry } = props;
  const translate = useTranslate();
  const errorText = useErrorText();
  const live = useLiveStatus();
  const { data: status } = useSystemStatus();
  const livekit = status?.livekit.state;
  useAgain(live.state, ['polling', 'offline'], 'live', 'room_console.banners.live_again');
  useAgain(livekit, ['down'], 'up', 'room_console.banners.livekit_again');

  const conditions: Condition[] = [];
  const add = (
    name: string,
    severity: Condition['severity'],
    text: string,
    action?: Condition['action'],
  ) => conditions.push({ name, severity, text, action });
  if (live.state === 'offline') {
    const time = clockTime(asOf() ?? new Date());
    add('offline', 'error', translate('room_console.banners.offline', { time }));
  }
  if (sceneProblem !== null) add('scene_problem', 'error', sceneProblem);
  if (live.state === 'polling') {
    add('polling', 'warning', translate('room_console.banners.stream_lost'));
  }
  if (live.state !== 'offline' && staleError) {
    const reason = errorText(staleError);
    add(
      'stale',
      'warning',
      translate('room_console.banners.stale', { reason }),
      <Button color="inherit" onClick={onRetry}>
        {translate('app.action.retry')}
      </Button>,
    );
  }
  const install = status?.livekit.install;
  if (install?.state === 'installing') {
    const progress = install.percent == null ? install.text : `${install.percent} %`;
    add('livekit', 'info', translate('room_console.banners.livekit_installing', { progress }));
  } else if (install) {
    add('livekit', 'warning', translate('room_console.banners.livekit_failed'));
  } else if (livekit === 'down' || livekit === 'absent') {
    add('livekit', 'warning', translate(`room_console.banners.livekit_${livekit}`));
  }
  if (scene) conditions.push(scene);
  if (endedAt) {
    add(
      'ended',
      'info',
      translate('room_console.banners.ended', { time: clockTime(endedAt) }),
      logPath && (
        <Button color="inherit" component={Link} to={logPath}>
          {translate('room_console.banners.log')}
        </Button>
      ),
    );
  }
  if (isClosed) add('closed', 'info', translate('room_console.banners.closed'));
  return <ConditionStrip conditions={conditions} />;
});

/** A banner announces itself when it appears; this announces that it is over. */
function useAgain(
  state: string | undefined,
  bad: readonly string[],
  good: string,
  message: string,
) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const wasBad = useRef(false);
  useEffect(() => {
    if (state === undefined) return;
    if (bad.includes(state)) wasBad.current = true;
    else if (state === good && wasBad.current) {
      wasBad.current = false;
      announce(translate(message));
    }
  });
}
