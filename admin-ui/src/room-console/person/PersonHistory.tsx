import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import { Link as RouterLink } from 'react-router-dom';
import { getJson, path } from '../../api/httpClient';
import type { Issuance, Page, Seat, SeatOperation } from '../../api/records';
import { personPath } from '../../shared/historyPaths';
import { TimeText } from '../../shared/TimeText';
import { PersonSection as Section } from '../seat/PersonSection';
import { clockTime, shortDuration } from '../seat/times';
import { actorText } from '../../shared/actorText';

const LAST = 5;
const LAST_TOKENS = 3;
/** Large enough to be pressed where links are close to each other. */
const TARGET = { display: 'inline-block', lineHeight: '24px' };

export interface PersonHistoryProps {
  room: string;
  seat: Seat;
  /** Whether the activity log can be opened. */
  hasLog: boolean;
}

/** The last acts on this person, who did them, and how long each took. */
export function PersonHistory({ room, seat, hasLog }: PersonHistoryProps) {
  const translate = useTranslate();
  const { data } = useQuery({
    queryKey: ['seat-operations', room, seat.identity, seat.epoch, seat.lastChange?.at],
    queryFn: ({ signal }) =>
      getJson<SeatOperation[]>(path('rooms', room, 'seats', seat.identity, 'operations'), {
        query: { limit: LAST },
        signal,
      }),
  });
  if (!data) return null;
  const filter = new URLSearchParams({ room, identity: seat.identity });
  return (
    <Section title={translate('room_console.panel.history')}>
      {data.length === 0 ? (
        <span>{translate('room_console.panel.no_history')}</span>
      ) : (
        <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {data.map((operation) => (
            <Box component="li" key={operation.id} sx={{ py: 0.25 }}>
              <HistoryLine operation={operation} />
            </Box>
          ))}
        </Box>
      )}
      {hasLog && (
        <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 2, mt: 0.5 }}>
          <Link component={RouterLink} to={`/activity?${filter}`} sx={TARGET}>
            {translate('room_console.panel.all_history')}
          </Link>
          <Link component={RouterLink} to={personPath(seat.identity)} sx={TARGET}>
            {translate('room_console.panel.over_time')}
          </Link>
        </Box>
      )}
    </Section>
  );
}

function HistoryLine({ operation }: { operation: SeatOperation }) {
  const translate = useTranslate();
  const { action, by, byKind, at, outcome, detail, reason, goneMs, undoneBy } = operation;
  const details = [
    outcome !== 'applied' && translate(`room_console.outcomes.${outcome}`, { _: outcome }),
    outcome === 'failed' && detail,
    goneMs !== null &&
      translate('room_console.panel.silent_after', { time: shortDuration(goneMs) }),
    reason,
    undoneBy && translate('room_console.panel.undone'),
  ];
  return (
    <>
      <Box component="span" sx={{ fontWeight: 550 }}>
        {translate(`room_console.done.${action}`, { _: action })}
      </Box>{' '}
      <span>{details.filter(Boolean).join(' · ')}</span>{' '}
      <Box component="span" sx={{ color: 'text.secondary' }}>
        <span>{actorText(by, byKind, translate)}</span> <TimeText at={at} />
      </Box>
    </>
  );
}

/** The last tokens that were issued to this person for this room. */
export function PersonTokens({ room, seat }: { room: string; seat: Seat }) {
  const translate = useTranslate();
  const { data } = useQuery({
    queryKey: ['seat-tokens', room, seat.identity],
    queryFn: ({ signal }) =>
      getJson<Page<Issuance>>('/issuances', {
        query: { limit: LAST_TOKENS, filter: JSON.stringify({ room, identity: seat.identity }) },
        signal,
      }),
  });
  if (!data) return null;
  return (
    <Section title={translate('room_console.panel.tokens')}>
      {data.data.length === 0
        ? translate('room_console.panel.no_tokens')
        : data.data.map(({ id, at, template, expiresAt }) => (
            <Box key={id}>
              <Link component={RouterLink} to={`/issuances${path(id)}`} sx={TARGET}>
                {translate('room_console.panel.token', {
                  template: template ?? '–',
                  time: expiresAt ? clockTime(expiresAt) : '–',
                })}
              </Link>{' '}
              <Box component="span" sx={{ color: 'text.secondary' }}>
                <TimeText at={at} />
              </Box>
            </Box>
          ))}
    </Section>
  );
}
