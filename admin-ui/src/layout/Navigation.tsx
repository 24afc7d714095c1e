import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import { useHotkeys } from 'react-hotkeys-hook';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import AdminPanelSettings from '@mui/icons-material/AdminPanelSettingsOutlined';
import AssignmentInd from '@mui/icons-material/AssignmentIndOutlined';
import Badge from '@mui/icons-material/BadgeOutlined';
import DoorFront from '@mui/icons-material/DoorFrontOutlined';
import Group from '@mui/icons-material/GroupOutlined';
import History from '@mui/icons-material/History';
import Home from '@mui/icons-material/HomeOutlined';
import Inventory from '@mui/icons-material/Inventory2Outlined';
import Key from '@mui/icons-material/VpnKeyOutlined';
import MeetingRoom from '@mui/icons-material/MeetingRoomOutlined';
import NotificationImportant from '@mui/icons-material/NotificationImportantOutlined';
import MonitorHeart from '@mui/icons-material/MonitorHeartOutlined';
import ReceiptLong from '@mui/icons-material/ReceiptLongOutlined';
import Shield from '@mui/icons-material/ShieldOutlined';
import Verified from '@mui/icons-material/VerifiedUserOutlined';
import Token from '@mui/icons-material/ConfirmationNumberOutlined';
import { Link, useLocation, useNavigate } from 'react-router-dom';
import { mayEverywhere, type Permission } from '../session/permissions';
import { useMe } from '../session/session';
import { usePermissionSet } from '../session/usePermissionSet';
import { Mark } from '../shared/Mark';

export const NAV_WIDTH = 216;

interface Item {
  to: string;
  label: string;
  icon: ReactNode;
  /** Any one of these is enough; none means everybody. */
  permissions?: Permission[];
  /** Only for who has it in every room. */
  isForAllRooms?: boolean;
  /** The key after G. */
  key?: string;
}

const GROUPS: { label: string; items: Item[] }[] = [
  {
    label: 'app.nav.live',
    items: [
      {
        to: '/rooms',
        label: 'app.nav.rooms',
        icon: <MeetingRoom />,
        permissions: ['room.read'],
        key: 'r',
      },
    ],
  },
  {
    label: 'app.nav.access',
    items: [
      {
        to: '/users',
        label: 'app.nav.users',
        icon: <Group />,
        permissions: ['user.read'],
        key: 'u',
      },
      {
        to: '/role-templates',
        label: 'app.nav.templates',
        icon: <Badge />,
        permissions: ['role_template.read'],
        key: 't',
      },
      {
        to: '/assignments',
        label: 'app.nav.assignments',
        icon: <AssignmentInd />,
        permissions: ['assignment.read'],
        key: 'a',
      },
      {
        to: '/tokens/new',
        label: 'app.nav.issue_token',
        icon: <Token />,
        permissions: ['token.issue'],
        key: 'n',
      },
    ],
  },
  {
    label: 'app.nav.audit',
    items: [
      {
        to: '/issuances',
        label: 'app.nav.issuances',
        icon: <ReceiptLong />,
        permissions: ['ledger.read'],
        key: 'i',
      },
      {
        to: '/activity',
        label: 'app.nav.activity',
        icon: <History />,
        permissions: ['ledger.read'],
        key: 'c',
      },
      {
        to: '/integrity',
        label: 'app.nav.integrity',
        icon: <Verified />,
        permissions: ['ledger.read'],
        key: 'v',
      },
      {
        to: '/exposure',
        label: 'app.nav.exposure',
        icon: <DoorFront />,
        permissions: ['ledger.read'],
        key: 'e',
      },
      {
        to: '/alarms',
        label: 'app.nav.alarms',
        icon: <NotificationImportant />,
        permissions: ['ledger.read'],
        key: 'l',
      },
      {
        to: '/retention',
        label: 'app.nav.retention',
        icon: <Inventory />,
        permissions: ['ledger.read'],
        isForAllRooms: true,
        key: 'd',
      },
    ],
  },
  {
    label: 'app.nav.settings',
    items: [
      {
        to: '/operators',
        label: 'app.nav.operators',
        icon: <AdminPanelSettings />,
        permissions: ['operator.read'],
        key: 'o',
      },
      {
        to: '/access-roles',
        label: 'app.nav.access_roles',
        icon: <Shield />,
        permissions: ['operator.read'],
      },
      {
        to: '/api-keys',
        label: 'app.nav.api_keys',
        icon: <Key />,
        permissions: ['api_key.read'],
        key: 'k',
      },
      { to: '/status', label: 'app.nav.status', icon: <MonitorHeart />, key: 's' },
    ],
  },
];

const HOME: Item = { to: '/', label: 'app.nav.home', icon: <Home />, key: 'h' };

export function Navigation({ hasMark }: { hasMark?: boolean }) {
  const translate = useTranslate();
  const isOffered = useIsOffered();
  const groups = GROUPS.map((group) => ({
    ...group,
    items: group.items.filter(isOffered),
  })).filter(({ items }) => items.length > 0);
  return (
    <Box
      component="nav"
      aria-label={translate('app.nav.label')}
      sx={{ width: NAV_WIDTH, maxWidth: '100%', p: 1 }}
    >
      {hasMark && (
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, px: 1, py: 1.5 }}>
          <Mark />
          <Typography component="span" sx={{ fontWeight: 700 }}>
            Rolecall
          </Typography>
        </Box>
      )}
      <ItemList items={[HOME]} />
      {groups.map(({ label, items }) => (
        <Box key={label} sx={{ mt: 2 }}>
          <Typography
            component="h2"
            variant="caption"
            color="text.secondary"
            sx={{ px: 1, fontWeight: 600 }}
          >
            {translate(label)}
          </Typography>
          <ItemList items={items} label={translate(label)} />
        </Box>
      ))}
    </Box>
  );
}

const ItemList = ({ items, label }: { items: Item[]; label?: string }) => (
  <Box component="ul" aria-label={label} sx={{ listStyle: 'none', m: 0, p: 0 }}>
    {items.map((item) => (
      <NavigationItem key={item.to} item={item} />
    ))}
  </Box>
);

function NavigationItem({ item: { to, label, icon } }: { item: Item }) {
  const translate = useTranslate();
  const { pathname } = useLocation();
  const isHere = to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`);
  return (
    <li>
      <Box
        component={Link}
        to={to}
        aria-current={isHere ? 'page' : undefined}
        sx={{
          display: 'flex',
          alignItems: 'center',
          gap: 1.25,
          px: 1,
          minHeight: { xs: 44, md: 32 },
          borderRadius: 1,
          textDecoration: 'none',
          fontSize: '.8125rem',
          fontWeight: isHere ? 650 : 500,
          color: isHere ? 'primary.main' : 'text.primary',
          bgcolor: isHere ? 'action.selected' : undefined,
          '& .MuiSvgIcon-root': {
            fontSize: 18,
            color: isHere ? 'primary.main' : 'text.secondary',
          },
          '&:hover': { bgcolor: isHere ? 'action.selected' : 'action.hover' },
        }}
      >
        {icon}
        <span>{translate(label)}</span>
      </Box>
    </li>
  );
}

/** Whether the page of an item would show anything. */
function useIsOffered(): (item: Item) => boolean {
  const can = usePermissionSet();
  const me = useMe();
  return ({ permissions, isForAllRooms }) =>
    !permissions ||
    permissions.some((permission) =>
      isForAllRooms ? mayEverywhere(me, permission) : can(permission),
    );
}

/** G and a letter, as the help says; never while typing. */
export function useNavigationKeys() {
  const navigate = useNavigate();
  const isOffered = useIsOffered();
  const items = [HOME, ...GROUPS.flatMap((group) => group.items)].filter(
    (item) => item.key !== undefined && isOffered(item),
  );
  useHotkeys(
    items.map(({ key }) => `g>${key}`),
    (_, hotkey) => {
      const last = hotkey.keys?.at(-1);
      const item = items.find(({ key }) => key === last);
      if (item) void navigate(item.to);
    },
    [items, navigate],
  );
}
