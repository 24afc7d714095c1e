import { lazy, Suspense, useId } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import type { Seat } from '../../api/records';
import { REFUSED } from '../../shared/GuardedButton';
import { PersonSection } from '../seat/PersonSection';
import { nameOf } from '../seat/seatFacts';
import type { Console } from '../useConsole';

/** LiveKit's client is larger than the rest of the console; it comes when somebody looks. */
const PeekView = lazy(() => import('./PeekView'));

export interface PeekSectionProps {
  desk: Console;
  seat: Seat;
  errorText: (error: unknown) => string;
}

/** Seeing and hearing somebody, for who may: what it means is said before it begins. */
export function PeekSection({ desk, seat, errorText }: PeekSectionProps) {
  const translate = useTranslate();
  const textId = useId();
  const obstacle = desk.peekObstacle(seat);
  const isPeeking = desk.peeking === seat.identity;
  const name = nameOf(seat);
  if (seat.peeksAt || (!seat.isPresent && !isPeeking)) return null;
  return (
    <PersonSection title={translate('room_peek.title')}>
      {isPeeking ? (
        <Suspense fallback={<Skeleton height={120} animation={false} />}>
          <PeekView
            room={desk.room}
            identity={seat.identity}
            name={name}
            errorText={errorText}
            onStop={desk.stopPeeking}
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
            onClick={() => desk.command('peek', seat.identity, document.body)}
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
