import type { ReactNode } from 'react';
import MenuItem, { type MenuItemProps } from '@mui/material/MenuItem';
import Typography from '@mui/material/Typography';
import { KeyCap } from '../../shared/KeyCap';

interface ExplainedItemProps extends MenuItemProps {
  isDisabled: boolean;
  /** Under the name: what it does, or why it cannot be done. */
  explanation: ReactNode;
  /** Before the name. */
  sign?: ReactNode;
  /** The key that does the same. */
  shortcut?: string | undefined;
}

/** A row of a menu that says what choosing it does. */
export function ExplainedItem(props: ExplainedItemProps) {
  const { isDisabled, explanation, sign, shortcut, children, ...menuItem } = props;
  return (
    <MenuItem
      {...menuItem}
      // Not `disabled`: the keys and a screen reader still reach it, and it says why.
      aria-disabled={isDisabled}
      aria-keyshortcuts={shortcut}
      sx={ITEM}
    >
      {/* The name comes first: it is what a press on the item means. */}
      {children}
      <Typography component="div" variant="caption" color="text.secondary" className="what">
        {explanation}
      </Typography>
      <span className="sign">{sign}</span>
      {shortcut && <KeyCap name={shortcut} />}
    </MenuItem>
  );
}

const ITEM = {
  display: 'grid',
  gridTemplateColumns: 'auto minmax(0,1fr) auto',
  columnGap: '10px',
  whiteSpace: 'normal',
  '& > :first-of-type': { gridArea: '1 / 2' },
  '& .what': { gridArea: '2 / 2' },
  '& .sign': { gridArea: '1 / 1', display: 'grid', alignSelf: 'center' },
  '& kbd': { gridArea: '1 / 3', placeSelf: 'center end' },
  '&.first': { borderTop: 1, borderColor: 'divider', mt: 0.5, pt: 1 },
  '&[aria-disabled=true]': { color: 'text.secondary', cursor: 'not-allowed' },
  '@media (pointer: coarse)': { minHeight: 44 },
} as const;
