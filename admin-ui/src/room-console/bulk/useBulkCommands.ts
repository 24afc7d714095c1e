import { useCallback, useMemo, useState } from 'react';
import { useTranslate } from 'react-admin';
import { serverNow } from '../../api/serverClock';
import { requiredContext } from '../../shared/requiredContext';
import type { BulkRequest } from '../commands/bulkRequest';
import type { SeatActions } from '../commands/seatActions';
import type { DialogControls } from '../commands/useOpenDialog';
import type { SeatCommands } from '../commands/useSeatCommands';
import type { SeatRules } from '../commands/useSeatRules';
import type { PersonCommand } from '../commands/personCommands';
import type { ShowNotice } from '../notices/useNotices';
import type { RosterStore } from '../roster/rosterStore';
import type { SelectionState } from '../roster/useSelection';
import type { BulkOperations } from './useBulk';

/** With more people than these, the number has to be typed before anything happens. */
export const MANY = 50;

interface BulkCommandsOptions {
  store: RosterStore;
  actions: SeatActions;
  bulk: BulkOperations;
  rules: SeatRules;
  commands: SeatCommands;
  dialogs: DialogControls;
  selected: SelectionState;
  showNotice: ShowNotice;
  refocus: () => void;
}

/** Acts on the selected people as one operation. */
export function useBulkCommands(options: BulkCommandsOptions) {
  const { store, actions, bulk, rules, commands, dialogs, selected, showNotice, refocus } = options;
  const { isProtected } = rules;
  const { openDialog } = dialogs;
  const { selection, clear } = selected;
  const { start: startOperation, operations, control } = bulk;
  const { act } = commands;
  const translate = useTranslate();
  const [startedHere, setStartedHere] = useState<readonly { id: string; asked: number }[]>([]);

  /** For many people, or hosts among them, the number has to be typed. */
  const needsCount = useCallback(
    (identities: readonly string[]) => identities.length > MANY || identities.some(isProtected),
    [isProtected],
  );

  const start = useCallback(
    async (request: BulkRequest) => {
      const { asked } = actions;
      const id = await startOperation(request);
      setStartedHere((before) => [...before, { id, asked }]);
      // The button that was pressed goes with the selection.
      clear();
      refocus();
    },
    [startOperation, actions, clear, refocus],
  );

  /** Starts it, or asks first when the number has to be typed. */
  const request = useCallback(
    (asked: BulkRequest) => {
      if (needsCount(asked.identities)) {
        openDialog({ kind: 'many', request: asked });
        return;
      }
      start(asked).catch((error: unknown) => openDialog({ kind: 'many', request: asked, error }));
    },
    [needsCount, openDialog, start],
  );

  /** The selected people who are still known. */
  const selectedHere = useCallback(
    () => [...selection.identities].filter((identity) => store.read().seats.has(identity)),
    [selection, store],
  );

  /** Acts on the selected people; false when nobody is selected, or the act is for one person only. */
  const actOnSelected = useCallback(
    (command: PersonCommand, element: HTMLElement, reason = ''): boolean => {
      const identities = selectedHere();
      if (identities.length === 0) return false;
      if (identities.length === 1) {
        act(command, identities[0]!, element, reason);
        return true;
      }
      const asOf = selection.asOf?.toISOString();
      const why = { ...(reason && { reason }), ...(asOf && { asOf }) };
      switch (command) {
        case 'promote':
        case 'demote':
        case 'mute':
        case 'hold':
        case 'release':
        case 'unblock':
          request({ action: command, identities, ...why });
          return true;
        case 'promoteAs':
          openDialog({ kind: 'roles', change: 'promote', identities, anchor: element, reason });
          return true;
        case 'remove':
        case 'block':
          openDialog({ kind: 'removal', mode: command, identities, reason });
          return true;
        default:
          return false;
      }
    },
    [selectedHere, act, selection, request, openDialog],
  );

  /** Undoes the newest act of this page: on one person or on many, whichever was later. */
  const undoNewest = useCallback(async () => {
    const last = startedHere.findLast(({ id }) => !operations.get(id)?.undoneBy);
    if (last && !actions.isUndoableSince(last.asked)) {
      const undoUntil = operations.get(last.id)?.undoUntil ?? null;
      if (isUndoable(undoUntil)) await control(last.id, 'undo');
      // Nothing older is undone instead: that is not what somebody means by undoing the last act.
      else showNotice(translate('room_console.nothing_to_undo'));
    } else if (!(await actions.undoNewest())) showNotice(translate('room_console.nothing_to_undo'));
  }, [startedHere, operations, control, actions, showNotice, translate]);

  return useMemo(
    () => ({ needsCount, start, request, selectedHere, actOnSelected, undoNewest }),
    [needsCount, start, request, selectedHere, actOnSelected, undoNewest],
  );
}

export type BulkCommands = ReturnType<typeof useBulkCommands>;

export const [BulkCommandsProvider, useBulkActs] = requiredContext<BulkCommands>('BulkCommands');

const isUndoable = (undoUntil: string | null) =>
  undoUntil !== null && Date.parse(undoUntil) > serverNow();
