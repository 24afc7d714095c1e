import { memo, type ReactNode, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { styled } from '@mui/material/styles';
import MoreHoriz from '@mui/icons-material/MoreHoriz';
import { Link } from 'react-router-dom';
import { joinPath } from '../join/joinTicket';
import type { Room } from '../api/records';
import { StatusBadge } from '../shared/StatusBadge';
import type { RosterStore } from './roster/rosterStore';
import { shortDuration } from './seat/times';
import { LimitsPopover } from './stage/LimitsPopover';
import type { RoomStage } from './stage/useStage';
import { usePermissionSet } from '../session/usePermissionSet';
import { useRoomRoster } from './roster/rosterContext';
import { useRosterFact } from './roster/useRoster';

export interface ConsoleFrameProps {
  record: Room | undefined;
  /** Whether it is known who is there. */
  isLoaded: boolean;
  roomStage: RoomStage;
  controls?: ReactNode;
  /** What is wrong with the room or the page; in a place that is always kept. */
  banners?: ReactNode;
  onShortcuts?: () => void;
  children: ReactNode;
}

const Frame = styled('div')({
  flex: 1,
  minHeight: 0,
  display: 'flex',
  flexDirection: 'column',
  gap: 8,
});

/** Its height is the same whatever it says, so that nothing below it moves. */
const Line = styled('div')({
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'center',
  columnGap: 16,
  rowGap: 4,
  '& > .about': {
    flex: '1 1 100%',
    display: 'flex',
    gap: 16,
    minWidth: 0,
    height: 44,
    overflow: 'hidden',
  },
  // They make room for what is wrong.
  '& .figures': {
    flex: '0 1 auto',
    display: 'flex',
    alignItems: 'center',
    gap: 16,
    minWidth: 0,
    overflow: 'hidden',
    whiteSpace: 'nowrap',
  },
  '@media (max-width: 599px)': { '& .figures:not(:last-child)': { display: 'none' } },
  '& > .controls': { display: 'flex', gap: 4 },
  '@media (min-width: 600px)': {
    flexWrap: 'nowrap',
    '& > .about': { flex: '1 1 0', height: 36 },
    '& > .controls': { flex: 'none' },
  },
  '@media (pointer: coarse)': { '& button': { minHeight: 44 }, '& > .about': { height: 44 } },
});

/** The page: a line about the room, and what belongs to it. */
export function ConsoleFrame({
  record,
  isLoaded,
  roomStage,
  controls,
  banners,
  onShortcuts,
  children,
}: ConsoleFrameProps) {
  const can = usePermissionSet();
  const { room, store } = useRoomRoster();
  return (
    <Frame>
      <RoomLine
        room={room}
        record={record}
        roster={isLoaded ? store : null}
        canIssue={can('token.issue', room)}
        roomStage={can('room.update', room) ? roomStage : null}
        controls={controls}
        banners={banners}
        onShortcuts={onShortcuts}
      />
      {children}
    </Frame>
  );
}

interface RoomLineProps {
  room: string;
  record: Room | undefined;
  /** Once it is known who is there. */
  roster: RosterStore | null;
  canIssue: boolean;
  /** For people who may set how many places there are. */
  roomStage: RoomStage | null;
  controls: ReactNode;
  banners: ReactNode;
  onShortcuts: (() => void) | undefined;
}

/** Which room, its figures, and what concerns all of it. */
const RoomLine = memo(function RoomLine(props: RoomLineProps) {
  const { room, record, roster, canIssue, roomStage, controls, banners, onShortcuts } = props;
  const translate = useTranslate();
  return (
    <Line>
      <Title title={translate('room_console.title', { room: record?.title || room })} />
      <div className="about">
        <div className="figures">
          {record?.title && record.title !== room && (
            <Box component="bdi" translate="no" sx={{ color: 'text.secondary' }}>
              {room}
            </Box>
          )}
          {record?.isClosed && (
            <StatusBadge tone="bad">{translate('room_console.closed')}</StatusBadge>
          )}
          {roster && (
            <>
              <Present roster={roster} />
              <Publishing roster={roster} />
              <SilenceFigures silence={record?.silence} />
            </>
          )}
        </div>
        {banners}
      </div>
      <div className="controls">
        {controls}
        {onShortcuts && (
          <MoreMenu
            room={room}
            canIssue={canIssue}
            roomStage={roomStage}
            onShortcuts={onShortcuts}
          />
        )}
      </div>
    </Line>
  );
});

// These change all the time, and nothing else in the line does.
function Present({ roster }: { roster: RosterStore }) {
  const translate = useTranslate();
  const present = useRosterFact(roster, (view) => view.present);
  return (
    <StatusBadge tone={present > 0 ? 'good' : 'neutral'}>
      {translate('room_console.present', { smart_count: present })}
    </StatusBadge>
  );
}

function Publishing({ roster }: { roster: RosterStore }) {
  const translate = useTranslate();
  const publishing = useRosterFact(roster, (view) => view.publishing);
  return <span>{translate('room_console.publishing', { smart_count: publishing })}</span>;
}

/** How long it takes here until what was taken away is really gone. */
function SilenceFigures({ silence }: { silence: Room['silence'] | undefined }) {
  const translate = useTranslate();
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

interface MoreMenuProps {
  room: string;
  canIssue: boolean;
  roomStage: RoomStage | null;
  onShortcuts: () => void;
}

/** What is needed now and then. */
function MoreMenu({ room, canIssue, roomStage, onShortcuts }: MoreMenuProps) {
  const translate = useTranslate();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [limitsAt, setLimitsAt] = useState<HTMLElement | null>(null);
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
        <Menu
          open
          anchorEl={anchor}
          onClose={close}
          slotProps={{
            paper: { role: 'dialog', 'aria-label': translate('room_console.more') },
          }}
        >
          {canIssue && (
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
          {roomStage && (
            <MenuItem
              onClick={() => {
                setLimitsAt(anchor);
                close();
              }}
            >
              {translate('room_stage.limits')}
            </MenuItem>
          )}
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
      {roomStage && limitsAt && (
        <LimitsPopover roomStage={roomStage} anchor={limitsAt} onClose={() => setLimitsAt(null)} />
      )}
    </>
  );
}
