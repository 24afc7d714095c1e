import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import Dialog from '@mui/material/Dialog';
import { styled } from '@mui/material/styles';
import History from '@mui/icons-material/History';
import Key from '@mui/icons-material/KeyOutlined';
import MeetingRoom from '@mui/icons-material/MeetingRoomOutlined';
import Person from '@mui/icons-material/PersonOutlined';
import Schedule from '@mui/icons-material/Schedule';
import Search from '@mui/icons-material/Search';
import Shield from '@mui/icons-material/AdminPanelSettingsOutlined';
import { useLocation, useNavigate } from 'react-router-dom';
import { takeToken } from '../shared/pastedToken';
import { useDebounced } from '../shared/useDebounced';
import './messages.en';
import { type Found, useFound } from './useFound';

const SIGNS = {
  person: Person,
  room: MeetingRoom,
  operator: Shield,
  time: Schedule,
  entry: History,
  token: Key,
  text: History,
};
const PAUSE_MS = 150;

/** Where questions start: a name, an identity, a room, a time, or a token. */
export function SearchPalette({ onClose }: { onClose: () => void }) {
  const translate = useTranslate();
  const locale = useLocale();
  const navigate = useNavigate();
  const listId = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const { found, isLoading } = useFound(useDebounced(text.trim(), PAUSE_MS), locale);
  const chosen = Math.min(active, found.length - 1);
  // Another page is another question, also by the browser's own way back.
  const { pathname } = useLocation();
  const [opened] = useState(pathname);
  useEffect(() => {
    if (pathname !== opened) onClose();
  }, [pathname, opened, onClose]);
  const go = (each: Found | undefined) => {
    if (!each) return;
    onClose();
    void navigate(each.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') setActive((chosen + 1) % Math.max(1, found.length));
    else if (event.key === 'ArrowUp') {
      setActive((chosen - 1 + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter') go(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      fullWidth
      maxWidth="sm"
      slotProps={{
        paper: { 'aria-label': translate('search.title'), 'aria-labelledby': undefined },
      }}
      sx={{ '& .MuiDialog-container': { alignItems: 'flex-start' } }}
    >
      <Frame>
        <div className="line">
          <Search aria-hidden />
          <input
            autoFocus
            type="text"
            role="combobox"
            aria-label={translate('search.title')}
            aria-expanded={found.length > 0}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={found[chosen] ? `${listId}-${chosen}` : undefined}
            autoComplete="off"
            spellCheck={false}
            placeholder={translate('search.hint')}
            value={text}
            onChange={({ target }) => {
              if (takeToken(target.value)) return onClose();
              setText(target.value);
              setActive(0);
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        <ul id={listId} role="listbox" aria-label={translate('search.found')}>
          {found.map((each, index) => {
            const Sign = SIGNS[each.sort];
            return (
              <li
                key={each.id}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === chosen}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => go(each)}
              >
                <Sign aria-hidden />
                <bdi translate="no">{each.label}</bdi>
                {each.note && (
                  <small>
                    <bdi translate="no">{each.note}</bdi>
                  </small>
                )}
                <small className="sort">{translate(`search.sort.${each.sort}`)}</small>
              </li>
            );
          })}
        </ul>
        <p role="status">
          {text === '' ? translate('search.help') : isLoading ? translate('search.loading') : ''}
        </p>
      </Frame>
    </Dialog>
  );
}

const Frame = styled('div')(({ theme }) => ({
  '& .line': {
    display: 'flex',
    alignItems: 'center',
    gap: 10,
    padding: '0 16px',
    borderBottom: `1px solid ${theme.palette.divider}`,
    '&:focus-within': { boxShadow: `inset 0 -2px 0 ${theme.palette.primary.main}` },
  },
  '& svg': { fontSize: 18, color: theme.palette.text.secondary },
  '& input': {
    flex: 1,
    minWidth: 0,
    height: 52,
    border: 0,
    outline: 'none',
    background: 'none',
    color: theme.palette.text.primary,
    font: 'inherit',
    fontSize: '1rem',
    fontFamily: theme.typography.fontFamily,
  },
  '& input::placeholder': { color: theme.palette.text.secondary, opacity: 1 },
  '& ul': { listStyle: 'none', margin: 0, padding: 6, maxHeight: '55vh', overflowY: 'auto' },
  '& li': {
    display: 'flex',
    alignItems: 'center',
    gap: 10,
    minHeight: 40,
    padding: '4px 10px',
    borderRadius: 6,
    fontSize: '.875rem',
    cursor: 'pointer',
  },
  '& li[aria-selected=true]': { backgroundColor: theme.palette.action.selected },
  '& li bdi': { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  '& small': { color: theme.palette.text.secondary, fontSize: '.75rem', minWidth: 0 },
  '& .sort': { marginLeft: 'auto', flex: 'none' },
  '& p': {
    margin: 0,
    padding: '0 16px 12px',
    color: theme.palette.text.secondary,
    fontSize: '.8125rem',
  },
  '& p:empty': { display: 'none' },
}));
