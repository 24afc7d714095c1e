import { useCallback, useMemo, useState } from 'react';
import { useTranslate } from 'react-admin';
import { requiredContext } from '../../shared/requiredContext';
import type { ShowNotice } from '../notices/useNotices';
import type { RoomRoster } from '../roster/rosterContext';
import type { SeatAction } from './seatAction';
import type { SeatActions } from './seatActions';
import type { DialogControls, OpenDialog, RoleChange } from './useOpenDialog';
import type { SeatRules } from './useSeatRules';
import { actionOf, type PersonCommand } from './personCommands';

interface SeatCommandsOptions {
  roster: RoomRoster;
  actions: SeatActions;
  rules: SeatRules;
  dialogs: DialogControls;
  /** Lets other moderators know that somebody is being acted on. */
  tellActing: (identity: string, action?: string) => void;
  showNotice: ShowNotice;
}

/** Acts on one person: at once, or through the dialog that the act needs. */
export function useSeatCommands(options: SeatCommandsOptions) {
  const { roster, actions, rules, dialogs, tellActing, showNotice } = options;
  const { store, nameOf } = roster;
  const { obstacle, unreachable } = rules;
  const { openDialog } = dialogs;
  const translate = useTranslate();
  const [lastAction, setLastAction] = useState<SeatAction | null>(null);

  const run = useCallback(
    (identity: string, action: SeatAction, expectEpoch?: number) => {
      tellActing(identity, action.kind);
      if (!('request' in action) && action.kind !== 'undo') setLastAction(withoutReason(action));
      return actions.run(identity, action, expectEpoch);
    },
    [actions, tellActing],
  );

  const refuse = useCallback(
    (identity: string, reason: string) =>
      showNotice(translate('room_console.said', { name: nameOf(identity), what: reason }), 'bad'),
    [showNotice, translate, nameOf],
  );

  const openFor = useCallback(
    (identity: string, dialog: OpenDialog, command?: PersonCommand) => {
      tellActing(identity, command);
      openDialog(dialog);
    },
    [tellActing, openDialog],
  );

  const act = useCallback(
    (command: PersonCommand, identity: string, element: HTMLElement, reason = '') => {
      const seat = store.seat(identity);
      if (!seat) return;
      const cannot = obstacle(command, seat);
      if (cannot !== null) {
        refuse(identity, cannot);
        return;
      }
      const openRoles = (change: RoleChange) =>
        openFor(
          identity,
          { kind: 'roles', change, identities: [identity], anchor: element, reason },
          command,
        );
      const action = actionOf(command, seat);
      if (action) void run(identity, reason ? withReason(action, reason) : action);
      else if (command === 'promoteAs') openRoles(seat.hand ? 'approve' : 'promote');
      // Without a promotion to take back there is only a choice of roles.
      else if (command === 'demote') openRoles('demote');
      else if (command === 'decline') openFor(identity, { kind: 'decline', identity }, command);
      else if (command === 'undo') void actions.undoNewest(identity);
      else if (command === 'voidTokens')
        openFor(identity, { kind: 'voidTokens', identity }, command);
      else if (command === 'remove' || command === 'block') {
        openFor(
          identity,
          { kind: 'removal', mode: command, identities: [identity], reason },
          command,
        );
      }
    },
    [store, obstacle, refuse, run, openFor, actions],
  );

  /** A button in a row acts on that person alone, and on nobody who has just left. */
  const actInRow = useCallback(
    (command: PersonCommand, identity: string, element: HTMLElement) => {
      if (!store.read().gone.has(identity)) act(command, identity, element);
      else refuse(identity, translate('room_console.sync.left'));
    },
    [store, act, refuse, translate],
  );

  const openMenu = useCallback(
    (identity: string, anchor: HTMLElement) =>
      openFor(identity, { kind: 'menu', identity, anchor }),
    [openFor],
  );

  const repeat = useCallback(
    (identity: string) => {
      if (!lastAction) showNotice(translate('room_console.nothing_to_repeat'));
      // A harmful act is asked about again for each person, with a reason of its own.
      else if (isHarmful(lastAction)) act(HARMFUL[lastAction.kind], identity, document.body);
      else if (unreachable === null) void run(identity, lastAction);
      else showNotice(unreachable, 'bad');
    },
    [lastAction, unreachable, run, act, showNotice, translate],
  );

  return useMemo(
    () => ({ run, act, actInRow, openMenu, repeat, refuse }),
    [run, act, actInRow, openMenu, repeat, refuse],
  );
}

export type SeatCommands = ReturnType<typeof useSeatCommands>;

export const [SeatCommandsProvider, useCommands] = requiredContext<SeatCommands>('SeatCommands');

const HARMFUL = { remove: 'remove', block: 'block', void_tokens: 'voidTokens' } as const;
type Harmful = Extract<SeatAction, { kind: keyof typeof HARMFUL }>;
const isHarmful = (action: SeatAction): action is Harmful => action.kind in HARMFUL;

/** The acts that the ledger keeps a reason with. */
const REASONED: ReadonlySet<SeatAction['kind']> = new Set([
  'promote',
  'demote',
  'mute',
  'hold',
  'release',
]);

const withReason = (action: SeatAction, reason: string): SeatAction =>
  REASONED.has(action.kind) ? ({ ...action, reason } as SeatAction) : action;

/** A reason is about one person: it is never sent again for the next. */
function withoutReason(action: SeatAction): SeatAction {
  if (!('reason' in action)) return action;
  const { reason: _reason, ...rest } = action;
  return rest;
}
