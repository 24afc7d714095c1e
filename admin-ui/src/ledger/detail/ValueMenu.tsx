import { type ReactNode, useState } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { Link } from 'react-router-dom';
import { useAnnounce } from '../../shared/announce';
import { copyText } from '../../shared/CopyButton';
import type { MatchField } from '../query/language';

export interface ValueMenuProps {
  field: MatchField;
  value: string;
  onFilter: (field: MatchField, value: string, how: 'only' | 'without') => void;
  /** The page about it. */
  to?: string;
  children: ReactNode;
}

/** A value of an entry, with what one can do with it. */
export function ValueMenu({ field, value, onFilter, to, children }: ValueMenuProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const choose = (act: () => void) => () => {
    setAnchor(null);
    act();
  };
  return (
    <>
      <Button
        color="inherit"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{
          minWidth: 0,
          minHeight: 24,
          p: 0,
          font: 'inherit',
          textAlign: 'left',
          overflowWrap: 'anywhere',
          textDecoration: 'underline',
          textDecorationColor: 'currentColor',
          textDecorationThickness: 1,
          textUnderlineOffset: 3,
        }}
      >
        {children}
      </Button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        <MenuItem onClick={choose(() => onFilter(field, value, 'only'))}>
          {translate('ledger.value.only')}
        </MenuItem>
        <MenuItem onClick={choose(() => onFilter(field, value, 'without'))}>
          {translate('ledger.value.without')}
        </MenuItem>
        <MenuItem
          onClick={choose(() => {
            void copyText(value).then((isDone) =>
              announce(translate(isDone ? 'app.copy.done' : 'app.copy.failed')),
            );
          })}
        >
          {translate('ledger.value.copy')}
        </MenuItem>
        {to && (
          <MenuItem component={Link} to={to}>
            {translate('ledger.value.open')}
          </MenuItem>
        )}
      </Menu>
    </>
  );
}
