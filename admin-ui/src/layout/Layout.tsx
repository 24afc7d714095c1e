import { type ReactNode, Suspense, useEffect } from 'react';
import { type CoreLayoutProps, useStore, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Drawer from '@mui/material/Drawer';
import LinearProgress from '@mui/material/LinearProgress';
import useMediaQuery from '@mui/material/useMediaQuery';
import type { Theme } from '@mui/material/styles';
import { useHotkeys } from 'react-hotkeys-hook';
import { useLocation, useMatch } from 'react-router-dom';
import { connectLists } from './connectLists';
import { AnnounceProvider } from '../shared/announce';
import { ErrorState } from '../shared/ErrorState';
import { usePastedToken } from '../shared/pastedToken';
import { ConflictDialog } from './ConflictDialog';
import { AlarmBanner } from './AlarmBanner';
import { DemoBanner } from './DemoBanner';
import { ErrorBoundary } from './ErrorBoundary';
import { lazyPage } from '../shared/lazyPage';
import { LedgerBanner } from './LedgerBanner';
import { NAV_WIDTH, Navigation, useNavigationKeys } from './Navigation';
import { PageTheme } from './PageTheme';
import { ReauthenticationDialog } from '../sign-in/ReauthenticationDialog';
import { BAR_HEIGHT, TopBar } from './TopBar';
import { useDocumentTitle } from './useDocumentTitle';

const TokenDialog = lazyPage(async () => (await import('../token-check/TokenDialog')).TokenDialog);

const MAIN_ID = 'main-content';

export function Layout({ children }: CoreLayoutProps) {
  return (
    <PageTheme>
      <AnnounceProvider>
        <Frame>{children}</Frame>
      </AnnounceProvider>
    </PageTheme>
  );
}

const focusSearch = () =>
  document.querySelector<HTMLElement>(`#${MAIN_ID} input[type=search]`)?.focus();

function Frame({ children }: { children: ReactNode }) {
  const translate = useTranslate();
  const queryClient = useQueryClient();
  const { pathname } = useLocation();
  const isConsole = useMatch('/rooms/:id/console') !== null;
  const isNarrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('md'));
  const [isNavOpen, setIsNavOpen] = useStore('nav.isOpen', false);

  const pastedToken = usePastedToken();

  useDocumentTitle();
  useNavigationKeys();
  useHotkeys('/', focusSearch, { useKey: true, preventDefault: true });
  useEffect(() => connectLists(queryClient), [queryClient]);
  useEffect(() => {
    setIsNavOpen(false);
  }, [pathname, setIsNavOpen]);

  return (
    <Box sx={{ minHeight: '100vh', display: 'flex', flexDirection: 'column' }}>
      <Box
        component="a"
        href={`#${MAIN_ID}`}
        sx={{
          position: 'fixed',
          top: 8,
          left: 8,
          zIndex: 'tooltip',
          px: 2,
          py: 1,
          borderRadius: 1,
          bgcolor: 'primary.main',
          color: 'primary.contrastText',
          transform: 'translateY(-200%)',
          '&:focus': { transform: 'none' },
        }}
        onClick={(event) => {
          event.preventDefault();
          document.getElementById(MAIN_ID)?.focus();
        }}
      >
        {translate('app.skip_to_content')}
      </Box>
      <TopBar onMenu={isNarrow ? () => setIsNavOpen(true) : undefined} />
      <Box sx={{ display: 'flex', flex: 1, minWidth: 0 }}>
        {isNarrow ? (
          <Drawer
            open={isNavOpen}
            onClose={() => setIsNavOpen(false)}
            slotProps={{ paper: { 'aria-label': translate('app.nav.label') } }}
          >
            <Navigation hasMark />
          </Drawer>
        ) : (
          <Box
            sx={{
              width: NAV_WIDTH,
              flex: 'none',
              position: 'sticky',
              top: BAR_HEIGHT,
              height: `calc(100vh - ${BAR_HEIGHT}px)`,
              // The line on its right is part of its width: nothing to scroll sideways to.
              overflowX: 'hidden',
              overflowY: 'auto',
              borderRight: 1,
              borderColor: 'divider',
              bgcolor: 'background.paper',
            }}
          >
            <Navigation />
          </Box>
        )}
        <Box
          component="main"
          id={MAIN_ID}
          tabIndex={-1}
          sx={{
            flex: 1,
            minWidth: 0,
            p: isConsole ? { xs: 0, sm: 2 } : { xs: 1.5, sm: 2 },
            // A list that fills the page needs no air below it.
            pb: isConsole ? { xs: 0, sm: 1 } : undefined,
            pt: isConsole ? { xs: 0.75, sm: 1 } : undefined,
            display: 'flex',
            flexDirection: 'column',
            '&:focus': { outline: 'none' },
            '& > .MuiAlert-root': { mx: isConsole ? { xs: 1, sm: 0 } : 0 },
          }}
        >
          {/* There people are the page: the room's own line says it in two words. */}
          {!isConsole && <DemoBanner />}
          <LedgerBanner />
          <AlarmBanner />
          <ErrorBoundary
            resetKey={pathname}
            fallback={(error, retry) => (
              <ErrorState error={error} title={translate('app.error.page_title')} onRetry={retry} />
            )}
          >
            <Suspense
              fallback={
                <LinearProgress
                  aria-label={translate('ra.page.loading')}
                  sx={isConsole ? undefined : { mx: -2, mt: -2 }}
                />
              }
            >
              {children}
            </Suspense>
          </ErrorBoundary>
        </Box>
      </Box>
      {pastedToken && (
        <Suspense>
          <TokenDialog />
        </Suspense>
      )}
      <ReauthenticationDialog />
      <ConflictDialog />
    </Box>
  );
}
