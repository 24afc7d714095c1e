import {
  lazy,
  Suspense,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import { registerMessages } from '../i18n/i18nProvider';
import { ErrorState } from '../shared/ErrorState';
import { useErrorText } from '../shared/useErrorText';
import { useRouteSegment } from '../shared/useRouteSegment';
import { Banners } from './notices/Banners';
import { BulkBar } from './bulk/BulkBar';
import { BulkTray } from './bulk/BulkTray';
import { messages as bulkMessages } from './bulk/messages.en';
import { ConsoleDialogs } from './dialogs/ConsoleDialogs';
import { ConsoleFrame } from './ConsoleFrame';
import { ConsoleTheme } from './ConsoleTheme';
import { EmptyRoom } from './roster/EmptyRoom';
import { type Command, useKeymap } from './commands/keymap';
import { messages } from './messages.en';
import { messages as peekMessages } from './peek/messages.en';
import { PeopleFrame } from './grid/PeopleFrame';
import { PersonPlace } from './person/PersonPlace';
import { RosterBar } from './roster/RosterBar';
import { RosterSkeleton } from './roster/RosterSkeleton';
import type { RosterView } from './roster/rosterStore';
import { messages as sceneMessages } from './scenes/messages.en';
import { type LockHandle, SceneControls, useSceneRunner } from './scenes/SceneControls';
import { useSceneCondition } from './scenes/useSceneCondition';
import { SeatGrid, type SeatGridHandle } from './grid/SeatGrid';
import type { RowCommand } from './grid/SeatRow';
import { messages as stageMessages } from './stage/messages.en';
import { StageBar } from './stage/StageBar';
import { useConsole } from './useConsole';
import { useSystemStatus } from '../api/useSystemStatus';
import { useRosterFact } from './roster/useRoster';
import type { Verb } from './commands/verbs';

for (const each of [messages, stageMessages, sceneMessages, bulkMessages, peekMessages]) {
  registerMessages(each);
}

const ROW_ACT = 'act ';
const isRowAct = (asked: Command | RowCommand): asked is `act ${Verb}` => asked.startsWith(ROW_ACT);

/** Read once, if ever; it is no part of what has to be there in a hurry. */
const ShortcutsDialog = lazy(async () => {
  const { ShortcutsDialog: Dialog } = await import('./dialogs/ShortcutsDialog');
  return { default: Dialog };
});

const Columns = styled('div')({ display: 'flex', flex: 1, gap: 16, minHeight: 0 });
const People = styled('div')({
  flex: 1,
  minWidth: 0,
  display: 'flex',
  flexDirection: 'column',
  gap: 8,
});

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
  const keymap = useKeymap();
  const grid = useRef<SeatGridHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const lock = useRef<LockHandle>(null);
  const desk = useConsole(room, grid);
  const { roster, about, can, isReachable } = desk;
  // Not all of the room: the page around the people is not drawn again whenever one of them changes.
  const isEmpty = useRosterFact(roster.store, isEmptyRoom);
  const isUnmuteOff = useSystemStatus().data?.livekit.remoteUnmute === 'off';
  const unmutable = useRosterFact(roster.store, isUnmuteOff ? countUnmutable : none);
  const [areKeysShown, setAreKeysShown] = useState(false);
  // The rows show at once that they are chosen; what can be done to them comes right after.
  const isAnybodyChosen = desk.selection.identities.size > 0;
  const isBarShown = useDeferredValue(isAnybodyChosen) && isAnybodyChosen;

  const command = (asked: Command | RowCommand, identity: string | null, element: HTMLElement) => {
    if (asked === 'search') search.current?.focus();
    else if (asked === 'help') setAreKeysShown(true);
    else if (asked === 'lock') lock.current?.press();
    else if (asked === 'approveNext') void desk.approveNext();
    else if (asked === 'decline') {
      if (identity !== null) desk.act('decline', identity, element);
    } else if (isRowAct(asked)) {
      if (identity !== null) desk.actInRow(asked.slice(ROW_ACT.length) as Verb, identity, element);
    } else desk.command(asked, identity, element);
  };
  const latest = useRef(command);
  useEffect(() => {
    latest.current = command;
  });
  // Always the same function, or every row would be drawn again at every change.
  const onCommand = useCallback<typeof command>((...args) => latest.current(...args), []);

  const showKeys = useCallback(() => setAreKeysShown(true), []);
  const focusGrid = useCallback(() => grid.current?.focus(), []);
  const { goTo, refocus, scenes, say, nameOf } = desk;
  const sayNobody = useCallback(
    (identity: string | null) => {
      if (identity !== null)
        say(translate('room_console.nobody_marked', { name: nameOf(identity) }));
    },
    [say, translate, nameOf],
  );
  const showPerson = useCallback(
    (identity: string) => {
      goTo(identity);
      refocus();
    },
    [goTo, refocus],
  );
  const { problem, run } = useSceneRunner(refocus);
  const sceneRefusal = desk.refusal('scene.enter');
  const canWrite = can('scene.write', room);
  const controls = useMemo(
    () => (
      <SceneControls
        ref={lock}
        room={room}
        desk={scenes}
        refusal={sceneRefusal}
        canWrite={canWrite}
        isReachable={isReachable}
        unmutable={unmutable}
        run={run}
        say={say}
      />
    ),
    [room, scenes, sceneRefusal, canWrite, isReachable, unmutable, run, say],
  );
  const scene = useSceneCondition({
    desk: scenes,
    canLeave: sceneRefusal === null,
    isReachable,
    run,
  });

  if (roster.error && !roster.isLoaded) {
    return (
      <ConsoleFrame desk={desk}>
        <ErrorState error={roster.error} onRetry={roster.reload} />
      </ConsoleFrame>
    );
  }

  return (
    <ConsoleFrame
      desk={desk}
      onShortcuts={showKeys}
      controls={controls}
      banners={
        <Banners
          isClosed={about.record?.isClosed ?? false}
          staleError={roster.isLoaded ? roster.error : null}
          asOf={roster.asOf}
          endedAt={about.endedAt}
          logPath={can('ledger.read') ? logOf(room) : null}
          scene={scene}
          sceneProblem={problem}
          onRetry={roster.reload}
        />
      }
    >
      {!roster.isLoaded ? (
        <RosterSkeleton />
      ) : isEmpty ? (
        <EmptyRoom room={room} canIssue={can('token.issue', room)} />
      ) : (
        <Columns>
          <People>
            <StageBar
              desk={desk.stage}
              approvals={desk.approvals}
              canManage={can('stage.manage', room)}
              canLimit={can('room.update', room)}
              isReachable={isReachable}
              say={say}
              onShow={showPerson}
              onApproveAll={desk.approveAll}
              onDone={refocus}
            />
            <RosterBar store={roster.store} search={search} onDone={focusGrid} />
            <PeopleFrame
              store={roster.store}
              notice={desk.notice}
              onApply={desk.applyOrder}
              onShowEverybody={desk.showAll}
            >
              <SeatGrid
                ref={grid}
                label={translate('room_console.grid.label', { room })}
                store={roster.store}
                attempts={desk.attempts}
                acting={desk.acting.others}
                templates={desk.templates}
                keymap={keymap}
                active={desk.active}
                selected={desk.selection.identities}
                promoteTitle={desk.promoteTitle}
                errorText={errorText}
                isHeld={desk.open !== null || desk.conflict !== null}
                swipe={desk}
                onActive={desk.setActive}
                onNobody={sayNobody}
                onExtend={desk.chosen.add}
                onCommand={onCommand}
              />
            </PeopleFrame>
            {isBarShown && <BulkBar desk={desk} />}
          </People>
          <PersonPlace desk={desk} errorText={errorText} />
        </Columns>
      )}
      {/* Below the list, so that no row moves away under the pointer when it comes. */}
      <BulkTray
        desk={desk.bulk}
        canUndo={can('seat.demote', room)}
        isReachable={isReachable}
        nameOf={desk.nameOf}
        onDone={refocus}
      />
      <ConsoleDialogs desk={desk} />
      {areKeysShown && (
        <Suspense>
          <ShortcutsDialog keymap={keymap} onClose={() => setAreKeysShown(false)} />
        </Suspense>
      )}
    </ConsoleFrame>
  );
}

const none = () => 0;

/** Who would be muted by a scene, and could not be unmuted. */
const countUnmutable = ({ seats }: RosterView) =>
  [...seats.values()].filter(
    ({ isPresent, silencing, tracks }) =>
      isPresent && silencing === 'mute' && tracks.some(({ isMuted }) => !isMuted),
  ).length;

const isEmptyRoom = ({ counts, identities }: RosterView) =>
  counts.all === 0 && identities.length === 0;

const logOf = (room: string) => `/activity?${new URLSearchParams({ room })}`;
