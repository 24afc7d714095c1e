import type { ReactNode } from 'react';
import MenuItem, { type MenuItemProps } from '@mui/material/MenuItem';
import Typography from '@mui/material/Typography';

interface ExplainedItemProps extends MenuItemProps {
  isDisabled: boolean;
  /** Under the name: what it does, or why it cannot be done. */
  explanation: ReactNode;
  /** Space before the explanation, in px. */
  indent?: number;
}

/** A row of a menu that says what choosing it does. */
export function ExplainedItem({
  isDisabled,
  explanation,
  indent = 0,
  children,
  ...menuItem
}: ExplainedItemProps) {
  return (
    <MenuItem
      {...menuItem}
      // Not `disabled`: the keys and a screen reader still reach it, and it says why.
      aria-disabled={isDisabled}
      sx={{
        display: 'block',
        whiteSpace: 'normal',
        '&[aria-disabled=true]': { color: 'text.secondary', cursor: 'not-allowed' },
        '@media (pointer: coarse)': { minHeight: 44 },
      }}
    >
      {children}
      <Typography
        component="div"
        variant="caption"
        color="text.secondary"
        sx={{ pl: `${indent}px` }}
      >
        {explanation}
      </Typography>
    </MenuItem>
  );
}
