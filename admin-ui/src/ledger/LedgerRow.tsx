import Box from '@mui/material/Box';
import { Link } from 'react-router-dom';
import type { Issuance, LedgerEntry } from '../api/records';
import { Mono } from '../shared/Mono';
import { TimeText } from '../shared/TimeText';
import { LedgerSentence } from './LedgerSentence';
import { OutcomeBadge } from './OutcomeBadge';

export type Entry = LedgerEntry | Issuance;

export const ROW_HEIGHT = 44;

export interface LedgerRowProps {
  entry: Entry;
  to: string;
  isOpen: boolean;
  isTabStop: boolean;
  onFocus: () => void;
}

export function LedgerRow({ entry, to, isOpen, isTabStop, onFocus }: LedgerRowProps) {
  return (
    <Box
      component={Link}
      to={to}
      tabIndex={isTabStop ? 0 : -1}
      onFocus={onFocus}
      aria-current={isOpen ? 'true' : undefined}
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: '1fr auto', md: '130px 110px minmax(0, 1fr) 190px' },
        columnGap: 2,
        alignItems: 'center',
        px: 2,
        py: 0.75,
        minHeight: ROW_HEIGHT,
        borderBottom: 1,
        borderColor: 'divider',
        color: 'inherit',
        textDecoration: 'none',
        fontSize: '.8125rem',
        bgcolor: isOpen ? 'action.selected' : undefined,
        '&:hover': { bgcolor: 'action.hover' },
        '&:focus-visible': { outlineOffset: -2 },
      }}
    >
      <Box sx={{ color: 'text.secondary', order: { xs: 1, md: 0 } }}>
        <TimeText at={entry.at} />
      </Box>
      <Box sx={{ order: { xs: 2, md: 0 } }}>
        <OutcomeBadge entry={entry} />
      </Box>
      <Box
        sx={{
          order: { xs: 0, md: 0 },
          gridColumn: { xs: '1 / -1', md: 'auto' },
          minWidth: 0,
          overflow: 'hidden',
          textOverflow: 'ellipsis',
          whiteSpace: { md: 'nowrap' },
          overflowWrap: 'anywhere',
        }}
      >
        <LedgerSentence entry={entry} />
        {entry.reason && (
          <Box component="span" sx={{ color: 'text.secondary', ml: 1 }}>
            <bdi>{entry.reason}</bdi>
          </Box>
        )}
      </Box>
      <Box
        sx={{
          display: { xs: 'none', md: 'block' },
          color: 'text.secondary',
          overflow: 'hidden',
          textOverflow: 'ellipsis',
          whiteSpace: 'nowrap',
          textAlign: 'right',
        }}
      >
        <Mono>{entry.kind}</Mono>
      </Box>
    </Box>
  );
}
