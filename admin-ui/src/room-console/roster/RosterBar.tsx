import {
  type ChangeEvent,
  type KeyboardEvent,
  memo,
  type RefObject,
  useDeferredValue,
  useEffect,
  useRef,
  useState,
} from 'react';
import { useTranslate } from 'react-admin';
import InputAdornment from '@mui/material/InputAdornment';
import TextField from '@mui/material/TextField';
import Search from '@mui/icons-material/Search';
import { styled } from '@mui/material/styles';
import { useAnnounce } from '../../shared/announce';
import { takeToken } from '../../shared/pastedToken';
import { HandSign } from '../seat/HandSign';
import { type Chip, CHIPS } from './rosterChips';
import type { RosterStore } from './rosterStore';
import { useRosterFact } from './useRoster';

const Bar = styled('div')({
  display: 'flex',
  flexWrap: 'wrap',
  gap: 8,
  alignItems: 'center',
  '& > *': { maxWidth: '100%' },
  '@media (min-width: 600px)': { flexWrap: 'nowrap' },
  // On a phone the search is a sign at the end of the line, and takes the line while it is used.
  '@media (max-width: 599px)': {
    flexWrap: 'nowrap',
    gap: 4,
    paddingInline: 8,
    '& > .MuiTextField-root': { flex: '0 0 44px' },
    '& > .MuiTextField-root .MuiInputBase-root': { height: 44, paddingInlineStart: 12 },
    '& > .MuiTextField-root fieldset': { border: 'none' },
    '& > .MuiTextField-root:focus-within, & > [data-used=true]': { flex: '1 1 100%' },
    '& > .MuiTextField-root:focus-within fieldset, & > [data-used=true] fieldset': {
      border: '1px solid',
    },
    '&:has(input:focus) > [role=toolbar], &:has([data-used=true]) > [role=toolbar]': {
      display: 'none',
    },
  },
});

const ChipBar = styled('div')(({ theme }) => ({
  // They are pushed aside, never piled up: the list below must not move.
  display: 'flex',
  gap: 4,
  minWidth: 0,
  overflowX: 'auto',
  paddingBlock: 2,
  scrollbarWidth: 'thin',
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
  '@media (forced-colors: active)': {
    '& button[aria-pressed=true]': {
      forcedColorAdjust: 'none',
      backgroundColor: 'Highlight',
      color: 'HighlightText',
    },
  },
  '& button.nobody': { color: theme.palette.text.secondary },
  '& b': { fontWeight: 600, marginInlineStart: 4 },
  '& svg': { marginInlineEnd: 4 },
  '@media (pointer: coarse)': { '& button': { minHeight: 44, borderRadius: 22 } },
}));

/** Everybody first for the eye; the keys count from the hands. */
const IN_ORDER: Chip[] = ['all', ...CHIPS.filter((chip) => chip !== 'all')];

export interface RosterBarProps {
  store: RosterStore;
  search: RefObject<HTMLInputElement | null>;
  /** From the search field back to the people. */
  onDone: () => void;
}

/** Filters the list. Each part is drawn again only when it changes. */
export const RosterBar = memo(function RosterBar({ store, search, onDone }: RosterBarProps) {
  const chip = useRosterFact(store, (view) => view.chip);
  const query = useRosterFact(store, (view) => view.query);
  useShownAnnouncement(store, `${chip} ${query}`);
  return (
    <Bar>
      <Chips store={store} chip={chip} onDone={onDone} />
      <SearchField store={store} query={query} search={search} onDone={onDone} />
    </Bar>
  );
});

/** Screen readers hear how many people are left in the list. */
function useShownAnnouncement(store: RosterStore, shown: string) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const said = useRef(shown);
  useEffect(() => {
    if (said.current === shown) return;
    said.current = shown;
    const { identities } = store.read();
    announce(translate('room_console.shown', { smart_count: identities.length }));
  }, [store, shown, announce, translate]);
}

interface ChipsProps {
  store: RosterStore;
  chip: Chip;
  onDone: () => void;
}

/** One stop for Tab; the arrows go on from there, and down into the list. */
const Chips = memo(function Chips({ store, chip, onDone }: ChipsProps) {
  const translate = useTranslate();
  const [at, setAt] = useState<Chip | null>(null);
  const stop = at ?? chip;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const now = IN_ORDER.indexOf(stop);
    const to = STEPS[event.key]?.(now, buttons.length);
    if (event.key === 'ArrowDown') onDone();
    else if (to === undefined) return;
    else buttons[(to + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  };
  return (
    <ChipBar
      role="toolbar"
      aria-label={translate('room_console.chips.label')}
      onKeyDown={onKeyDown}
      // Who comes back with Tab starts at what is chosen.
      onBlur={() => setAt(null)}
    >
      {IN_ORDER.map((each) => (
        <ChipButton
          key={each}
          store={store}
          chip={each}
          isPressed={each === chip}
          isStop={each === stop}
          onFocus={setAt}
        />
      ))}
    </ChipBar>
  );
});

const STEPS: Partial<Record<string, (at: number, count: number) => number>> = {
  ArrowRight: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

interface ChipButtonProps {
  store: RosterStore;
  chip: Chip;
  isPressed: boolean;
  isStop: boolean;
  onFocus: (chip: Chip) => void;
}

const ChipButton = memo(function ChipButton(props: ChipButtonProps) {
  const { store, chip, isPressed, isStop, onFocus } = props;
  const translate = useTranslate();
  const count = useRosterFact(store, ({ counts }) => counts[chip]);
  return (
    <button
      type="button"
      aria-pressed={isPressed}
      tabIndex={isStop ? 0 : -1}
      onFocus={() => onFocus(chip)}
      className={count === 0 ? 'nobody' : undefined}
      onClick={() => store.setChip(chip)}
    >
      {chip === 'hands' && <HandSign />}
      <span>{translate(`room_console.chips.${chip}`)}</span>
      <b>{count}</b>
    </button>
  );
});

interface SearchFieldProps {
  store: RosterStore;
  query: string;
  search: RefObject<HTMLInputElement | null>;
  onDone: () => void;
}

const SearchField = memo(function SearchField(props: SearchFieldProps) {
  const { store, query, search, onDone } = props;
  const translate = useTranslate();
  const [typed, setTyped] = useState(query);
  const deferred = useDeferredValue(typed);
  useEffect(() => {
    store.setQuery(deferred);
  }, [store, deferred]);
  // "Show everybody" empties the field from outside.
  const [known, setKnown] = useState(query);
  if (known !== query) {
    setKnown(query);
    if (query === '') setTyped('');
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && typed !== '') {
      event.preventDefault();
      setTyped('');
    } else if (['ArrowDown', 'Enter', 'Escape'].includes(event.key)) {
      event.preventDefault();
      // Typed faster than the list filters: the focus must not land on somebody filtered out.
      store.setQuery(typed);
      onDone();
    }
  };
  return (
    <TextField
      type="search"
      margin="none"
      inputRef={search}
      placeholder={translate('room_console.search_hint')}
      value={typed}
      onChange={({ target }: ChangeEvent<HTMLInputElement>) =>
        setTyped(takeToken(target.value) ? '' : target.value)
      }
      data-used={typed !== ''}
      onKeyDown={onKeyDown}
      sx={{
        flex: { sm: '0 1 200px' },
        minWidth: { sm: 170 },
        ml: { sm: 'auto' },
      }}
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
  );
});
