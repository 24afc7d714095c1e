import { TitlePortal, ToggleThemeButton, useTranslate } from 'react-admin';
import AppBar from '@mui/material/AppBar';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Link from '@mui/material/Link';
import MenuIcon from '@mui/icons-material/Menu';
import Toolbar from '@mui/material/Toolbar';
import Typography from '@mui/material/Typography';
import { Link as RouterLink } from 'react-router-dom';
import { LiveBadge } from './LiveBadge';
import { Mark } from '../shared/Mark';
import { NAV_WIDTH } from './Navigation';
import { OperatorMenu } from './OperatorMenu';
import { SearchField } from './SearchField';

/** With the line under it. */
export const BAR_HEIGHT = 48;

export function TopBar({ onMenu }: { onMenu?: () => void }) {
  const translate = useTranslate();
  return (
    <AppBar
      position="sticky"
      sx={{
        bgcolor: 'background.paper',
        color: 'text.primary',
        zIndex: 'appBar',
        // At 200 % it would take the place of rows.
        '@media (max-height: 520px)': { position: 'static' },
      }}
    >
      <Toolbar disableGutters sx={{ minHeight: `${BAR_HEIGHT - 1}px !important`, pr: 1, gap: 0.5 }}>
        {onMenu ? (
          <IconButton
            onClick={onMenu}
            aria-label={translate('app.nav.open')}
            sx={{ ml: 0.5, width: 44, height: 44 }}
          >
            <MenuIcon />
          </IconButton>
        ) : (
          <Box sx={{ width: NAV_WIDTH, flex: 'none', pl: 2 }}>
            <Link
              component={RouterLink}
              to="/"
              color="inherit"
              underline="none"
              sx={{ display: 'inline-flex', alignItems: 'center', gap: 1 }}
            >
              <Mark />
              <Typography component="span" sx={{ fontWeight: 700, letterSpacing: '-.01em' }}>
                Rolecall
              </Typography>
            </Link>
          </Box>
        )}
        <TitlePortal
          component="h1"
          variant="h1"
          sx={{ flex: 1, minWidth: 0, pl: onMenu ? 0.5 : 2, fontSize: '1rem' }}
        />
        <SearchField />
        <LiveBadge />
        <ToggleThemeButton />
        <OperatorMenu />
      </Toolbar>
    </AppBar>
  );
}
