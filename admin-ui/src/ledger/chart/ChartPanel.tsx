import { memo, useCallback, useMemo, useState } from 'react';
import { useTranslate } from 'react-admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Tooltip from '@mui/material/Tooltip';
import Typography from '@mui/material/Typography';
import BarChart from '@mui/icons-material/BarChart';
import TableChart from '@mui/icons-material/TableChartOutlined';
import ZoomOut from '@mui/icons-material/ZoomOut';
import type { LedgerHistogram } from '@rolecall/server/api';
import { getJson } from '../../api/httpClient';
import { useErrorText } from '../../shared/useErrorText';
import { partsIn } from '../query/language';
import { ianaOf, type useZone } from '../zone';
import { BucketTable } from './BucketTable';
import { type Bucket, Histogram } from './Histogram';
import { LayerSign } from './LayerSign';
import { RangeMenu } from './RangeMenu';
import type { Span } from './scale';
import { zoomedOut } from './scale';
import { countOf, LAYERS } from './tones';

export interface ChartPanelProps {
  query: string;
  zone: ReturnType<typeof useZone>;
  brush: Span | null;
  onBrush: (brush: Span | null) => void;
  /** The time that the query is limited to. */
  onRange: (span: Span) => void;
  /** A word such as `24h`; empty: no limit. */
  onAgo: (ago: string) => void;
  ago: string;
}

/** When it happened, and what came of it: chooses a part of the time. */
export const ChartPanel = memo(function ChartPanel(props: ChartPanelProps) {
  const { query, zone, brush, onBrush, onRange } = props;
  const translate = useTranslate();
  const errorText = useErrorText();
  const [isTable, setIsTable] = useState(false);
  const iana = ianaOf(zone.zone);
  const { data, error, refetch } = useQuery({
    queryKey: ['/ledger/histogram', query, iana],
    queryFn: ({ signal }) =>
      getJson<LedgerHistogram>('/ledger/histogram', {
        query: { query, zone: iana, buckets: 90 },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    refetchInterval: 60_000,
    retry: false,
  });
  const buckets = useMemo(() => bucketsOf(data), [data]);
  const span = useMemo(
    () => (data ? { from: Date.parse(data.from), to: Date.parse(data.to) } : null),
    [data],
  );
  const offsetMs = useCallback((at: number) => offsetIn(at, iana), [iana]);
  const sums = LAYERS.map((layer) => ({
    id: layer.id,
    count: buckets
      .filter(({ at, to }) => !brush || (at >= brush.from && to <= brush.to))
      .reduce((sum, { counts }) => sum + countOf(counts, layer), 0),
  })).filter(({ id, count }) => count > 0 || id === 'done');

  return (
    <Paper
      variant="outlined"
      component="section"
      aria-label={translate('ledger.chart.label')}
      sx={{ px: 2, pt: 1, pb: 0.5, minWidth: 0 }}
    >
      <Box
        sx={{
          display: 'flex',
          alignItems: 'center',
          columnGap: 2,
          flexWrap: 'wrap',
          minHeight: 30,
        }}
      >
        <Typography component="h2" variant="body2" sx={{ fontWeight: 650 }}>
          {data
            ? translate('ledger.chart.title', { width: widthText(data, translate) })
            : translate('ledger.chart.label')}
        </Typography>
        {sums.map(({ id, count }) => (
          <Typography
            key={id}
            component="span"
            variant="body2"
            sx={{
              display: 'inline-flex',
              alignItems: 'center',
              gap: 0.75,
              color: 'text.secondary',
            }}
          >
            <LayerSign layer={id} />
            <span>{`${translate(`ledger.layer.${id}`)} ${count.toLocaleString()}`}</span>
          </Typography>
        ))}
        {data?.basis === 'estimate' && (
          <Typography component="span" variant="caption" color="text.secondary">
            {translate('ledger.chart.estimate')}
          </Typography>
        )}
        <Box sx={{ ml: 'auto', display: 'flex', alignItems: 'center', gap: 0.5 }}>
          {brush && (
            <>
              <Button onClick={() => onRange(brush)}>{translate('ledger.chart.zoom')}</Button>
              <Button onClick={() => onBrush(null)}>{translate('ledger.chart.clear')}</Button>
            </>
          )}
          {span && (
            <Tooltip title={translate('ledger.chart.zoom_out')}>
              <IconButton
                aria-label={translate('ledger.chart.zoom_out')}
                onClick={() => onRange(zoomedOut(span, Date.now()))}
              >
                <ZoomOut sx={{ fontSize: 18 }} />
              </IconButton>
            </Tooltip>
          )}
          <RangeMenu ago={props.ago} onAgo={props.onAgo} />
          <Tooltip title={translate(isTable ? 'ledger.chart.as_picture' : 'ledger.chart.as_table')}>
            <IconButton
              aria-label={translate('ledger.chart.as_table')}
              aria-pressed={isTable}
              onClick={() => setIsTable(!isTable)}
            >
              {isTable ? <BarChart sx={{ fontSize: 18 }} /> : <TableChart sx={{ fontSize: 18 }} />}
            </IconButton>
          </Tooltip>
        </Box>
      </Box>
      {span && isTable ? (
        <BucketTable buckets={buckets} format={zone.format} />
      ) : span ? (
        <Histogram
          buckets={buckets}
          span={span}
          brush={brush}
          onBrush={onBrush}
          onZoom={() => brush && onRange(brush)}
          format={zone.format}
          offsetMs={offsetMs}
        />
      ) : error ? (
        <Box sx={{ height: 102, display: 'flex', alignItems: 'center', gap: 1 }} role="alert">
          <Typography variant="body2" color="error">
            {`${translate('ledger.chart.failed')} ${errorText(error)}`}
          </Typography>
          <Button onClick={() => void refetch()}>{translate('app.action.retry')}</Button>
        </Box>
      ) : (
        <Skeleton variant="rectangular" height={102} animation={false} aria-hidden />
      )}
    </Paper>
  );
});

function bucketsOf(data: LedgerHistogram | undefined): Bucket[] {
  if (!data) return [];
  return data.buckets.map(({ at, outcomes }, index) => ({
    at: Date.parse(at),
    to: Date.parse(data.buckets[index + 1]?.at ?? data.to),
    counts: outcomes,
  }));
}

type Translate = (key: string, options?: Record<string, unknown>) => string;

const widthText = ({ unit, step }: LedgerHistogram, translate: Translate) =>
  translate(`ledger.chart.unit.${unit}`, { smart_count: step });

/** What a clock in the zone is ahead of UTC. */
function offsetIn(at: number, zone: string): number {
  const [year, month, day, hour, minute, second, ms] = partsIn(new Date(at), zone);
  return Date.UTC(year, month - 1, day, hour, minute, second, ms) - at;
}
