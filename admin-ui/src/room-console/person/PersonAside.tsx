import { memo, type ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Drawer from '@mui/material/Drawer';
import useMediaQuery from '@mui/material/useMediaQuery';
import type { Theme } from '@mui/material/styles';
import { PersonPanel } from './PersonPanel';
import { nameOf } from '../../shared/nameOf';
import { SHEET } from '../../shared/PopoverDialog';
import type { Attempt } from '../commands/seatActions';
import { useRoomRoster } from '../roster/rosterContext';
import { usePerson } from './useActivePerson';
import { useSeatOf } from '../roster/useRoster';

export interface PersonAsideProps {
  attempts: ReadonlyMap<string, Attempt>;
  errorText: (error: unknown) => string;
}

/** The details of the active person, while the panel is open. */
export function PersonAside({ attempts, errorText }: PersonAsideProps) {
  const translate = useTranslate();
  const { store } = useRoomRoster();
  const { active, isPanelOpen, closePanel } = usePerson();
  const seat = useSeatOf(store, active);
  return (
    <Frame
      label={translate('room_console.panel.label', { name: seat ? nameOf(seat) : '' })}
      onClose={closePanel}
    >
      {isPanelOpen && seat && (
        <PersonPanel
          key={seat.identity}
          seat={seat}
          attempt={attempts.get(seat.identity)}
          errorText={errorText}
        />
      )}
    </Frame>
  );
}

interface FrameProps {
  label: string;
  onClose: () => void;
  /** Nothing while the panel is closed. */
  children: ReactNode;
}

/** Beside the list where there is room, over it on a tablet, from below where a thumb reaches. */
const Frame = memo(function Frame({ label, onClose, children }: FrameProps) {
  const isNarrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('lg'));
  const isPhone = useMediaQuery<Theme>((theme) => theme.breakpoints.down('sm'));
  if (isNarrow) {
    return (
      <Drawer
        anchor={isPhone ? 'bottom' : 'right'}
        open={Boolean(children)}
        onClose={onClose}
        slotProps={{
          paper: {
            sx: isPhone ? SHEET : { width: 'min(100%, 380px)' },
            role: 'dialog',
            'aria-label': label,
          },
        }}
      >
        {children}
      </Drawer>
    );
  }
  if (!children) return null;
  return (
    <Box
      sx={{
        width: 340,
        flex: 'none',
        display: 'flex',
        border: 1,
        borderColor: 'divider',
        borderRadius: 1,
        bgcolor: 'background.paper',
        contain: 'size',
      }}
    >
      {children}
    </Box>
  );
});
