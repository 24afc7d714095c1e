import { Title, useGetList, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import type { Acts } from '@rolecall/server/api';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import { LedgerSentence } from '../ledger/LedgerSentence';
import { OutcomeBadge } from '../ledger/OutcomeBadge';
import { OpenSearch } from '../layout/SearchField';
import { getJson } from '../api/httpClient';
import type { Room } from '../api/records';
import { useMe } from '../session/session';
import { roomConsolePath } from '../rooms/paths';
import { ErrorState } from '../shared/ErrorState';
import { Panel } from '../shared/Panel';
import { RowLink } from '../shared/RowLink';
import { TimeText } from '../shared/TimeText';
import { usePermissionSet } from '../session/usePermissionSet';
import { FirstSteps } from './FirstSteps';
import './messages.en';

export function HomePage() {
  const translate = useTranslate();
  const me = useMe();
  const can = usePermissionSet();
  if (!me) return null;
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 1080, minWidth: 0 }}>
      <Title title={translate('home.hello', { name: me.operator.name || me.operator.email })} />
      {/* Where the top bar has it whole, once is enough. */}
      <Box sx={{ display: { lg: 'none' } }}>
        <OpenSearch />
      </Box>
      <FirstSteps />
      <Box
        sx={{
          display: 'grid',
          gap: 2,
          gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'minmax(0, 1fr) minmax(0, 1.4fr)' },
          alignItems: 'start',
        }}
      >
        {can('room.read') && <LiveRooms />}
        {can('ledger.read') && <LatestActivity />}
      </Box>
    </Box>
  );
}

function LiveRooms() {
  const translate = useTranslate();
  const { data, error, isPending, refetch } = useGetList<Room>('rooms', {
    filter: { isLive: true },
    pagination: { page: 1, perPage: 8 },
    sort: { field: 'name', order: 'ASC' },
  });
  return (
    <Panel
      title={translate('home.live')}
      text={translate('home.live_text')}
      action={
        <Button component={Link} to="/rooms">
          {translate('home.all_rooms')}
        </Button>
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : isPending ? (
        <Skeleton height={64} animation={false} />
      ) : data.length === 0 ? (
        <Typography color="text.secondary">{translate('home.live_none')}</Typography>
      ) : (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {data.map((room) => (
            <Box
              component="li"
              key={room.id}
              sx={{
                display: 'flex',
                gap: 1,
                alignItems: 'center',
                minHeight: 36,
                borderTop: 1,
                borderColor: 'divider',
              }}
            >
              <Box sx={{ flex: 1, minWidth: 0 }}>
                <RowLink to={roomConsolePath(room.name)}>
                  <bdi translate="no">{room.title || room.name}</bdi>
                </RowLink>
              </Box>
              <Box sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>
                {translate('home.people', { smart_count: room.numParticipants })}
              </Box>
            </Box>
          ))}
        </Box>
      )}
    </Panel>
  );
}

/** Who reads the log would else see little more than that. */
const NOT_LOOKS = '-kind:ledger.read,token.previewed';

function LatestActivity() {
  const translate = useTranslate();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['/ledger/acts', 'latest'],
    queryFn: ({ signal }) =>
      getJson<Acts>('/ledger/acts', { query: { limit: 8, query: NOT_LOOKS }, signal }),
    refetchInterval: 10_000,
  });
  return (
    <Panel
      title={translate('home.recent')}
      text={translate('home.recent_text')}
      action={
        <Button component={Link} to="/activity">
          {translate('home.all_activity')}
        </Button>
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : isPending ? (
        <Skeleton height={160} animation={false} />
      ) : data.data.length === 0 ? (
        <Typography color="text.secondary">{translate('home.recent_none')}</Typography>
      ) : (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {data.data.map((act) => (
            <Box
              component="li"
              key={act.id}
              sx={{
                display: 'flex',
                gap: 1.5,
                py: 0.75,
                borderTop: 1,
                borderColor: 'divider',
                fontSize: '.8125rem',
                flexWrap: { xs: 'wrap', sm: 'nowrap' },
              }}
            >
              <Box sx={{ width: 96, flex: 'none' }}>
                <OutcomeBadge entry={act} />
              </Box>
              <Box
                component={Link}
                to={`/activity/${encodeURIComponent(act.id)}`}
                sx={{
                  flex: 1,
                  minWidth: 160,
                  color: 'inherit',
                  textDecoration: 'none',
                  '&:hover': { textDecoration: 'underline' },
                }}
              >
                <LedgerSentence
                  entry={{ ...act.entry, outcome: act.outcome }}
                  people={act.people}
                />
              </Box>
              <Box sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>
                <TimeText at={act.at} />
              </Box>
            </Box>
          ))}
        </Box>
      )}
    </Panel>
  );
}
