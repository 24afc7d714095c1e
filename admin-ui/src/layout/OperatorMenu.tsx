import { useState } from 'react';
import { useLogout, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Divider from '@mui/material/Divider';
import ListItemIcon from '@mui/material/ListItemIcon';
import Logout from '@mui/icons-material/Logout';
import ManageAccounts from '@mui/icons-material/ManageAccounts';
import MenuItem from '@mui/material/MenuItem';
import MenuList from '@mui/material/MenuList';
import Popover from '@mui/material/Popover';
import Typography from '@mui/material/Typography';
import ExpandMore from '@mui/icons-material/ExpandMore';
import { Link as RouterLink } from 'react-router-dom';
import { useMe } from '../session/session';

export function OperatorMenu() {
  const translate = useTranslate();
  const logout = useLogout();
  const me = useMe();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  if (!me) return null;
  const name = me.operator.name || me.operator.email;
  const close = () => setAnchor(null);
  return (
    <>
      <Button
        color="inherit"
        aria-haspopup="dialog"
        aria-expanded={anchor !== null}
        aria-label={translate('app.operator_menu', { name })}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{ minWidth: 0, gap: 0.75 }}
      >
        <Box
          component="span"
          aria-hidden
          sx={{
            width: 24,
            height: 24,
            borderRadius: '50%',
            bgcolor: 'action.selected',
            fontSize: 12,
            lineHeight: '24px',
            // Not text: the button's name is what it shows.
            '&::before': { content: JSON.stringify([...name][0]?.toLocaleUpperCase() ?? '') },
          }}
        />
        <Box
          component="span"
          sx={{
            display: { xs: 'none', sm: 'inline' },
            maxWidth: 160,
            overflow: 'hidden',
            textOverflow: 'ellipsis',
            whiteSpace: 'nowrap',
          }}
        >
          {name}
        </Box>
        <ExpandMore aria-hidden sx={{ fontSize: 16, display: { xs: 'none', sm: 'block' } }} />
      </Button>
      <Popover
        anchorEl={anchor}
        open={anchor !== null}
        onClose={close}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
        transformOrigin={{ vertical: 'top', horizontal: 'right' }}
        slotProps={{ paper: { role: 'dialog', 'aria-label': name } }}
      >
        <Box sx={{ px: 2, pt: 1.5, pb: 1, maxWidth: 280 }}>
          <Typography sx={{ fontWeight: 600 }} noWrap>
            {name}
          </Typography>
          <Typography variant="body2" color="text.secondary" noWrap>
            {me.operator.email}
          </Typography>
          {me.accessRoles && me.accessRoles.length > 0 && (
            <Typography variant="caption" color="text.secondary">
              {me.accessRoles.join(', ')}
            </Typography>
          )}
        </Box>
        <Divider />
        <MenuList autoFocusItem aria-label={translate('app.nav.account')}>
          <MenuItem component={RouterLink} to="/account" onClick={close}>
            <ListItemIcon>
              <ManageAccounts fontSize="small" />
            </ListItemIcon>
            <span>{translate('app.nav.account')}</span>
          </MenuItem>
          <MenuItem
            onClick={() => {
              close();
              void logout();
            }}
          >
            <ListItemIcon>
              <Logout fontSize="small" />
            </ListItemIcon>
            <span>{translate('ra.auth.logout')}</span>
          </MenuItem>
        </MenuList>
      </Popover>
    </>
  );
}
