import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import Tooltip from '@mui/material/Tooltip';
import Typography from '@mui/material/Typography';
import ChevronLeft from '@mui/icons-material/ChevronLeft';
import ChevronRight from '@mui/icons-material/ChevronRight';
import { LogStyles } from '../ledger/logStyles';
import { useLogKeys } from '../ledger/useLogKeys';
import type { useZone } from '../ledger/zone';
import { ErrorState } from '../shared/ErrorState';
import { DAYS, type useSpan } from './useSpan';

export interface FrameProps {
  face: ReactNode;
  name: string;
  note: ReactNode;
  badges?: ReactNode;
  actions?: ReactNode;
  span: ReturnType<typeof useSpan>;
  zone: ReturnType<typeof useZone>;
  error: unknown;
  onRetry: () => void;
  /** Nothing: it is not there yet, or could not be read. */
  children: ReactNode;
}

/** Who or what the page is about, the time that it is about, and its parts below. */
export function Frame(props: FrameProps) {
  const { face, name, note, badges, actions, span, zone, error, onRetry, children } = props;
  const translate = useTranslate();
  useLogKeys({ onZone: zone.toggle });
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      <LogStyles />
      <Box
        sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', columnGap: 2, rowGap: 1 }}
      >
        {face}
        <Box sx={{ minWidth: 0 }}>
          <Typography
            component="p"
            sx={{ fontWeight: 650, fontSize: '1.0625rem', overflowWrap: 'anywhere' }}
          >
            <bdi translate="no">{name}</bdi>
          </Typography>
          <Typography variant="body2" color="text.secondary" sx={{ overflowWrap: 'anywhere' }}>
            {note}
          </Typography>
        </Box>
        {badges}
        <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', ml: { md: 'auto' } }}>{actions}</Box>
      </Box>
      <Box sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: 1 }}>
        <ToggleButtonGroup
          exclusive
          size="small"
          value={span.days}
          aria-label={translate('timelines.span.label')}
          onChange={(_event, days: string | null) => days && span.setDays(days)}
        >
          {DAYS.map((days) => (
            <ToggleButton
              key={days}
              value={days}
              sx={{ px: 1.25, textTransform: 'none', color: 'text.secondary' }}
            >
              {translate('timelines.span.days', { smart_count: Number(days) })}
            </ToggleButton>
          ))}
        </ToggleButtonGroup>
        <Tooltip title={translate('timelines.span.earlier')}>
          <IconButton
            aria-label={translate('timelines.span.earlier')}
            onClick={() => span.step(-1)}
          >
            <ChevronLeft />
          </IconButton>
        </Tooltip>
        <Tooltip title={translate('timelines.span.later')}>
          <span>
            <IconButton
              aria-label={translate('timelines.span.later')}
              disabled={span.isUntilNow}
              onClick={() => span.step(1)}
            >
              <ChevronRight />
            </IconButton>
          </span>
        </Tooltip>
        <Button
          color="inherit"
          onClick={zone.toggle}
          title={translate('ledger.zone.help')}
          sx={{ fontWeight: 500, color: 'text.secondary' }}
        >
          {translate('ledger.zone.label', { place: zone.place })}
        </Button>
      </Box>
      {children ? (
        children
      ) : error ? (
        <ErrorState error={error} onRetry={onRetry} />
      ) : (
        <Paper
          variant="outlined"
          role="status"
          aria-label={translate('timelines.loading')}
          sx={{ p: 2 }}
        >
          <Skeleton height={40} animation={false} />
          <Skeleton height={180} animation={false} />
        </Paper>
      )}
    </Box>
  );
}

/** The picture, and beside it what was so at its moment. */
export function Split({ main, aside }: { main: ReactNode; aside: ReactNode }) {
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 2,
        alignItems: 'start',
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'minmax(0, 1fr) 304px' },
      }}
    >
      {main}
      {aside}
    </Box>
  );
}

/** Panels of the same rank, side by side where there is room. */
export const Columns = ({ children }: { children: ReactNode }) => (
  <Box
    sx={{
      display: 'grid',
      gap: 2,
      alignItems: 'start',
      gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'repeat(2, minmax(0, 1fr))' },
    }}
  >
    {children}
  </Box>
);
