import type { MouseEvent } from 'react';
import Button, { type ButtonProps } from '@mui/material/Button';
import Tooltip from '@mui/material/Tooltip';

/** How long the reason stays after a tap. */
const TAPPED_MS = 5_000;

export interface GuardedButtonProps extends Omit<ButtonProps, 'disabled' | 'title'> {
  /** Why it cannot be pressed now, and who could; null when it can. */
  obstacle: string | null;
  /** What it does, for when it can be pressed. */
  hint?: string;
}

/** A button that can always be focused and tapped: while it cannot act, it says why. */
export function GuardedButton({ obstacle, hint, sx, onClick, ...props }: GuardedButtonProps) {
  const isRefused = obstacle !== null;
  return (
    <Tooltip
      title={obstacle ?? hint ?? ''}
      describeChild
      enterTouchDelay={isRefused ? 0 : undefined}
      leaveTouchDelay={TAPPED_MS}
    >
      <Button
        {...props}
        aria-disabled={isRefused || undefined}
        sx={isRefused ? ([sx, REFUSED].flat() as ButtonProps['sx']) : sx}
        onClick={
          isRefused
            ? (event: MouseEvent) => {
                event.preventDefault();
                event.stopPropagation();
              }
            : onClick
        }
      />
    </Tooltip>
  );
}

/** Seen to be out of reach without being faint: the words on it are still read. */
export const REFUSED = {
  '&, &:hover': {
    color: 'text.secondary',
    backgroundColor: 'transparent',
    borderColor: 'divider',
    borderStyle: 'dashed',
    cursor: 'not-allowed',
  },
} as const;
