import type { ReactNode } from 'react';
import Popover from '@mui/material/Popover';
import type { SxProps } from '@mui/material/styles';

interface PopoverDialogProps {
  title: string;
  anchor: HTMLElement | null;
  /** The side of the anchor that it is aligned with. */
  side?: 'left' | 'right';
  sx: SxProps;
  onClose: () => void;
  children: ReactNode;
}

/** A small dialog below the button that opened it. */
export function PopoverDialog({
  title,
  anchor,
  side = 'right',
  sx,
  onClose,
  children,
}: PopoverDialogProps) {
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
