import { lazy, type RefObject, Suspense, useCallback, useMemo, useRef, useState } from 'react';
import { useSystemStatus } from '../api/useSystemStatus';
import { registerMessages } from '../i18n/i18nProvider';
import { usePermissionSet } from '../session/usePermissionSet';
import { ErrorState } from '../shared/ErrorState';
import { useRouteSegment } from '../shared/useRouteSegment';
import { BulkTray } from './bulk/BulkTray';
import { messages as bulkMessages } from './bulk/messages.en';
import { useShortcuts } from './commands/shortcuts';
import { ConsoleFrame } from './ConsoleFrame';
import { ConsolePeople } from './ConsolePeople';
import { ConsoleProviders } from './ConsoleProviders';
import { ConsoleDialogs } from './dialogs/ConsoleDialogs';
import type { SeatGridHandle } from './grid/SeatGrid';
import { messages } from './messages.en';
import { Banners } from './notices/Banners';
import { messages as peekMessages } from './peek/messages.en';
import { EmptyRoom } from './roster/EmptyRoom';
import { RosterSkeleton } from './roster/RosterSkeleton';
import type { RosterStore, RosterView } from './roster/rosterStore';
import { useRosterFact } from './roster/useRoster';
import { messages as sceneMessages } from './scenes/messages.en';
import { type LockHandle, SceneControls, useSceneRunner } from './scenes/SceneControls';
import { useSceneCondition } from './scenes/useSceneCondition';
import { messages as stageMessages } from './stage/messages.en';
import { type Console, useConsole } from './useConsole';
import { useUntouched } from './useUntouched';

for (const each of [messages, stageMessages, sceneMessages, bulkMessages, peekMessages]) {
  registerMessages(each);
}

/** Rarely opened, so it loads when it is. */
const ShortcutsDialog = lazy(async () => {
  const { ShortcutsDialog: Dialog } = await import('./dialogs/ShortcutsDialog');
  return { default: Dialog };
});

export function RoomConsolePage() {
  const room = useRouteSegment(1);
  // Another room is another console: it shares no selection and no open dialog.
  return <RoomConsole key={room} room={room} />;
}

function RoomConsole({ room }: { room: string }) {
  const grid = useRef<SeatGridHandle>(null);
  const roomConsole = useConsole(room, grid);
  return (
    <ConsoleProviders roomConsole={roomConsole}>
      <ConsolePage room={room} roomConsole={roomConsole} grid={grid} />
    </ConsoleProviders>
  );
}

interface ConsolePageProps {
  room: string;
  roomConsole: Console;
  grid: RefObject<SeatGridHandle | null>;
}

function ConsolePage({ room, roomConsole, grid }: ConsolePageProps) {
  const shortcuts = useShortcuts();
  const isUntouched = useUntouched();
  const { loading, record, rules, scenes, refocus, roomStage } = roomConsole;
  const { store } = loading;
  const can = usePermissionSet();
  const isReachable = rules.unreachable === null;
  const lock = useRef<LockHandle>(null);
  const [areKeysShown, setAreKeysShown] = useState(false);
  const showKeys = useCallback(() => setAreKeysShown(true), []);
  const { problem, run } = useSceneRunner(refocus);
  const refusal = rules.refusal('scene.enter');
  const scene = useSceneCondition({ scenes, canLeave: refusal === null, isReachable, run });
  const canWrite = can('scene.write', room);
  const unmutable = useUnmutable(store);
  const controls = useMemo(
    () => (
      <SceneControls
        ref={lock}
        room={room}
        scenes={scenes}
        refusal={refusal}
        canWrite={canWrite}
        isReachable={isReachable}
        unmutable={unmutable}
        run={run}
      />
    ),
    [room, scenes, refusal, canWrite, isReachable, unmutable, run],
  );
  // Only this fact: the page around the people is not drawn again whenever one of them changes.
  const isEmpty = useRosterFact(store, isEmptyRoom);

  if (loading.error && !loading.isLoaded) {
    return (
      <ConsoleFrame record={record.record} isLoaded={false} roomStage={roomStage}>
        <ErrorState error={loading.error} onRetry={loading.reload} />
      </ConsoleFrame>
    );
  }
  return (
    <ConsoleFrame
      record={record.record}
      isLoaded={loading.isLoaded}
      roomStage={roomStage}
      onShortcuts={showKeys}
      controls={controls}
      banners={
        <Banners
          isClosed={record.record?.isClosed ?? false}
          staleError={loading.isLoaded ? loading.error : null}
          asOf={loading.asOf}
          endedAt={record.endedAt}
          logPath={can('ledger.read') ? logOf(room) : null}
          scene={scene}
          sceneProblem={problem}
          onRetry={loading.reload}
        />
      }
    >
      {!loading.isLoaded ? (
        <RosterSkeleton />
      ) : isEmpty ? (
        <EmptyRoom room={room} canIssue={can('token.issue', room)} />
      ) : (
        <ConsolePeople
          room={room}
          roomConsole={roomConsole}
          shortcuts={shortcuts}
          isUntouched={isUntouched}
          grid={grid}
          lock={lock}
          showKeys={showKeys}
        />
      )}
      {/* Below the list, so that no row moves away under the pointer when it comes. */}
      <BulkTray
        bulk={roomConsole.bulk}
        canUndo={can('seat.demote', room)}
        isReachable={isReachable}
        nameOf={roomConsole.roster.nameOf}
        onDone={refocus}
      />
      <ConsoleDialogs
        opened={roomConsole.opened}
        conflict={roomConsole.conflict}
        onSettleConflict={roomConsole.settleConflict}
        onApproveAll={roomConsole.approvals.all}
      />
      {areKeysShown && (
        <Suspense>
          <ShortcutsDialog shortcuts={shortcuts} onClose={() => setAreKeysShown(false)} />
        </Suspense>
      )}
    </ConsoleFrame>
  );
}

/** How many people a scene would mute for good, because LiveKit does not let them be unmuted. */
function useUnmutable(store: RosterStore): number {
  const isUnmuteOff = useSystemStatus().data?.livekit.remoteUnmute === 'off';
  return useRosterFact(store, isUnmuteOff ? countUnmutable : none);
}

const none = () => 0;

const countUnmutable = ({ seats }: RosterView) =>
  [...seats.values()].filter(
    ({ isPresent, silencing, tracks }) =>
      isPresent && silencing === 'mute' && tracks.some(({ isMuted }) => !isMuted),
  ).length;

const isEmptyRoom = ({ counts, identities }: RosterView) =>
  counts.all === 0 && identities.length === 0;

const logOf = (room: string) => `/activity?${new URLSearchParams({ room })}`;
