import GlobalStyles from '@mui/material/GlobalStyles';
import type { Theme } from '@mui/material/styles';
import { LOOKS } from '../shared/face';

/** Signs that are in every row: one style for all of them, because rows are made while one scrolls. */
const styles = (theme: Theme) => ({
  '.log-face': {
    display: 'inline-grid',
    placeItems: 'center',
    flex: 'none',
    width: 24,
    height: 24,
    borderRadius: '50%',
    fontSize: 9.5,
    fontWeight: 650,
  },
  '.log-face.small': { width: 18, height: 18, fontSize: 8 },
  // Not text: what it stands for is beside it.
  '.log-face[data-initials]::before': { content: 'attr(data-initials)' },
  '.log-face.program': {
    backgroundColor: theme.palette.action.selected,
    color: theme.palette.text.secondary,
  },
  '.log-face svg': { fontSize: 15 },
  '.log-face.small svg': { fontSize: 12 },
  ...Object.fromEntries(
    LOOKS.map(([light, ink, dark, darkInk], at) => [
      `.log-face.look${at}`,
      theme.palette.mode === 'dark'
        ? { backgroundColor: dark, color: darkInk }
        : { backgroundColor: light, color: ink },
    ]),
  ),
  '.log-role': { fontWeight: 600, whiteSpace: 'nowrap' as const },
  '.log-role > [data-letter]': {
    display: 'inline-block',
    width: 16,
    height: 16,
    marginRight: 5,
    borderRadius: 4,
    fontSize: 10,
    fontWeight: 700,
    lineHeight: '16px',
    textAlign: 'center' as const,
    verticalAlign: 1,
    forcedColorAdjust: 'none' as const,
  },
  '.log-role > [data-letter]::before': { content: 'attr(data-letter)' },
  '.log-outcome': {
    display: 'inline-flex',
    alignItems: 'center',
    gap: 4,
    fontWeight: 550,
    whiteSpace: 'nowrap' as const,
  },
  '.log-outcome svg': { width: 16, height: 16, fill: 'currentColor' },
  '.log-outcome.good': { color: theme.palette.success.main },
  '.log-outcome.pending': { color: theme.palette.warning.main },
  '.log-outcome.bad': { color: theme.palette.error.main },
  '.log-outcome.info': { color: theme.palette.info.main },
  '.log-outcome.neutral': { color: theme.palette.text.secondary },
});

export const LogStyles = () => <GlobalStyles styles={styles} />;
