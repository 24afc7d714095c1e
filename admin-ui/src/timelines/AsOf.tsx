import { type ReactNode, useState } from 'react';
import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import TextField from '@mui/material/TextField';
import Tooltip from '@mui/material/Tooltip';
import Typography from '@mui/material/Typography';
import ChevronLeft from '@mui/icons-material/ChevronLeft';
import ChevronRight from '@mui/icons-material/ChevronRight';
import { TextLink } from '../shared/TextLink';
import { getJson } from '../api/httpClient';
import type { Explanation } from '../api/records';
import type { useZone } from '../ledger/zone';
import { BecauseList } from '../shared/BecauseList';
import { ErrorState } from '../shared/ErrorState';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge } from '../shared/StatusBadge';
import { useDebounced } from '../shared/useDebounced';
import { useErrorText } from '../shared/useErrorText';
import type { Bar, Lane, Span } from './chart/layout';

export interface AsOfProps {
  at: number | null;
  onAt: (at: number | null) => void;
  /** Moments at which something changed. */
  lanes: readonly Lane[];
  /** The time that was read: nothing is known here of what was before it. */
  whole: Span;
  zone: ReturnType<typeof useZone>;
  children: ReactNode;
}

/** What was so at the moment of the picture, with steps to the changes around it. */
export function AsOf({ at, onAt, lanes, whole, zone, children }: AsOfProps) {
  const translate = useTranslate();
  const moments = lanes.flatMap(({ bars, marks }) => [
    ...bars.flatMap(({ from, to }) => (to === null ? [from] : [from, to])),
    ...marks.map((mark) => mark.at),
  ]);
  const earlier = moments.filter((one) => one < (at ?? Infinity));
  const later = moments.filter((one) => at !== null && one > at);
  return (
    <Paper
      variant="outlined"
      component="section"
      aria-label={translate('timelines.as_of.label')}
      sx={{ minWidth: 0, borderColor: 'primary.main', overflow: 'hidden' }}
    >
      <Box
        sx={{
          display: 'flex',
          alignItems: 'center',
          gap: 0.5,
          px: 1.5,
          py: 0.5,
          bgcolor: 'action.selected',
        }}
      >
        <Typography component="h2" variant="body2" sx={{ color: 'text.secondary', mr: 0.5 }}>
          {translate('timelines.as_of.title')}
        </Typography>
        <Step
          label="earlier"
          onClick={earlier.length > 0 ? () => onAt(Math.max(...earlier)) : undefined}
        >
          <ChevronLeft sx={{ fontSize: 18 }} />
        </Step>
        <Typography
          component="p"
          variant="body2"
          sx={{ fontWeight: 650, flex: 1, textAlign: 'center' }}
        >
          {at === null ? translate('timelines.as_of.now') : zone.format(at, 'whole')}
        </Typography>
        <Step label="later" onClick={later.length > 0 ? () => onAt(Math.min(...later)) : undefined}>
          <ChevronRight sx={{ fontSize: 18 }} />
        </Step>
        <Button disabled={at === null} onClick={() => onAt(null)} sx={{ minWidth: 0 }}>
          {translate('timelines.as_of.now')}
        </Button>
      </Box>
      <Box sx={{ p: 1.5, display: 'grid', gap: 1.5 }}>
        <MomentField at={at} onAt={onAt} whole={whole} zone={zone} />
        {children}
      </Box>
    </Paper>
  );
}

type MomentFieldProps = Pick<AsOfProps, 'at' | 'onAt' | 'whole' | 'zone'>;

/** For a moment that somebody knows by its date and time; taken with Enter or on leaving. */
function MomentField({ at, onAt, whole, zone }: MomentFieldProps) {
  const translate = useTranslate();
  const isUtc = zone.zone === 'utc';
  const [draft, setDraft] = useState<string | null>(null);
  const isBefore = draft !== null && draft !== '' && fromField(draft, isUtc) < whole.from;
  const take = () => {
    if (draft === null || isBefore) return;
    const moment = fromField(draft, isUtc);
    setDraft(null);
    onAt(Number.isNaN(moment) || moment >= Date.now() ? null : moment);
  };
  return (
    <TextField
      type="datetime-local"
      margin="none"
      label={translate('timelines.as_of.go_to')}
      value={draft ?? toField(at, isUtc)}
      error={isBefore}
      helperText={
        isBefore &&
        translate('timelines.as_of.before', { from: zone.format(whole.from, 'dayAndMinute') })
      }
      onChange={({ target }) => setDraft(target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
      slotProps={{ inputLabel: { shrink: true }, htmlInput: { step: 1 } }}
    />
  );
}

/** As the field has it: without a zone, to the second. */
function toField(at: number | null, isUtc: boolean): string {
  if (at === null) return '';
  const offset = isUtc ? 0 : new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset).toISOString().slice(0, 19);
}

const fromField = (text: string, isUtc: boolean) => Date.parse(isUtc ? `${text}Z` : text);

interface StepProps {
  label: string;
  onClick?: () => void;
  children: ReactNode;
}

function Step({ label, onClick, children }: StepProps) {
  const translate = useTranslate();
  const text = translate(`timelines.as_of.${label}`);
  return (
    <Tooltip title={text}>
      <span>
        <IconButton aria-label={text} disabled={!onClick} onClick={onClick}>
          {children}
        </IconButton>
      </span>
    </Tooltip>
  );
}

/** What was so in a lane at a moment. */
export const barsAt = ({ bars }: Lane, at: number): Bar[] =>
  bars.filter(({ from, to }) => from <= at && (to === null || to > at));

/** What policy said of somebody in a room at a moment, and why; null: now. */
export function Decided({
  room,
  identity,
  at,
}: {
  room: string;
  identity: string;
  at: number | null;
}) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const settled = useDebounced(at, 300);
  const instant = settled === null ? undefined : new Date(Math.round(settled)).toISOString();
  const { data, error, refetch } = useQuery({
    queryKey: ['explain', room, identity, instant ?? 'now'],
    queryFn: ({ signal }) =>
      getJson<Explanation>('/explain', { query: { room, identity, at: instant }, signal }),
    retry: false,
  });
  const isGone = (error as { status?: number } | null)?.status === 404;
  if (isGone) return <Alert severity="info">{errorText(error)}</Alert>;
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton height={72} animation={false} aria-hidden />;
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
        <StatusBadge tone={data.entrance.canComeIn ? 'good' : 'bad'}>
          {translate(`timelines.as_of.${data.entrance.canComeIn ? 'may' : 'may_not'}`)}
        </StatusBadge>
        {data.template && (
          <TextLink to={`/role-templates/${encodeURIComponent(data.template)}`}>
            <RoleChip template={data.template} version={data.version} />
          </TextLink>
        )}
      </Box>
      <Typography variant="body2" color="text.secondary">
        {data.entrance.text}
      </Typography>
      <Typography component="h3" variant="body2" sx={{ fontWeight: 650 }}>
        {translate('timelines.as_of.why')}
      </Typography>
      <BecauseList because={data.because} />
      {data.log?.gaps.map((gap) => (
        <Alert key={gap.code} severity="warning">
          {gap.text}
        </Alert>
      ))}
    </Box>
  );
}
