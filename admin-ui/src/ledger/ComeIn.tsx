import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import { getJson } from '../api/httpClient';
import type { Explanation } from '../api/records';
import { ErrorState } from '../shared/ErrorState';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge } from '../shared/StatusBadge';
import { useErrorText } from '../shared/useErrorText';

/** Whether somebody could come in when the entry was written, and whether they can now. */
export function ComeIn({ room, identity, at }: { room: string; identity: string; at: string }) {
  return (
    <Box sx={{ display: 'grid', gap: 1, gridTemplateColumns: { sm: '1fr 1fr' } }}>
      <Instant label="then" room={room} identity={identity} at={at} />
      <Instant label="now" room={room} identity={identity} />
    </Box>
  );
}

function Instant({
  label,
  room,
  identity,
  at,
}: {
  label: 'then' | 'now';
  room: string;
  identity: string;
  at?: string;
}) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { data, error, refetch } = useQuery({
    queryKey: ['explain', room, identity, at ?? 'now'],
    queryFn: ({ signal }) =>
      getJson<Explanation>('/explain', {
        query: { room, identity, ...(at === undefined ? {} : { at }) },
        signal,
      }),
    retry: false,
  });
  const isGone = (error as { status?: number } | null)?.status === 404;
  const tone = data ? (data.entrance.canComeIn ? 'success' : 'error') : null;
  return (
    <Box
      sx={(theme) => ({
        p: 1.25,
        borderRadius: 1,
        minWidth: 0,
        bgcolor: tone
          ? `color-mix(in srgb, ${theme.palette[tone].main} 9%, transparent)`
          : 'action.hover',
      })}
    >
      <Typography variant="body2" color="text.secondary">
        {translate(`ledger.come_in.${label}`)}
      </Typography>
      {data ? (
        <>
          <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
            <StatusBadge tone={data.entrance.canComeIn ? 'good' : 'bad'}>
              {translate(`ledger.come_in.${data.entrance.canComeIn ? 'yes' : 'no'}`)}
            </StatusBadge>
            {data.template && <RoleChip template={data.template} version={data.version} />}
          </Box>
          <Typography variant="body2" color="text.secondary">
            {data.entrance.text}
          </Typography>
          {data.log?.gaps.map((gap) => (
            <Typography key={gap.code} variant="body2">
              {translate('ledger.come_in.gap', { text: gap.text })}
            </Typography>
          ))}
        </>
      ) : isGone ? (
        <Typography variant="body2">{errorText(error)}</Typography>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton height={24} animation={false} />
      )}
    </Box>
  );
}
