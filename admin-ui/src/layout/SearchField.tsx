import { Suspense, useEffect } from 'react';
import { useTranslate } from 'react-admin';
import ButtonBase from '@mui/material/ButtonBase';
import Search from '@mui/icons-material/Search';
import { styled } from '@mui/material/styles';
import { useHotkeys } from 'react-hotkeys-hook';
import { lazyPage } from '../shared/lazyPage';
import { visuallyHidden } from '../shared/visuallyHidden';
import { closeSearch, openSearch, useSearchIsOpen } from './searchDialog';

const load = async () => (await import('../search/SearchPalette')).SearchPalette;
const SearchPalette = lazyPage<{ onClose: () => void }>(load);
const LOAD_AFTER_MS = 1_500;

const isMac = navigator.platform.startsWith('Mac');

/** The field in the top bar that opens the search, as Ctrl-K does from anywhere. */
export function SearchField() {
  const isOpen = useSearchIsOpen();
  // What is typed right after the key is pressed is typed into the search.
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), LOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  useHotkeys('mod+k', openSearch, { preventDefault: true, enableOnFormTags: true });
  return (
    <>
      <OpenSearch className="in-bar" />
      {isOpen && (
        <Suspense>
          <SearchPalette onClose={closeSearch} />
        </Suspense>
      )}
    </>
  );
}

/** What looks like the search and opens it. `in-bar`: a sign alone where there is little room. */
export function OpenSearch({ className }: { className?: string }) {
  const translate = useTranslate();
  return (
    <Field
      className={className}
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K"
      onClick={openSearch}
    >
      <Search aria-hidden />
      <span className="hint">{translate('app.find.hint')}</span>
      <kbd>{isMac ? '⌘ K' : 'Ctrl K'}</kbd>
    </Field>
  );
}

const Field = styled(ButtonBase)(({ theme }) => ({
  display: 'flex',
  justifyContent: 'flex-start',
  gap: 8,
  width: '100%',
  height: 44,
  padding: '0 8px 0 10px',
  border: `1px solid ${theme.palette.text.disabled}`,
  borderRadius: 8,
  color: theme.palette.text.secondary,
  fontSize: '.8125rem',
  '& svg': { fontSize: 18 },
  '& .hint': {
    flex: 1,
    textAlign: 'left',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
  '& kbd': {
    flex: 'none',
    padding: '1px 5px',
    border: `1px solid ${theme.palette.divider}`,
    borderRadius: 4,
    fontSize: '.6875rem',
  },
  '&.in-bar': { width: 350, height: 32, marginRight: 8 },
  // A touch screen has no such keys.
  '@media (hover: none)': { '& kbd': { display: 'none' } },
  [theme.breakpoints.down('lg')]: {
    '&.in-bar': {
      width: 36,
      justifyContent: 'center',
      padding: 0,
      borderColor: 'transparent',
      '& kbd': { display: 'none' },
      '& .hint': visuallyHidden,
    },
  },
}));
