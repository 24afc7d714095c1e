import { type ReactNode, useMemo } from 'react';
import { useStore } from 'react-admin';
import Box from '@mui/material/Box';
import { createTheme, ThemeProvider } from '@mui/material/styles';
import { darkTheme } from '../theme/theme';

/** Dark is the console's default; who has chosen a theme gets that one here as well. */
export function ConsoleTheme({ children }: { children: ReactNode }) {
  const [chosen] = useStore<string | undefined>('theme');
  const dark = useMemo(() => createTheme(darkTheme), []);
  if (chosen !== undefined) return <>{children}</>;
  return (
    <ThemeProvider theme={dark}>
      <Box
        sx={{
          flex: 1,
          display: 'flex',
          flexDirection: 'column',
          minHeight: 0,
          // Up to the edges of the page, but not under the bar above it.
          m: { xs: -1.5, sm: -2 },
          '* + &': { mt: 0 },
          p: { xs: 1.5, sm: 2 },
          bgcolor: 'background.default',
          color: 'text.primary',
          colorScheme: 'dark',
          '& :focus-visible': { outlineColor: dark.palette.primary.main },
        }}
      >
        {children}
      </Box>
    </ThemeProvider>
  );
}
