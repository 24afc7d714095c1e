import { useBulkActs } from '../bulk/useBulkCommands';
import { type OpenDialog, useDialogControls } from '../commands/useOpenDialog';
import { useCommands } from '../commands/useSeatCommands';
import { useRules } from '../commands/useSeatRules';
import { permissionOf } from '../commands/personCommands';
import { useRoomRoster } from '../roster/rosterContext';
import { type Removal, RemovalEffects, RemoveDialog } from './RemoveDialog';

/** Asks before one person, or the selected people, are removed or blocked, and does it. */
export function RemovalDialog({ dialog }: { dialog: OpenDialog & { kind: 'removal' } }) {
  const { identities, mode, reason } = dialog;
  const { room, store, nameOf } = useRoomRoster();
  const { obstacle, refusal } = useRules();
  const { run } = useCommands();
  const { needsCount, start } = useBulkActs();
  const { closeDialog } = useDialogControls();
  const [identity = ''] = identities;
  const isOne = identities.length === 1;
  const seat = isOne ? (store.seat(identity) ?? null) : null;
  const obstacleTo = (command: Removal['kind']) =>
    seat ? obstacle(command, seat) : refusal(permissionOf(command));

  const confirm = async (action: Removal) => {
    const { kind, ...body } = action;
    if (isOne) void run(identity, action);
    else await start({ action: kind, identities, ...body });
  };

  return (
    <RemoveDialog
      mode={mode}
      person={seat && { name: nameOf(identity), identity }}
      count={identities.length}
      obstacles={{ remove: obstacleTo('remove'), block: obstacleTo('block') }}
      reason={reason}
      typeToConfirm={!isOne && needsCount(identities) ? String(identities.length) : undefined}
      effectsOf={(removal) => seat && <RemovalEffects room={room} seat={seat} removal={removal} />}
      onConfirm={confirm}
      onClose={closeDialog}
    />
  );
}
