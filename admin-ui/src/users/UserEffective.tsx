import { useState } from 'react';
import { useGetList, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Collapse from '@mui/material/Collapse';
import IconButton from '@mui/material/IconButton';
import ExpandMore from '@mui/icons-material/ExpandMore';
import Skeleton from '@mui/material/Skeleton';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getJson } from '../api/httpClient';
import type { Explanation, Room, User } from '../api/records';
import { RowLink } from '../shared/RowLink';
import { roomConsolePath } from '../rooms/paths';
import { fromLocalField } from '../shared/time';
import { may } from '../session/permissions';
import { useMe } from '../session/session';
import { BecauseList } from '../shared/BecauseList';
import { ErrorState } from '../shared/ErrorState';
import { Panel } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge } from '../shared/StatusBadge';
import { useErrorText } from '../shared/useErrorText';

const ROOMS = 25;

/** One question to the server per room: the dashboard decides nothing itself. */
export function UserEffective({ user }: { user: User }) {
  const translate = useTranslate();
  const me = useMe();
  const [asOf, setAsOf] = useState('');
  const { data, total, error, isPending, refetch } = useGetList<Room>('rooms', {
    pagination: { page: 1, perPage: ROOMS },
    sort: { field: 'name', order: 'ASC' },
  });
  return (
    <Panel title={translate('users.tab.effective')} text={translate('users.effective.text')}>
      {may(me, 'ledger.read') && (
        <TextField
          type="datetime-local"
          label={translate('users.effective.as_of')}
          helperText={translate('users.effective.as_of_help')}
          value={asOf}
          onChange={(event) => setAsOf(event.target.value)}
          slotProps={{ inputLabel: { shrink: true } }}
          sx={{ width: 260, maxWidth: '100%' }}
        />
      )}
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : isPending ? (
        <Skeleton height={120} animation={false} />
      ) : data.length === 0 ? (
        <span>{translate('users.effective.none')}</span>
      ) : (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {data.map((room) => (
            <RoomRow key={room.id} room={room} identity={user.identity} at={fromLocalField(asOf)} />
          ))}
        </Box>
      )}
      {total !== undefined && total > ROOMS && (
        <span>{translate('users.effective.more', { count: ROOMS })}</span>
      )}
    </Panel>
  );
}

function RoomRow({ room, identity, at }: { room: Room; identity: string; at: string }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const [isOpen, setIsOpen] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['explain', room.name, identity, at],
    queryFn: ({ signal }) =>
      getJson<Explanation>('/explain', {
        query: { room: room.name, identity, ...(at === '' ? {} : { at }) },
        signal,
      }),
  });
  return (
    <Box component="li" sx={{ borderTop: 1, borderColor: 'divider', py: 0.5 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, minHeight: 32, flexWrap: 'wrap' }}>
        <Box sx={{ flex: '1 1 140px', minWidth: 0 }}>
          <RowLink to={roomConsolePath(room.name)}>
            <bdi translate="no">{room.name}</bdi>
          </RowLink>
        </Box>
        {data ? (
          <>
            <Box sx={{ flex: '1 1 140px', minWidth: 0 }}>
              {data.template && <RoleChip template={data.template} version={data.version} />}
            </Box>
            <StatusBadge tone={data.verdict === 'allow' ? 'good' : 'bad'}>
              {translate(
                data.verdict === 'allow' ? 'users.effective.allow' : 'users.effective.deny',
              )}
            </StatusBadge>
            <IconButton
              aria-expanded={isOpen}
              aria-label={translate('users.effective.why', { room: room.name })}
              onClick={() => setIsOpen(!isOpen)}
            >
              <ExpandMore sx={{ fontSize: 18, transform: isOpen ? 'rotate(180deg)' : undefined }} />
            </IconButton>
          </>
        ) : error ? (
          <StatusBadge tone="pending" sx={{ whiteSpace: 'normal' }}>
            {errorText(error)}
          </StatusBadge>
        ) : (
          <Skeleton sx={{ flex: '0 1 160px' }} animation={false} />
        )}
      </Box>
      {data && (
        <Collapse in={isOpen} unmountOnExit>
          <Box sx={{ pl: 1, pb: 1 }}>
            <BecauseList because={data.because} />
            {data.log?.gaps.map((gap) => (
              <Typography key={gap.code} variant="body2">
                {translate('users.effective.gap', { text: gap.text })}
              </Typography>
            ))}
          </Box>
        </Collapse>
      )}
    </Box>
  );
}
