import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Tooltip from '@mui/material/Tooltip';
import { type LiveState, useLiveStatus } from '../api/liveUpdates';
import { visuallyHidden } from '../shared/visuallyHidden';

const COLORS: Record<LiveState, string> = {
  live: 'success.main',
  delayed: 'warning.main',
  polling: 'warning.main',
  offline: 'error.main',
};

/** All is well: on a phone the green dot says it. */
const WORDS_WHERE_ROOM = { '@media (max-width: 599px)': visuallyHidden };

/** How fresh the page is, in a word, always in sight. */
export function LiveBadge() {
  const translate = useTranslate();
  const { state, seconds } = useLiveStatus();
  return (
    <Tooltip title={translate(`app.live.${state}_help`)}>
      <Box
        tabIndex={0}
        role="note"
        aria-label={translate('app.live.label', {
          state: translate(`app.live.${state}`, { seconds }),
        })}
        sx={{
          display: 'inline-flex',
          alignItems: 'center',
          gap: 0.75,
          px: 1,
          height: 28,
          borderRadius: 1,
          fontSize: '.75rem',
          fontWeight: 600,
          color: COLORS[state],
          whiteSpace: 'nowrap',
        }}
      >
        <Box
          component="span"
          aria-hidden
          sx={{
            width: 8,
            height: 8,
            borderRadius: state === 'offline' ? 0 : '50%',
            bgcolor: state === 'live' ? 'currentColor' : 'transparent',
            border: '2px solid currentColor',
          }}
        />
        <Box component="span" sx={state === 'live' ? WORDS_WHERE_ROOM : undefined}>
          {translate(`app.live.${state}`, { seconds })}
        </Box>
      </Box>
    </Tooltip>
  );
}
