import { lazy, Suspense, useId } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import type { Seat } from '../../api/records';
import { REFUSED } from '../../shared/GuardedButton';
import { PersonSection } from '../seat/PersonSection';
import { nameOf } from '../../shared/nameOf';
import { useRoomRoster } from '../roster/rosterContext';
import { usePeekControls } from './usePeek';

/** LiveKit's client is larger than the rest of the console, so it loads with the first peek. */
const PeekView = lazy(() => import('./PeekView'));

export interface PeekSectionProps {
  seat: Seat;
  errorText: (error: unknown) => string;
}

/** Seeing and hearing somebody, for who may: what it means is said before it begins. */
export function PeekSection({ seat, errorText }: PeekSectionProps) {
  const translate = useTranslate();
  const textId = useId();
  const { room } = useRoomRoster();
  const { peeking, togglePeek, stopPeeking, peekObstacle } = usePeekControls();
  const obstacle = peekObstacle(seat);
  const isPeeking = peeking === seat.identity;
  const name = nameOf(seat);
  if (seat.peeksAt || (!seat.isPresent && !isPeeking)) return null;
  return (
    <PersonSection title={translate('room_peek.title')}>
      {isPeeking ? (
        <Suspense fallback={<Skeleton height={120} animation={false} />}>
          <PeekView
            room={room}
            identity={seat.identity}
            name={name}
            errorText={errorText}
            onStop={stopPeeking}
          />
        </Suspense>
      ) : (
        <>
          <Button
            variant="outlined"
            // The text below says why.
            aria-disabled={obstacle !== null}
            aria-describedby={textId}
            sx={{
              '@media (pointer: coarse)': { minHeight: 44 },
              ...(obstacle !== null && REFUSED),
            }}
            onClick={() => togglePeek(seat.identity)}
          >
            {translate('room_peek.begin', { name })}
          </Button>
          <Typography id={textId} variant="body2" color="text.secondary" sx={{ mt: 0.75 }}>
            {obstacle ?? translate('room_peek.before')}
          </Typography>
        </>
      )}
    </PersonSection>
  );
}
