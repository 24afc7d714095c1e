import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { EmptyState } from '../shared/EmptyState';
import { NoticeLine } from './NoticeLine';
import type { Notice } from './useNotice';

export interface PeopleFrameProps {
  /** Changes of the order that wait to be shown. */
  waiting: number;
  isNobodyShown: boolean;
  notice: Notice | null;
  onApply: () => void;
  onShowEverybody: () => void;
  /** The list itself; it stays, because it has the keys, also when nobody is in it. */
  children: ReactNode;
}

/** The list of people, and over it what comes and goes without moving it. */
export function PeopleFrame(props: PeopleFrameProps) {
  const { waiting, isNobodyShown, notice, onApply, onShowEverybody, children } = props;
  const translate = useTranslate();
  return (
    <Box sx={{ position: 'relative', flex: 1, minHeight: 320, display: 'flex' }}>
      {children}
      {waiting > 0 && (
        <Button
          variant="contained"
          onClick={onApply}
          sx={{
            position: 'absolute',
            top: 4,
            insetInlineEnd: 8,
            zIndex: 2,
            minHeight: 26,
            py: 0,
            '@media (pointer: coarse)': { top: -8, minHeight: 44 },
          }}
        >
          {translate('room_console.waiting', { smart_count: waiting })} ·{' '}
          {translate('room_console.apply')}
        </Button>
      )}
      {isNobodyShown && (
        <Box sx={{ position: 'absolute', inset: '48px 0 auto' }}>
          <EmptyState
            title={translate('room_console.nobody_matches.title')}
            action={
              <Button variant="outlined" onClick={onShowEverybody}>
                {translate('room_console.nobody_matches.clear')}
              </Button>
            }
          />
        </Box>
      )}
      <NoticeLine notice={notice} />
    </Box>
  );
}
