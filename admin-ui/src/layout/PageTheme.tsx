import { type ReactNode, useMemo } from 'react';
import { useStore } from 'react-admin';
import CssBaseline from '@mui/material/CssBaseline';
import { createTheme, ThemeProvider } from '@mui/material/styles';
import { useMatch } from 'react-router-dom';
import { darkTheme } from '../theme/theme';

/**
 * The room console is dark, with the whole page around it, until somebody chooses a theme: who has
 * chosen one gets that everywhere.
 */
export function PageTheme({ children }: { children: ReactNode }) {
  const [chosen] = useStore<string | undefined>('theme');
  const isConsole = useMatch('/rooms/:id/console') !== null;
  const dark = useMemo(() => createTheme(darkTheme), []);
  if (chosen !== undefined || !isConsole) return <>{children}</>;
  return (
    <ThemeProvider theme={dark}>
      <CssBaseline enableColorScheme />
      {children}
    </ThemeProvider>
  );
}
