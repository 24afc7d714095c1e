import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import ExpandMore from '@mui/icons-material/ExpandMore';

const AGO = ['15m', '1h', '1d', '7d', '30d'];

/** The usual stretches of time; `ago` is the one that the query has, empty for none. */
export function RangeMenu({ ago, onAgo }: { ago: string; onAgo: (ago: string) => void }) {
  const translate = useTranslate();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const said = AGO.includes(ago) ? `ledger.query.ago.${ago}` : undefined;
  return (
    <>
      <Button
        color="inherit"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        endIcon={<ExpandMore />}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{ fontWeight: 500, whiteSpace: 'nowrap' }}
      >
        {translate(said ?? (ago === '' ? 'ledger.query.ago.any' : 'ledger.query.ago.chosen'))}
      </Button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        {[...AGO, ''].map((each) => (
          <MenuItem
            key={each}
            selected={each === ago}
            onClick={() => {
              setAnchor(null);
              onAgo(each);
            }}
          >
            {translate(`ledger.query.ago.${each || 'any'}`)}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}
