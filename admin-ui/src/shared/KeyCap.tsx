import { styled } from '@mui/material/styles';

/** The key that does the same, for who works with a keyboard. `aria-keyshortcuts` says it to others. */
export function KeyCap({ name }: { name: string }) {
  return <Cap aria-hidden>{SHORT[name] ?? name.replace('Shift+', '⇧ ')}</Cap>;
}

const SHORT: Partial<Record<string, string>> = { Delete: 'Del', 'Shift+Delete': '⇧ Del' };

const Cap = styled('kbd')(({ theme }) => ({
  minWidth: 20,
  padding: '0 5px',
  border: '1px solid',
  borderColor: theme.palette.divider,
  borderRadius: 4,
  color: theme.palette.text.secondary,
  fontSize: '.6875rem',
  fontWeight: 400,
  lineHeight: '18px',
  textAlign: 'center',
  whiteSpace: 'nowrap',
  '@media (pointer: coarse)': { display: 'none' },
}));
