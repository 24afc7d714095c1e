import { type ReactNode, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import MoreHoriz from '@mui/icons-material/MoreHoriz';
import { Link } from 'react-router-dom';
import { joinPath } from '../join/joinTicket';
import { StatusBadge } from '../shared/StatusBadge';
import { shortDuration } from './seatWords';
import type { Console } from './useConsole';

export interface ConsoleFrameProps {
  desk: Console;
  controls?: ReactNode;
  onShortcuts?: () => void;
  children: ReactNode;
}

/** The line above everything: which room, how it stands, and what concerns all of it. */
export function ConsoleFrame({ desk, controls, onShortcuts, children }: ConsoleFrameProps) {
  const translate = useTranslate();
  const { room, roster, about } = desk;
  const { record } = about;
  const { view } = roster;
  return (
    <Box sx={{ flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column', gap: 1 }}>
      <Title title={translate('room_console.title', { room: record?.title || room })} />
      <Box
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          alignItems: 'center',
          columnGap: 2,
          rowGap: 0.5,
          '@media (pointer: coarse)': { '& button': { minHeight: 44 } },
        }}
      >
        {record?.title && record.title !== room && (
          <Box component="bdi" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
            {room}
          </Box>
        )}
        {record?.isClosed && (
          <StatusBadge tone="bad">{translate('room_console.closed')}</StatusBadge>
        )}
        {roster.isLoaded && (
          <>
            <StatusBadge tone={view.present > 0 ? 'good' : 'neutral'}>
              {translate('room_console.present', { smart_count: view.present })}
            </StatusBadge>
            <span>{translate('room_console.publishing', { smart_count: view.publishing })}</span>
            <Silence desk={desk} />
          </>
        )}
        <Box sx={{ flex: 1 }} />
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5 }}>
          {controls}
          {onShortcuts && <MoreMenu desk={desk} onShortcuts={onShortcuts} />}
        </Box>
      </Box>
      {children}
    </Box>
  );
}

/** How long it takes here until what was taken away is really gone. */
function Silence({ desk }: { desk: Console }) {
  const translate = useTranslate();
  const silence = desk.about.record?.silence;
  if (!silence || silence.count === 0 || silence.p50 === null || silence.p95 === null) return null;
  return (
    <Box
      component="span"
      title={translate('room_console.silence_help', { smart_count: silence.count })}
      sx={{ color: 'text.secondary' }}
    >
      {translate('room_console.silence', {
        p50: shortDuration(silence.p50),
        p95: shortDuration(silence.p95),
      })}
    </Box>
  );
}

/** What is needed now and then. */
function MoreMenu({ desk, onShortcuts }: { desk: Console; onShortcuts: () => void }) {
  const translate = useTranslate();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const { room, can } = desk;
  const close = () => setAnchor(null);
  return (
    <>
      <Button
        aria-label={translate('room_console.more')}
        aria-haspopup="menu"
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{ minWidth: 36 }}
      >
        <MoreHoriz sx={{ fontSize: 18 }} />
      </Button>
      {anchor && (
        <Menu open anchorEl={anchor} onClose={close}>
          {can('token.issue', room) && (
            <MenuItem component={Link} to={`/tokens/new?${new URLSearchParams({ room })}`}>
              {translate('room_console.actions.issue')}
            </MenuItem>
          )}
          <MenuItem
            component="a"
            href={joinPath(room)}
            target="_blank"
            rel="noopener"
            onClick={close}
          >
            {translate('room_console.actions.join')}
          </MenuItem>
          <MenuItem
            onClick={() => {
              close();
              onShortcuts();
            }}
          >
            {translate('room_console.actions.shortcuts')}
          </MenuItem>
        </Menu>
      )}
    </>
  );
}
