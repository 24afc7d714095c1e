import { useBulkActs } from '../bulk/useBulkCommands';
import { type OpenDialog, useDialogControls } from '../commands/useOpenDialog';
import { useCommands } from '../commands/useSeatCommands';
import { useRoomRoster } from '../roster/rosterContext';
import { RoleMenu } from './RoleMenu';

/** The choice of a role, for one person or for the selected people, and what is done with it. */
export function RoleDialog({ dialog }: { dialog: OpenDialog & { kind: 'roles' } }) {
  const { change, identities, anchor, reason } = dialog;
  const { store } = useRoomRoster();
  const { run } = useCommands();
  const { request } = useBulkActs();
  const { closeDialog } = useDialogControls();
  const [identity = ''] = identities;
  const seat = identities.length === 1 ? (store.seat(identity) ?? null) : null;

  const choose = (template: string, lease: string | number | undefined) => {
    const why = reason ? { reason } : {};
    const role = { template, ...(lease !== undefined && { for: lease }) };
    const hand = store.seat(identity)?.hand?.id;
    closeDialog();
    if (identities.length > 1) {
      const action = change === 'demote' ? 'demote' : 'promote';
      request({ action, identities, ...role, ...why });
    } else if (change === 'demote') void run(identity, { kind: 'demote', template, ...why });
    else if (change === 'approve' && hand) {
      void run(identity, { kind: 'approve', request: hand, ...role });
    } else if (change === 'invite') void run(identity, { kind: 'invite', ...role });
    else void run(identity, { kind: 'promote', ...role, ...why });
  };

  return (
    <RoleMenu
      kind={change}
      seat={seat}
      count={identities.length}
      anchor={anchor}
      onChoose={choose}
      onClose={closeDialog}
    />
  );
}
