import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslate } from 'react-admin';
import type { Track } from 'livekit-client';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useAnnounce } from '../../shared/announce';
import { GuardedButton } from '../../shared/GuardedButton';
import { useAttached } from '../../shared/useAttached';
import { clockTime, timeLeft } from '../seat/times';
import { useSeconds } from '../seat/useSeconds';
import { PeekSession, type PeekState, type PeekTile } from './PeekSession';

export interface PeekViewProps {
  room: string;
  identity: string;
  name: string;
  errorText: (error: unknown) => string;
  onStop: () => void;
}

/** What one person sends, as long as this is on the page; *again* starts a new peek. */
export default function PeekView(props: PeekViewProps) {
  const [count, setCount] = useState(0);
  return <PeekAttempt key={count} {...props} onAgain={() => setCount(count + 1)} />;
}

function PeekAttempt(props: PeekViewProps & { onAgain: () => void }) {
  const { room, identity, name, onStop } = props;
  const translate = useTranslate();
  const [session] = useState(() => new PeekSession(room, identity));
  const state = useSyncExternalStore(session.subscribe, session.read);
  useEffect(() => {
    const stop = () => session.stop();
    addEventListener('pagehide', stop);
    void session.start();
    return () => {
      removeEventListener('pagehide', stop);
      stop();
    };
  }, [session]);
  useSpokenPhase(state.phase, name);

  if (state.phase === 'ended') return <Ended {...props} state={state} />;
  const { isListening } = state;
  const isOn = state.phase !== 'connecting';
  return (
    <Box>
      <Banner until={state.until} />
      <Tiles state={state} name={name} />
      {state.sounds.map((track) => (
        <Sound key={track.sid} track={track} />
      ))}
      <Box sx={BUTTONS}>
        <Button variant="outlined" onClick={onStop}>
          {translate('room_peek.stop')}
        </Button>
        <GuardedButton
          variant="outlined"
          aria-pressed={isListening}
          obstacle={isOn ? null : translate('room_peek.connecting')}
          onClick={() => void session.listenTo(!isListening)}
        >
          {translate(isListening ? 'room_peek.mute' : 'room_peek.listen')}
        </GuardedButton>
        {state.isSoundBlocked && (
          <Button onClick={() => void session.listenTo(true)}>
            {translate('room_peek.unblock_sound')}
          </Button>
        )}
      </Box>
      {isListening && isOn && !state.hasSound && <Quiet>{translate('room_peek.no_sound')}</Quiet>}
    </Box>
  );
}

/** Says all the time that the moderator is watching, and that it is logged. */
function Banner({ until }: { until: string | null }) {
  const translate = useTranslate();
  const now = useSeconds();
  return (
    <Box
      role="note"
      sx={{
        px: 1,
        py: 0.75,
        mb: 1,
        borderRadius: 1,
        bgcolor: 'warning.main',
        color: 'warning.contrastText',
        fontWeight: 600,
      }}
    >
      <span>{translate('room_peek.observing')}</span>
      {until && (
        <Box component="span" sx={{ display: 'block', fontWeight: 400 }}>
          {translate('room_peek.ends', { time: clockTime(until), left: timeLeft(until, now) })}
        </Box>
      )}
    </Box>
  );
}

function Tiles({ state, name }: { state: PeekState; name: string }) {
  const translate = useTranslate();
  if (state.phase === 'connecting') return <Quiet>{translate('room_peek.connecting')}</Quiet>;
  const { tiles, more } = state;
  return (
    <>
      {state.phase === 'reconnecting' && <Quiet>{translate('room_peek.reconnecting')}</Quiet>}
      {tiles.length === 0 && <Quiet>{translate(`room_peek.${nothing(state)}`)}</Quiet>}
      <Box sx={{ display: 'grid', gap: 1 }}>
        {tiles.map((tile) => (
          <Tile key={tile.sid} tile={tile} name={name} />
        ))}
      </Box>
      {more > 0 && <Quiet>{translate('room_peek.more', { smart_count: more })}</Quiet>}
    </>
  );
}

function nothing({ isHere, hasSound }: PeekState): string {
  if (!isHere) return 'not_here';
  return hasSound ? 'nothing_but_sound' : 'nothing';
}

function Tile({ tile, name }: { tile: PeekTile; name: string }) {
  const translate = useTranslate();
  const label = translate(tile.isScreen ? 'room_peek.screen_of' : 'room_peek.video_of', { name });
  return (
    <Box component="figure" sx={FRAME}>
      {tile.track && !tile.isMuted ? (
        <Picture track={tile.track} label={label} />
      ) : (
        <Box className="off">
          {tile.isMuted ? translate('room_peek.paused') : translate('room_peek.connecting')}
        </Box>
      )}
      <Box component="figcaption">{label}</Box>
    </Box>
  );
}

function Picture({ track, label }: { track: Track; label: string }) {
  return (
    <video
      ref={useAttached<HTMLVideoElement>(track)}
      aria-label={label}
      autoPlay
      playsInline
      muted
    />
  );
}

function Sound({ track }: { track: Track }) {
  return <audio ref={useAttached<HTMLAudioElement>(track)} autoPlay />;
}

function Ended({ state, errorText, onStop, onAgain }: PeekViewProps & Again & Drawn) {
  const translate = useTranslate();
  const text = state.error
    ? translate('room_peek.ended.refused', { reason: errorText(state.error) })
    : translate(`room_peek.ended.${state.ending}`);
  return (
    <Box role="status">
      <Typography variant="body2">{text}</Typography>
      <Box sx={BUTTONS}>
        <Button variant="outlined" onClick={onAgain}>
          {translate('room_peek.again')}
        </Button>
        <Button onClick={onStop}>{translate('app.action.close')}</Button>
      </Box>
    </Box>
  );
}

interface Again {
  onAgain: () => void;
}

interface Drawn {
  state: PeekState;
}

function useSpokenPhase(phase: PeekState['phase'], name: string) {
  const translate = useTranslate();
  const announce = useAnnounce();
  useEffect(() => {
    if (phase !== 'watching') return;
    announce(translate('room_peek.announce.watching', { name }));
    return () => announce(translate('room_peek.announce.ended'));
  }, [phase, name, announce, translate]);
}

function Quiet({ children }: { children: ReactNode }) {
  return (
    <Typography variant="body2" color="text.secondary" sx={{ my: 0.75 }}>
      {children}
    </Typography>
  );
}

const BUTTONS = {
  display: 'flex',
  flexWrap: 'wrap',
  gap: 1,
  mt: 1,
  '@media (pointer: coarse)': { '& button': { minHeight: 44 } },
} as const;

const FRAME = {
  m: 0,
  borderRadius: 1,
  overflow: 'hidden',
  border: 1,
  borderColor: 'divider',
  '& video, & .off': {
    display: 'grid',
    placeItems: 'center',
    width: '100%',
    aspectRatio: '16 / 9',
    objectFit: 'contain',
    bgcolor: 'common.black',
    color: 'common.white',
  },
  '& figcaption': { px: 1, py: 0.5, fontSize: '.75rem' },
} as const;
