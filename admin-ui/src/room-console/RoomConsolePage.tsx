import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { Title, useGetOne, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Drawer from '@mui/material/Drawer';
import useMediaQuery from '@mui/material/useMediaQuery';
import type { Theme } from '@mui/material/styles';
import Groups from '@mui/icons-material/GroupsOutlined';
import Keyboard from '@mui/icons-material/KeyboardOutlined';
import { Link } from 'react-router-dom';
import { joinPath } from '../join/joinTicket';
import { registerMessages } from '../providers/i18nProvider';
import { useIsServerReachable } from '../providers/connectivity';
import type { Room } from '../providers/records';
import { CopyButton } from '../shared/CopyButton';
import { EmptyState } from '../shared/EmptyState';
import { ErrorState } from '../shared/ErrorState';
import { StatusBadge } from '../shared/StatusBadge';
import { useErrorText } from '../shared/useErrorText';
import { usePermissionSet } from '../shared/usePermissionSet';
import { useRouteSegment } from '../shared/useRouteSegment';
import { useTemplates } from '../shared/useTemplates';
import { ConsoleTheme } from './ConsoleTheme';
import { Banners } from './Banners';
import { BulkBar } from './BulkBar';
import { messages } from './messages.en';
import { PersonPanel } from './PersonPanel';
import { RemoveDialog } from './RemoveDialog';
import { RoleMenu } from './RoleMenu';
import { RosterBar } from './RosterBar';
import { RosterSkeleton } from './RosterSkeleton';
import { SeatConflictDialog } from './SeatConflictDialog';
import { type GridCommand, SeatGrid, type SeatGridHandle } from './SeatGrid';
import { nameOf } from './seatWords';
import { ShortcutsDialog } from './ShortcutsDialog';
import { useConsole } from './useConsole';

registerMessages(messages);

export function RoomConsolePage() {
  const room = useRouteSegment(1);
  // Another room is another console: nothing chosen or asked there belongs here.
  return (
    <ConsoleTheme>
      <RoomConsole key={room} room={room} />
    </ConsoleTheme>
  );
}

function RoomConsole({ room }: { room: string }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const can = usePermissionSet();
  const isReachable = useIsServerReachable();
  const { byKey } = useTemplates();
  const isNarrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('lg'));
  const grid = useRef<SeatGridHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const { data: record } = useGetOne<Room>(
    'rooms',
    { id: room },
    { retry: false, onError: () => undefined },
  );
  const desk = useConsole(room, record, grid);
  const { roster, attempts, active, selected, open } = desk;
  const { view } = roster;
  const [areKeysShown, setAreKeysShown] = useState(false);

  const latest = useRef<typeof command>(() => undefined);
  const command = (asked: GridCommand, identity: string | null, element: HTMLElement) => {
    if (asked === 'search') search.current?.focus();
    else if (asked === 'help') setAreKeysShown(true);
    else desk.command(asked, identity, element);
  };
  useEffect(() => {
    latest.current = command;
  });
  // Always the same function, or every row would be drawn again at every change.
  const onCommand = useCallback<typeof command>((...args) => latest.current(...args), []);

  if (roster.error && !roster.isLoaded) {
    return (
      <Frame room={room} record={record}>
        <ErrorState error={roster.error} onRetry={roster.reload} />
      </Frame>
    );
  }

  const activeSeat = active === null ? undefined : roster.store.seat(active);
  const panel = desk.isPanelOpen && activeSeat && (
    <PersonPanel
      key={activeSeat.identity}
      room={room}
      seat={activeSeat}
      attempt={attempts.get(activeSeat.identity)}
      isGone={view.gone.has(activeSeat.identity)}
      templates={byKey}
      actions={desk.actionsFor(activeSeat)}
      errorText={errorText}
      onAction={(id, element) => desk.act(id, activeSeat.identity, element)}
      onClose={desk.closePanel}
    />
  );

  return (
    <Frame
      room={room}
      record={record}
      facts={
        roster.isLoaded && (
          <>
            <StatusBadge tone={view.present > 0 ? 'good' : 'neutral'}>
              {translate('room_console.present', { smart_count: view.present })}
            </StatusBadge>
            <span>
              {translate('room_console.publishing', { smart_count: view.counts.publishing })}
            </span>
          </>
        )
      }
      actions={
        <>
          {can('token.issue', room) && (
            <Button component={Link} to={`/tokens/new?${new URLSearchParams({ room })}`}>
              {translate('room_console.actions.issue')}
            </Button>
          )}
          <Button component="a" href={joinPath(room)} target="_blank" rel="noopener">
            {translate('room_console.actions.join')}
          </Button>
          <Button
            aria-label={translate('room_console.actions.shortcuts')}
            onClick={() => setAreKeysShown(true)}
            sx={{ minWidth: 0 }}
          >
            <Keyboard sx={{ fontSize: 18 }} />
          </Button>
        </>
      }
    >
      <Banners
        isClosed={record?.isClosed ?? false}
        staleError={roster.isLoaded ? roster.error : null}
        asOf={roster.asOf}
        onRetry={roster.reload}
      />
      {!roster.isLoaded ? (
        <RosterSkeleton />
      ) : view.counts.all === 0 ? (
        <Empty room={room} canIssue={can('token.issue', room)} />
      ) : (
        <Box sx={{ display: 'flex', flex: 1, gap: 2, minHeight: 0 }}>
          <Box sx={{ flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column', gap: 1 }}>
            <RosterBar
              store={roster.store}
              view={view}
              search={search}
              onDone={() => grid.current?.focus()}
            />
            {view.identities.length === 0 ? (
              <EmptyState
                title={translate('room_console.nobody_matches.title')}
                action={
                  <Button variant="outlined" onClick={desk.showEverybody}>
                    {translate('room_console.nobody_matches.clear')}
                  </Button>
                }
              />
            ) : (
              <SeatGrid
                ref={grid}
                label={translate('room_console.grid.label', { room })}
                store={roster.store}
                view={view}
                attempts={attempts}
                templates={byKey}
                active={active}
                selected={selected}
                canPromote={isReachable && can('seat.promote', room)}
                promoteTo={desk.promoteTo}
                promoteTitle={desk.promoteTitle}
                errorText={errorText}
                onActive={desk.setActive}
                onCommand={onCommand}
              />
            )}
            {selected.size > 0 && <BulkBar room={room} desk={desk} />}
          </Box>
          {!isNarrow && panel && (
            <Box
              sx={{
                width: 340,
                flex: 'none',
                display: 'flex',
                border: 1,
                borderColor: 'divider',
                borderRadius: 1,
                bgcolor: 'background.paper',
                contain: 'size',
              }}
            >
              {panel}
            </Box>
          )}
          {isNarrow && (
            <Drawer
              anchor="right"
              open={Boolean(panel)}
              onClose={desk.closePanel}
              slotProps={{
                paper: {
                  sx: { width: 'min(100%, 380px)' },
                  role: 'dialog',
                  'aria-label': translate('room_console.panel.label', {
                    name: activeSeat ? nameOf(activeSeat) : '',
                  }),
                },
              }}
            >
              {panel}
            </Drawer>
          )}
        </Box>
      )}
      {open?.kind === 'roles' && (
        <RoleMenu
          kind={open.change}
          seat={
            open.identities.length === 1 ? (roster.store.seat(open.identities[0]!) ?? null) : null
          }
          count={open.identities.length}
          anchor={open.anchor}
          onChoose={desk.chooseRole}
          onClose={desk.close}
        />
      )}
      {open?.kind === 'removal' && (
        <RemoveDialog
          mode={open.mode}
          name={open.identities.length === 1 ? desk.nameOf(open.identities[0]!) : null}
          count={open.identities.length}
          canBlock={can('seat.block', room)}
          canRemove={can('seat.remove', room)}
          onConfirm={desk.confirmRemoval}
          onClose={desk.close}
        />
      )}
      {desk.conflict && (
        <SeatConflictDialog
          attempt={desk.conflict}
          name={desk.nameOf(desk.conflict.identity)}
          onKeep={() => desk.settleConflict(false)}
          onOverride={() => desk.settleConflict(true)}
        />
      )}
      {areKeysShown && <ShortcutsDialog onClose={() => setAreKeysShown(false)} />}
    </Frame>
  );
}

interface FrameProps {
  room: string;
  record: Room | undefined;
  facts?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

function Frame({ room, record, facts, actions, children }: FrameProps) {
  const translate = useTranslate();
  return (
    <Box sx={{ flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column', gap: 1 }}>
      <Title title={translate('room_console.title', { room: record?.title || room })} />
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 2 }}>
        {record?.title && record.title !== room && (
          <Box component="bdi" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
            {room}
          </Box>
        )}
        {record?.isClosed && (
          <StatusBadge tone="bad">{translate('room_console.closed')}</StatusBadge>
        )}
        {facts}
        <Box sx={{ flex: 1 }} />
        <Box sx={{ display: 'flex', flexWrap: 'wrap' }}>{actions}</Box>
      </Box>
      {children}
    </Box>
  );
}

function Empty({ room, canIssue }: { room: string; canIssue: boolean }) {
  const translate = useTranslate();
  return (
    <EmptyState
      icon={<Groups />}
      title={translate('room_console.empty.title')}
      text={translate('room_console.empty.text')}
      action={
        <Box sx={{ display: 'flex', gap: 1, justifyContent: 'center', flexWrap: 'wrap' }}>
          {canIssue && (
            <Button
              variant="contained"
              component={Link}
              to={`/tokens/new?${new URLSearchParams({ room })}`}
            >
              {translate('room_console.actions.issue')}
            </Button>
          )}
          <CopyButton
            variant="outlined"
            text={`${window.location.origin}${joinPath(room)}`}
            label={translate('room_console.empty.copy_link')}
          />
        </Box>
      }
    />
  );
}
