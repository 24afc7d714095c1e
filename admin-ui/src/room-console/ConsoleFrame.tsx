import { memo, type ReactNode, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import MenuItem from '@mui/material/MenuItem';
import MenuList from '@mui/material/MenuList';
import Typography from '@mui/material/Typography';
import { styled } from '@mui/material/styles';
import MoreHoriz from '@mui/icons-material/MoreHoriz';
import { Link } from 'react-router-dom';
import { joinPath } from '../join/joinTicket';
import type { Room } from '../api/records';
import { useSystemStatus } from '../api/useSystemStatus';
import { KeyCap } from '../shared/KeyCap';
import { Mono } from '../shared/Mono';
import { PopoverDialog } from '../shared/PopoverDialog';
import { StatusBadge } from '../shared/StatusBadge';
import { useShortcuts } from './commands/shortcuts';
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
  '@media (max-width: 599px)': { gap: 4 },
});

/** Its height is the same whatever it says, so that nothing below it moves. */
const Line = styled('div')(({ theme }) => ({
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
  '& > .controls': { display: 'flex', gap: 4 },
  // Under the list, where the thumb is.
  '@media (max-width: 599px)': {
    order: 1,
    padding: '0 8px 8px',
    '& > .about': { height: 40 },
    '& .figures:not(:last-child)': { display: 'none' },
    '& > .controls': { flex: '1 1 100%', flexWrap: 'wrap', gap: 8 },
    '& > .controls > button': { flex: 1, border: `1px solid ${theme.palette.divider}` },
    '& > .controls > span': { flex: '1 0 100%' },
  },
  '@media (min-width: 600px)': {
    flexWrap: 'nowrap',
    '& > .about': { flex: '1 1 0', height: 36 },
    '& > .controls': { flex: 'none' },
  },
  '@media (pointer: coarse)': { '& button': { minHeight: 44 }, '& > .about': { height: 44 } },
}));

/** The page: a line about the room, and what belongs to it. On a phone the people come first. */
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
  const isDemo = useSystemStatus().data?.demo.isPresent ?? false;
  return (
    <Line>
      <Title title={translate('room_console.title', { room: record?.title || room })} />
      <div className="about">
        <div className="figures">
          {record?.isClosed && (
            <StatusBadge tone="bad">{translate('room_console.closed')}</StatusBadge>
          )}
          {roster && (
            <>
              <Present roster={roster} />
              <Publishing roster={roster} />
            </>
          )}
          {isDemo && (
            <StatusBadge tone="info" sx={{ fontWeight: 400 }}>
              {translate('app.demo.tag')}
            </StatusBadge>
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
            silence={record?.silence}
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

type Silence = Room['silence'];

/** What only engineers ask: the name in links, and how long it takes until somebody is silent. */
function RoomFacts({ room, silence }: { room: string; silence: Silence | undefined }) {
  const translate = useTranslate();
  const isKnown = silence && silence.count > 0 && silence.p50 !== null && silence.p95 !== null;
  return (
    <Box sx={{ px: 2, py: 1, borderTop: 1, borderColor: 'divider', maxWidth: 320 }}>
      <Typography variant="caption" component="div" color="text.secondary">
        <Mono>{room}</Mono>
      </Typography>
      {isKnown && (
        <Typography
          variant="caption"
          component="div"
          color="text.secondary"
          title={translate('room_console.silence_help', { smart_count: silence.count })}
        >
          {translate('room_console.silence', {
            p50: shortDuration(silence.p50!),
            p95: shortDuration(silence.p95!),
          })}
        </Typography>
      )}
    </Box>
  );
}

interface MoreMenuProps {
  room: string;
  canIssue: boolean;
  roomStage: RoomStage | null;
  silence: Silence | undefined;
  onShortcuts: () => void;
}

/** What is needed now and then. */
function MoreMenu({ room, canIssue, roomStage, silence, onShortcuts }: MoreMenuProps) {
  const translate = useTranslate();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [limitsAt, setLimitsAt] = useState<HTMLElement | null>(null);
  const { keys } = useShortcuts();
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
        <PopoverDialog
          title={translate('room_console.more')}
          anchor={anchor}
          sx={{ minWidth: 220 }}
          onClose={close}
        >
          <MenuList autoFocusItem aria-label={translate('room_console.more')}>
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
              <Box component="span" sx={{ flex: 1, mr: 2 }}>
                {translate('room_console.actions.shortcuts')}
              </Box>
              {keys.help && <KeyCap name={keys.help} />}
            </MenuItem>
          </MenuList>
          <RoomFacts room={room} silence={silence} />
        </PopoverDialog>
      )}
      {roomStage && limitsAt && (
        <LimitsPopover roomStage={roomStage} anchor={limitsAt} onClose={() => setLimitsAt(null)} />
      )}
    </>
  );
}
