import { type RefObject, useCallback, useEffect, useMemo, useRef } from 'react';
import { usePermissionSet } from '../session/usePermissionSet';
import { useBulk } from './bulk/useBulk';
import { useBulkCommands } from './bulk/useBulkCommands';
import type { SeatActions } from './commands/seatActions';
import { useActing } from './commands/useActing';
import { useOpenDialog } from './commands/useOpenDialog';
import { useSeatActions } from './commands/useSeatActions';
import { useSeatCommands } from './commands/useSeatCommands';
import { useSeatRules } from './commands/useSeatRules';
import type { SeatGridHandle } from './grid/SeatGrid';
import { useNotices } from './notices/useNotices';
import { usePeek } from './peek/usePeek';
import { useActivePerson } from './person/useActivePerson';
import { useShiftGuard } from './pointer/useShiftGuard';
import type { RoomRoster } from './roster/rosterContext';
import type { RosterStore } from './roster/rosterStore';
import { useListOrder } from './roster/useListOrder';
import { useRoomRecord } from './roster/useRoomRecord';
import { useRoster } from './roster/useRoster';
import { useSelection } from './roster/useSelection';
import { useScenes } from './scenes/useScenes';
import { nameOf } from '../shared/nameOf';
import { useApprovals } from './stage/useApprovals';
import { useQueueCommands } from './stage/useQueueCommands';
import { useStage } from './stage/useStage';

export type Console = ReturnType<typeof useConsole>;

/** Puts the parts of one console together; each part is a hook with one subject. */
export function useConsole(room: string, grid: RefObject<SeatGridHandle | null>) {
  const can = usePermissionSet();
  const { notice, showNotice, hideNotice } = useNotices();
  const guard = useShiftGuard(showNotice);
  /** The focus goes back to where the keys work. */
  const refocus = useCallback(() => queueMicrotask(() => grid.current?.focus()), [grid]);
  const showRow = useCallback((identity: string) => grid.current?.show(identity), [grid]);

  const observer = useRef<SeatActions | null>(null);
  const loading = useRoster(room, observer);
  const { store } = loading;
  const roster = useMemo<RoomRoster>(
    () => ({ room, store, nameOf: (identity) => nameIn(store, identity) }),
    [room, store],
  );
  const record = useRoomRecord(room);
  useFrozenAtEnd(store, record.endedAt);
  const order = useListOrder({ store, refocus, showNotice });

  const notices = { showNotice, hideNotice };
  const { actions, attempts, conflict, setConflict } = useSeatActions(
    room,
    store,
    observer,
    notices,
  );
  const acting = useActing(room, can('seat.promote', room));
  const promoteTemplate = record.record?.promoteTemplate;
  const rules = useSeatRules({ room, store, actions, promoteTemplate });
  const { opened, controls: dialogs } = useOpenDialog(refocus);
  const commands = useSeatCommands({
    roster,
    actions,
    rules,
    dialogs,
    tellActing: acting.tellActing,
    showNotice,
  });

  const { showEverybody } = order;
  const person = useActivePerson({ store, showEverybody, showRow, refocus, showNotice });
  const { active, isPanelOpen, openPanel } = person;
  const { refuse } = commands;
  const peek = usePeek({ store, rules, active, isPanelOpen, openPanel, refuse });

  const bulk = useBulk(room);
  const selected = useSelection(store, rules.isProtected);
  const bulkCommands = useBulkCommands({
    store,
    actions,
    bulk,
    rules,
    commands,
    dialogs,
    selected,
    showNotice,
    refocus,
  });

  const scenes = useScenes(room, record, bulk);
  const roomStage = useStage(room, can('seat.read', room));
  const approvals = useApprovals({ roomStage, actions, nameOf: roster.nameOf, showNotice });
  const waiting = roomStage.stage?.hands.length ?? 0;
  const queue = useQueueCommands({ waiting, approvals, rules, dialogs, showNotice, refocus });

  const { run } = commands;
  const settleConflict = (isOverridden: boolean) => {
    if (!conflict) return;
    if (conflict.current) store.patch([conflict.current], []);
    if (isOverridden) void run(conflict.identity, conflict.action, conflict.current?.epoch);
    else actions.dismiss(conflict.identity);
    setConflict(null);
    refocus();
  };

  return {
    roster,
    loading,
    record,
    order,
    notice,
    showNotice,
    guard,
    actions,
    attempts,
    acting,
    rules,
    dialogs,
    opened,
    conflict,
    settleConflict,
    commands,
    person,
    peek,
    bulk,
    selected,
    bulkCommands,
    scenes,
    roomStage,
    approvals,
    queue,
    refocus,
  };
}

function nameIn(store: RosterStore, identity: string): string {
  const seat = store.seat(identity);
  return seat ? nameOf(seat) : identity;
}

/** After the session has ended the list shows how it ended, until another session begins. */
function useFrozenAtEnd(store: RosterStore, endedAt: Date | null) {
  useEffect(() => {
    store.freeze(endedAt !== null);
    if (endedAt !== null) return;
    // People who join the next session are not kept waiting for the order of the last one.
    store.pauseSorting(false);
    store.apply();
  }, [store, endedAt]);
}
