import { ActionMenu } from './ActionMenu';
import { ManyDialog } from './ManyDialog';
import { RemovalEffects, RemoveDialog, VoidSeatTokens } from './RemoveDialog';
import { RoleMenu } from './RoleMenu';
import { SeatConflictDialog } from './SeatConflictDialog';
import { ApproveAllDialog } from './ApproveAllDialog';
import { DeclineDialog } from './DeclineDialog';
import type { Console } from '../useConsole';
import { useRosterView } from '../roster/useRoster';
import { permissionOf, type Verb } from '../commands/verbs';

/** Whatever is open above the list; there is never more than one. */
export function ConsoleDialogs({ desk }: { desk: Console }) {
  return desk.conflict || desk.open ? <OpenDialog desk={desk} /> : null;
}

/** As the people are whom it is about, also while it is open. */
function OpenDialog({ desk }: { desk: Console }) {
  useRosterView(desk.roster.store);
  if (desk.conflict) {
    return (
      <SeatConflictDialog
        attempt={desk.conflict}
        name={desk.nameOf(desk.conflict.identity)}
        onKeep={() => desk.settleConflict(false)}
        onOverride={() => desk.settleConflict(true)}
      />
    );
  }
  switch (desk.open?.kind) {
    case 'menu':
      return <Actions desk={desk} identity={desk.open.identity} anchor={desk.open.anchor} />;
    case 'roles':
      return (
        <RoleMenu
          kind={desk.open.change}
          seat={soleSeat(desk, desk.open.identities)}
          count={desk.open.identities.length}
          anchor={desk.open.anchor}
          onChoose={desk.chooseRole}
          onClose={desk.close}
        />
      );
    case 'removal':
      return <Removal desk={desk} open={desk.open} />;
    case 'decline':
      return (
        <DeclineDialog
          name={desk.nameOf(desk.open.identity)}
          onDecline={desk.decline}
          onClose={desk.close}
        />
      );
    case 'voidTokens': {
      const { identity } = desk.open;
      return (
        <VoidSeatTokens
          name={desk.nameOf(identity)}
          onConfirm={(action) => void desk.run(identity, action)}
          onClose={desk.close}
        />
      );
    }
    case 'many':
      return <ManyDialog desk={desk} request={desk.open.request} error={desk.open.error} />;
    case 'approveAll':
      return <ApproveAllDialog desk={desk} count={desk.open.count} />;
    default:
      return null;
  }
}

interface ActionsProps {
  desk: Console;
  identity: string;
  anchor: HTMLElement;
}

function Actions({ desk, identity, anchor }: ActionsProps) {
  const seat = desk.roster.store.seat(identity);
  if (!seat) return null;
  const choose = (verb: Verb) => {
    desk.close();
    desk.act(verb, identity, anchor);
  };
  return (
    <ActionMenu desk={desk} seat={seat} anchor={anchor} onChoose={choose} onClose={desk.close} />
  );
}

function Removal({ desk, open }: { desk: Console; open: Console['open'] & { kind: 'removal' } }) {
  const { identities, mode, reason } = open;
  const seat = soleSeat(desk, identities);
  const obstacle = (verb: 'remove' | 'block') =>
    seat ? desk.obstacle(verb, seat) : desk.refusal(permissionOf(verb));
  return (
    <RemoveDialog
      mode={mode}
      name={seat ? desk.nameOf(seat.identity) : null}
      count={identities.length}
      obstacles={{ remove: obstacle('remove'), block: obstacle('block') }}
      reason={reason}
      typeToConfirm={
        identities.length > 1 && desk.needsCount(identities) ? String(identities.length) : undefined
      }
      effectsOf={(removal) =>
        seat && <RemovalEffects room={desk.room} seat={seat} removal={removal} />
      }
      onConfirm={desk.confirmRemoval}
      onClose={desk.close}
    />
  );
}

const soleSeat = (desk: Console, identities: readonly string[]) =>
  identities.length === 1 ? (desk.roster.store.seat(identities[0]!) ?? null) : null;
