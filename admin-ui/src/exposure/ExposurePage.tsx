import { useState } from 'react';
import { Title, useLocale, useTranslate } from 'react-admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import FormControlLabel from '@mui/material/FormControlLabel';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Switch from '@mui/material/Switch';
import Typography from '@mui/material/Typography';
import { getJson } from '../api/httpClient';
import type { ExposurePage as Answer } from '../api/records';
import { EmptyState } from '../shared/EmptyState';
import { ErrorState } from '../shared/ErrorState';
import { SearchBox } from '../shared/filters';
import { absoluteTime } from '../shared/time';
import { useUrlFilters } from '../shared/useUrlFilters';
import { useZone } from '../ledger/zone';
import { BarCard } from '../timelines/BarCard';
import { ExposureTable } from '../timelines/exposure/ExposureTable';
import '../timelines/exposure/messages.en';

const TEXTS = ['identity', 'room', 'template', 'issuer'] as const;
const PAGE = 50;

/** Who could still come in: to which room, as what, until when. */
export function ExposurePage() {
  const translate = useTranslate();
  const zone = useZone();
  const filters = useUrlFilters(
    [...TEXTS, 'stopped', 'openAt'],
    (key, value) => key !== 'openAt' || !Number.isNaN(Date.parse(value)),
  );
  const key = JSON.stringify(filters.values);
  const [page, setPage] = useState({ of: key, cursor: '0' });
  const cursor = page.of === key ? page.cursor : '0';
  const turnTo = (next: string) => setPage({ of: key, cursor: next });
  const given = Object.fromEntries(Object.entries(filters.values).filter(([, value]) => value));
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['exposure', key, cursor],
    queryFn: ({ signal }) =>
      getJson<Answer>('/exposure', { query: { ...given, cursor, limit: String(PAGE) }, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Box>
      <Title title={translate('app.nav.exposure')} />
      <Typography color="text.secondary" sx={{ mb: 2 }}>
        {translate('exposure.text')}
      </Typography>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', mb: 2, alignItems: 'center' }}>
        {TEXTS.map((name) => (
          <SearchBox
            key={name}
            isHalf
            width={200}
            label={translate(`exposure.filter.${name}`)}
            hint={translate(
              `exposure.hint.${name === 'issuer' || name === 'template' ? name : 'whole'}`,
            )}
            value={filters.values[name]}
            onChange={(value) => filters.set({ [name]: value })}
          />
        ))}
        <FormControlLabel
          sx={{ ml: 0.5 }}
          control={
            <Switch
              checked={filters.values.stopped === 'true'}
              onChange={(_event, isOn) => filters.set({ stopped: isOn ? 'true' : '' })}
            />
          }
          label={translate('exposure.filter.stopped')}
        />
      </Box>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : isPending || !data ? (
        <Paper
          variant="outlined"
          sx={{ p: 2 }}
          role="status"
          aria-label={translate('exposure.loading')}
        >
          <Skeleton height={36} animation={false} />
          <Skeleton height={36} animation={false} />
        </Paper>
      ) : (
        <>
          <Horizon answer={data} />
          {data.bars.length > 0 && (
            <Box sx={{ mb: 2 }}>
              <BarCard
                title={translate('exposure.over_time')}
                text={translate('exposure.over_time_text')}
                layers={[
                  { id: 'tokens', tone: 'primary' },
                  { id: 'sessions', tone: 'neutral' },
                ]}
                columns={columnsOf(data.bars)}
                chosen={chosenIn(columnsOf(data.bars), filters.values.openAt)}
                onChoose={(span) =>
                  filters.set({ openAt: span ? new Date(span.from).toISOString() : '' })
                }
                zone={zone}
              />
            </Box>
          )}
          {filters.values.openAt && (
            <Chip
              sx={{ mb: 1 }}
              label={translate('exposure.open_at', {
                at: zone.format(filters.values.openAt, 'dayAndMinute'),
              })}
              onDelete={() => filters.set({ openAt: '' })}
            />
          )}
          {data.data.length === 0 ? (
            <Paper variant="outlined">
              <EmptyState
                title={translate(filters.isAny ? 'exposure.no_match' : 'exposure.empty_title')}
                text={translate(filters.isAny ? 'exposure.no_match_text' : 'exposure.empty_text')}
              />
            </Paper>
          ) : (
            <ExposureTable rows={data.data} />
          )}
          <Box sx={{ display: 'flex', gap: 1, mt: 1 }}>
            {data.pageInfo.prev !== null && (
              <Button onClick={() => turnTo(data.pageInfo.prev ?? '0')}>
                {translate('exposure.back')}
              </Button>
            )}
            {data.pageInfo.next !== null && (
              <Button onClick={() => turnTo(data.pageInfo.next ?? '0')}>
                {translate('exposure.more')}
              </Button>
            )}
          </Box>
        </>
      )}
    </Box>
  );
}

/** The bars have one width; the last one ends where none is left. */
function columnsOf(bars: Answer['bars']) {
  const width = bars.length > 1 ? Date.parse(bars[1]!.at) - Date.parse(bars[0]!.at) : 1;
  return bars.map(({ at, tokens, sessions }) => {
    const from = Date.parse(at);
    return { at: from, to: from + width, counts: [tokens, sessions], numbers: [tokens, sessions] };
  });
}

function chosenIn(columns: ReturnType<typeof columnsOf>, openAt: string) {
  const at = Date.parse(openAt);
  const column = columns.find((one) => at >= one.at && at < one.to);
  return column ? { from: column.at, to: column.to } : null;
}

function Horizon({ answer }: { answer: Answer }) {
  const translate = useTranslate();
  const locale = useLocale();
  const { horizon, isPartial, isGated, counts, data } = answer;
  const hasPeople = counts.sessions > 0 && data.some(({ isRenewed }) => isRenewed);
  const name = isPartial ? 'horizon_partial' : hasPeople ? 'horizon_renewed' : 'horizon';
  return (
    <Box sx={{ mb: 2, display: 'grid', gap: 1 }}>
      {horizon && (
        <Typography sx={{ fontWeight: 600 }}>
          {translate(`exposure.${name}`, { at: absoluteTime(new Date(horizon), locale) })}
        </Typography>
      )}
      <Typography variant="body2" color="text.secondary">
        {translate('exposure.counts', counts)}
      </Typography>
      {!isGated && <Alert severity="warning">{translate('exposure.no_gate')}</Alert>}
    </Box>
  );
}
