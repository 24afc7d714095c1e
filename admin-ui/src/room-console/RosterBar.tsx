import { type ChangeEvent, type RefObject, useDeferredValue, useEffect, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import InputAdornment from '@mui/material/InputAdornment';
import TextField from '@mui/material/TextField';
import Search from '@mui/icons-material/Search';
import { styled } from '@mui/material/styles';
import { HandSign } from './HandSign';
import { type Chip, CHIPS } from './rosterChips';
import type { RosterStore, RosterView } from './rosterStore';

const ChipBar = styled('div')(({ theme }) => ({
  display: 'flex',
  flexWrap: 'wrap',
  gap: 4,
  minWidth: 0,
  '& button': {
    flex: 'none',
    font: 'inherit',
    fontSize: '.75rem',
    minHeight: 28,
    paddingInline: 8,
    color: theme.palette.text.primary,
    background: 'none',
    border: `1px solid ${theme.palette.divider}`,
    borderRadius: 15,
    cursor: 'pointer',
  },
  '& button:hover': { borderColor: theme.palette.primary.main },
  '& button[aria-pressed=true]': {
    borderColor: theme.palette.primary.main,
    color: theme.palette.primary.main,
    fontWeight: 600,
  },
  '& button.nobody': { color: theme.palette.text.secondary },
  '& b': { fontWeight: 600, marginInlineStart: 4 },
  // On a phone they are pushed aside, not piled up.
  [theme.breakpoints.down('sm')]: { flexWrap: 'nowrap', overflowX: 'auto', paddingBlock: 2 },
  '@media (pointer: coarse)': { '& button': { minHeight: 44, borderRadius: 22 } },
}));

/** Everybody first for the eye; the keys count from the hands. */
const IN_ORDER: Chip[] = ['all', ...CHIPS.filter((chip) => chip !== 'all')];

export interface RosterBarProps {
  store: RosterStore;
  view: RosterView;
  search: RefObject<HTMLInputElement | null>;
  /** From the search field back to the people. */
  onDone: () => void;
}

export function RosterBar({ store, view, search, onDone }: RosterBarProps) {
  const translate = useTranslate();
  const [typed, setTyped] = useState(view.query);
  const query = useDeferredValue(typed);
  useEffect(() => {
    store.setQuery(query);
  }, [store, query]);
  // "Show everybody" empties the field from outside.
  const [known, setKnown] = useState(view.query);
  if (known !== view.query) {
    setKnown(view.query);
    if (view.query === '') setTyped('');
  }

  return (
    <Box
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        gap: 1,
        alignItems: 'center',
        '& > *': { maxWidth: '100%' },
      }}
    >
      <ChipBar role="group" aria-label={translate('room_console.chips.label')}>
        {IN_ORDER.map((chip) => (
          <button
            key={chip}
            type="button"
            aria-pressed={view.chip === chip}
            className={view.counts[chip] === 0 ? 'nobody' : undefined}
            onClick={() => store.setChip(chip)}
          >
            {chip === 'hands' && <HandSign />}
            {translate(`room_console.chips.${chip}`)}
            <b>{view.counts[chip]}</b>
          </button>
        ))}
      </ChipBar>
      <Box sx={{ flex: 1 }} />
      {view.waiting > 0 && (
        <Button onClick={() => store.apply()}>
          {translate('room_console.waiting', { smart_count: view.waiting })} ·{' '}
          {translate('room_console.apply')}
        </Button>
      )}
      <TextField
        type="search"
        margin="none"
        inputRef={search}
        placeholder={translate('room_console.search')}
        value={typed}
        onChange={(event: ChangeEvent<HTMLInputElement>) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && typed !== '') {
            event.preventDefault();
            setTyped('');
          } else if (['ArrowDown', 'Enter', 'Escape'].includes(event.key)) {
            event.preventDefault();
            // Whoever is quicker than the list must not end up with somebody who is filtered out.
            store.setQuery(typed);
            onDone();
          }
        }}
        sx={{ width: { xs: '100%', sm: 250 } }}
        slotProps={{
          htmlInput: { 'aria-label': translate('room_console.search') },
          input: {
            startAdornment: (
              <InputAdornment position="start">
                <Search aria-hidden sx={{ fontSize: 18 }} />
              </InputAdornment>
            ),
          },
        }}
      />
    </Box>
  );
}
