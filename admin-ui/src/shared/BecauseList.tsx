import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Check from '@mui/icons-material/Check';
import Close from '@mui/icons-material/Close';
import InfoOutlined from '@mui/icons-material/InfoOutlined';
import MoreHoriz from '@mui/icons-material/MoreHoriz';
import type { Because } from '../api/records';
import { Mono } from './Mono';
import { visuallyHidden } from './visuallyHidden';

const STYLES = {
  wins: { Icon: Check, color: 'success.main' },
  loses: { Icon: Close, color: 'text.secondary' },
  near_miss: { Icon: MoreHoriz, color: 'warning.main' },
  note: { Icon: InfoOutlined, color: 'info.main' },
} as const;

/** Why a decision came out as it did: what won, what lost, and what nearly counted. */
export function BecauseList({ because }: { because: Because[] }) {
  const translate = useTranslate();
  return (
    <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0, fontSize: '.8125rem' }}>
      {because.map((reason, at) => {
        const { Icon, color } = STYLES[reason.outcome] ?? STYLES.note;
        return (
          <Box
            component="li"
            key={at}
            sx={{ display: 'flex', gap: 1, py: 0.375, alignItems: 'flex-start' }}
          >
            <Icon aria-hidden sx={{ fontSize: 16, mt: '2px', color }} />
            <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
              <Box component="span" sx={visuallyHidden}>
                <span>{translate(`app.because.${reason.outcome}`)}</span>{' '}
              </Box>
              <Box
                component="span"
                sx={{
                  fontWeight: reason.outcome === 'wins' ? 600 : 400,
                  color: reason.outcome === 'loses' ? 'text.secondary' : undefined,
                }}
              >
                {withNames(reason.text)}
              </Box>
            </Box>
          </Box>
        );
      })}
    </Box>
  );
}

/** The server puts names between backticks. */
const withNames = (text: string) =>
  text.split('`').map((part, at) => (at % 2 === 1 ? <Mono key={at}>{part}</Mono> : part));
