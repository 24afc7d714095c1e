import { memo, type ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { EmptyState } from '../../shared/EmptyState';
import { NoticeLine } from '../notices/NoticeLine';
import type { RosterStore } from '../roster/rosterStore';
import type { Notice } from '../notices/useNotices';
import { useRosterFact } from '../roster/useRoster';

export interface PeopleFrameProps {
  store: RosterStore;
  notice: Notice | null;
  onApply: () => void;
  onShowEverybody: () => void;
  /** The list itself; it stays, because it has the keys, also when nobody is in it. */
  children: ReactNode;
}

/** The list of people, and over it what comes and goes without moving it. */
export function PeopleFrame(props: PeopleFrameProps) {
  const { store, notice, onApply, onShowEverybody, children } = props;
  return (
    <Box sx={{ position: 'relative', flex: 1, minHeight: 360, display: 'flex' }}>
      {children}
      <Waiting store={store} onApply={onApply} />
      <NobodyShown store={store} onShowEverybody={onShowEverybody} />
      <NoticeLine notice={notice} />
    </Box>
  );
}

interface WaitingProps {
  store: RosterStore;
  onApply: () => void;
}

/** What has happened since the list was last put in order, and the way to do that now. */
const Waiting = memo(function Waiting({ store, onApply }: WaitingProps) {
  const translate = useTranslate();
  const waiting = useRosterFact(store, (view) => view.waiting);
  const parts = (['joined', 'moved', 'left'] as const)
    .filter((part) => waiting[part] > 0)
    .map((part) => translate(`room_console.waiting.${part}`, { smart_count: waiting[part] }));
  if (parts.length === 0) return null;
  return (
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
    >{`${parts.join(', ')} · ${translate('room_console.apply')}`}</Button>
  );
});

interface NobodyShownProps {
  store: RosterStore;
  onShowEverybody: () => void;
}

const NobodyShown = memo(function NobodyShown({ store, onShowEverybody }: NobodyShownProps) {
  const translate = useTranslate();
  const isNobodyShown = useRosterFact(store, ({ identities }) => identities.length === 0);
  if (!isNobodyShown) return null;
  return (
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
  );
});
