import { memo, useEffect, useRef } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import { Link } from 'react-router-dom';
import { useLiveStatus } from '../providers/liveUpdates';
import { useAnnounce } from '../shared/announce';
import { useErrorText } from '../shared/useErrorText';
import { useSystemStatus } from '../shared/useSystemStatus';
import { clockTime } from './seatWords';

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
  onRetry: () => void;
}

/** What a moderator has to know about the page itself before acting on it. */
export const Banners = memo(function Banners(props: BannersProps) {
  const { isClosed, staleError, asOf, endedAt, logPath, onRetry } = props;
  const translate = useTranslate();
  const errorText = useErrorText();
  const live = useLiveStatus();
  const { data: status } = useSystemStatus();
  const livekit = status?.livekit.state;
  useAgain(live.state, ['polling', 'offline'], 'live', 'room_console.banners.live_again');
  useAgain(livekit, ['down'], 'up', 'room_console.banners.livekit_again');
  return (
    <>
      {live.state === 'offline' ? (
        <Alert severity="error">
          {translate('room_console.banners.offline', { time: clockTime(asOf() ?? new Date()) })}
        </Alert>
      ) : (
        live.state === 'polling' && (
          <Alert severity="warning">{translate('room_console.banners.stream_lost')}</Alert>
        )
      )}
      {live.state !== 'offline' && Boolean(staleError) && (
        <Alert
          severity="warning"
          action={
            <Button color="inherit" onClick={onRetry}>
              {translate('app.action.retry')}
            </Button>
          }
        >
          {translate('room_console.banners.stale', { reason: errorText(staleError) })}
        </Alert>
      )}
      {(livekit === 'down' || livekit === 'absent') && (
        <Alert severity="warning">{translate(`room_console.banners.livekit_${livekit}`)}</Alert>
      )}
      {endedAt && (
        <Alert
          severity="info"
          action={
            logPath && (
              <Button color="inherit" component={Link} to={logPath}>
                {translate('room_console.banners.log')}
              </Button>
            )
          }
        >
          {translate('room_console.banners.ended', { time: clockTime(endedAt) })}
        </Alert>
      )}
      {isClosed && <Alert severity="info">{translate('room_console.banners.closed')}</Alert>}
    </>
  );
});

/** The banner speaks for itself when it comes; that it is over would be silence. */
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
