import type { Attempt } from '../commands/seatActions';
import { type OpenDialog, useDialogControls } from '../commands/useOpenDialog';
import { useCommands } from '../commands/useSeatCommands';
import type { PersonCommand } from '../commands/personCommands';
import { useRoomRoster } from '../roster/rosterContext';
import { useRosterView } from '../roster/useRoster';
import { ActionMenu } from './ActionMenu';
import { ApproveAllDialog } from './ApproveAllDialog';
import { DeclineDialog } from './DeclineDialog';
import { ManyDialog } from './ManyDialog';
import { RemovalDialog } from './RemovalDialog';
import { VoidSeatTokens } from './RemoveDialog';
import { RoleDialog } from './RoleDialog';
import { SeatConflictDialog } from './SeatConflictDialog';

export interface ConsoleDialogsProps {
  opened: OpenDialog | null;
  /** Another moderator was faster; this question comes before all others. */
  conflict: Attempt | null;
  onSettleConflict: (isOverridden: boolean) => void;
  onApproveAll: () => Promise<void>;
}

/** The menu or dialog above the list; there is never more than one. */
export function ConsoleDialogs({ opened, conflict, ...props }: ConsoleDialogsProps) {
  const { nameOf } = useRoomRoster();
  if (conflict) {
    return (
      <SeatConflictDialog
        attempt={conflict}
        name={nameOf(conflict.identity)}
        onKeep={() => props.onSettleConflict(false)}
        onOverride={() => props.onSettleConflict(true)}
      />
    );
  }
  return opened && <Opened dialog={opened} onApproveAll={props.onApproveAll} />;
}

interface OpenedProps {
  dialog: OpenDialog;
  onApproveAll: () => Promise<void>;
}

/** Follows the people it is about while it is open. */
function Opened({ dialog, onApproveAll }: OpenedProps) {
  const { store, nameOf } = useRoomRoster();
  const { run } = useCommands();
  const { closeDialog } = useDialogControls();
  useRosterView(store);
  switch (dialog.kind) {
    case 'menu':
      return <PersonMenu identity={dialog.identity} anchor={dialog.anchor} />;
    case 'roles':
      return <RoleDialog dialog={dialog} />;
    case 'removal':
      return <RemovalDialog dialog={dialog} />;
    case 'decline':
      return <Decline identity={dialog.identity} />;
    case 'voidTokens':
      return (
        <VoidSeatTokens
          name={nameOf(dialog.identity)}
          identity={dialog.identity}
          onConfirm={(action) => void run(dialog.identity, action)}
          onClose={closeDialog}
        />
      );
    case 'many':
      return <ManyDialog request={dialog.request} error={dialog.error} />;
    case 'approveAll':
      return <ApproveAllDialog count={dialog.count} onConfirm={onApproveAll} />;
  }
}

function PersonMenu({ identity, anchor }: { identity: string; anchor: HTMLElement }) {
  const { store } = useRoomRoster();
  const { act } = useCommands();
  const { closeDialog } = useDialogControls();
  const seat = store.seat(identity);
  if (!seat) return null;
  const choose = (command: PersonCommand) => {
    closeDialog();
    act(command, identity, anchor);
  };
  return <ActionMenu seat={seat} anchor={anchor} onChoose={choose} onClose={closeDialog} />;
}

function Decline({ identity }: { identity: string }) {
  const { store, nameOf } = useRoomRoster();
  const { run } = useCommands();
  const { closeDialog } = useDialogControls();
  const decline = (word: string) => {
    const request = store.seat(identity)?.hand?.id;
    if (request) void run(identity, { kind: 'decline', request, ...(word && { word }) });
  };
  return (
    <DeclineDialog
      name={nameOf(identity)}
      identity={identity}
      onDecline={decline}
      onClose={closeDialog}
    />
  );
}
