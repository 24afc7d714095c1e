import type { ReactNode } from 'react';
import Drawer from '@mui/material/Drawer';
import Popover from '@mui/material/Popover';
import useMediaQuery from '@mui/material/useMediaQuery';
import type { SxProps, Theme } from '@mui/material/styles';

interface PopoverDialogProps {
  title: string;
  anchor: HTMLElement | null;
  /** The side of the anchor that it is aligned with. */
  side?: 'left' | 'right';
  sx: SxProps<Theme>;
  onClose: () => void;
  children: ReactNode;
}

/** A small dialog below the button that opened it; on a phone a sheet, where the thumb is. */
export function PopoverDialog({
  title,
  anchor,
  side = 'right',
  sx,
  onClose,
  children,
}: PopoverDialogProps) {
  const isPhone = useMediaQuery<Theme>((theme) => theme.breakpoints.down('sm'), { noSsr: true });
  if (isPhone) {
    return (
      <Drawer
        anchor="bottom"
        open={anchor !== null}
        onClose={onClose}
        slotProps={{ paper: { role: 'dialog', 'aria-label': title, sx: [sx, SHEET].flat() } }}
      >
        {children}
      </Drawer>
    );
  }
  return (
    <Popover
      open={anchor !== null}
      anchorEl={anchor}
      onClose={onClose}
      anchorOrigin={{ vertical: 'bottom', horizontal: side }}
      transformOrigin={{ vertical: 'top', horizontal: side }}
      slotProps={{ paper: { role: 'dialog', 'aria-label': title, sx } }}
    >
      {children}
    </Popover>
  );
}

/** From the edge on which the thumb is; what is behind it stays in sight. */
export const SHEET = {
  width: 'auto',
  maxWidth: 'none',
  maxHeight: '85dvh',
  pb: 'max(12px, env(safe-area-inset-bottom))',
  borderTopLeftRadius: 14,
  borderTopRightRadius: 14,
  '&::before': {
    content: "''",
    flex: 'none',
    alignSelf: 'center',
    width: 36,
    height: 4,
    mt: 1,
    mb: 0.5,
    borderRadius: 2,
    bgcolor: 'divider',
  },
  '& [role=menuitem]': { minHeight: 48 },
} as const;
