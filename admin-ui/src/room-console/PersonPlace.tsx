import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Drawer from '@mui/material/Drawer';
import useMediaQuery from '@mui/material/useMediaQuery';
import type { Theme } from '@mui/material/styles';
import { PersonPanel } from './PersonPanel';
import { nameOf } from './seatWords';
import type { Console } from './useConsole';

export interface PersonPlaceProps {
  desk: Console;
  errorText: (error: unknown) => string;
}

/** Beside the list where there is room, over it on a tablet, from below where a thumb reaches. */
export function PersonPlace({ desk, errorText }: PersonPlaceProps) {
  const translate = useTranslate();
  const isNarrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('lg'));
  const isPhone = useMediaQuery<Theme>((theme) => theme.breakpoints.down('sm'));
  const seat = desk.active === null ? undefined : desk.roster.store.seat(desk.active);
  const panel = desk.isPanelOpen && seat && (
    <PersonPanel
      key={seat.identity}
      desk={desk}
      seat={seat}
      attempt={desk.attempts.get(seat.identity)}
      errorText={errorText}
    />
  );
  if (isNarrow) {
    return (
      <Drawer
        anchor={isPhone ? 'bottom' : 'right'}
        open={Boolean(panel)}
        onClose={desk.closePanel}
        slotProps={{
          paper: {
            sx: isPhone
              ? { maxHeight: '80dvh', borderTopLeftRadius: 12, borderTopRightRadius: 12 }
              : { width: 'min(100%, 380px)' },
            role: 'dialog',
            'aria-label': translate('room_console.panel.label', {
              name: seat ? nameOf(seat) : '',
            }),
          },
        }}
      >
        {panel}
      </Drawer>
    );
  }
  if (!panel) return null;
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
      {panel}
    </Box>
  );
}
