import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import { Link as RouterLink } from 'react-router-dom';
import { getJson, path } from '../../api/httpClient';
import type { Seat, SeatDetail } from '../../api/records';
import { actorText } from '../../shared/actorText';
import { PersonSection as Section } from '../seat/PersonSection';
import { clockTime } from '../seat/times';

export interface CameInWithProps {
  room: string;
  seat: Seat;
}

/** The issued token that the connection of now came from, however often LiveKit renewed it. */
export function CameInWith({ room, seat }: CameInWithProps) {
  const translate = useTranslate();
  const { data } = useQuery({
    queryKey: ['came-in-with', room, seat.identity, seat.joinedAt],
    queryFn: ({ signal }) =>
      getJson<SeatDetail>(path('rooms', room, 'seats', seat.identity), { signal }),
    enabled: seat.isPresent,
    staleTime: 60_000,
  });
  const origin = seat.isPresent && data?.cameInWith;
  if (!origin) return null;
  const { through, issuance, text } = origin;
  return (
    <Section title={translate('room_console.panel.came_in')}>
      {issuance ? (
        <>
          <Link component={RouterLink} to={`/issuances${path(issuance.id)}`}>
            {translate(`room_console.panel.came_in_${through}`, {
              by: actorText(issuance.issuer.label, issuance.issuer.kind, translate),
              time: clockTime(issuance.at),
            })}
          </Link>
          <Box sx={{ color: 'text.secondary' }}>
            {translate('room_console.panel.token', {
              template: issuance.template ?? '–',
              time: issuance.expiresAt ? clockTime(issuance.expiresAt) : '–',
            })}
          </Box>
        </>
      ) : (
        text
      )}
    </Section>
  );
}
