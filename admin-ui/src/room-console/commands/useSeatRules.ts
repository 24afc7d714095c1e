import { useCallback, useMemo } from 'react';
import { useTranslate } from 'react-admin';
import { diffGrants, promotesTo } from '@rolecall/server/grants';
import { useIsServerReachable } from '../../api/connectivity';
import type { RoleTemplate, Seat } from '../../api/records';
import { useMe } from '../../session/session';
import { requiredContext } from '../../shared/requiredContext';
import { useTemplates } from '../../shared/useTemplates';
import type { RosterStore } from '../roster/rosterStore';
import type { SeatActions } from './seatActions';
import { useRefusal } from './useRefusal';
import { obstacleOf, permissionOf, type PersonCommand } from './personCommands';

/** Kinds of participants behind which there is a person. */
const PEOPLE: ReadonlySet<string> = new Set(['standard', 'sip', 'whip']);

interface SeatRulesOptions {
  room: string;
  store: RosterStore;
  actions: SeatActions;
  /** What one press on Promote gives here; the room's own, if it has one. */
  promoteTemplate: string | null | undefined;
}

/** What can be done to a person now, and why not. */
export function useSeatRules({ room, store, actions, promoteTemplate }: SeatRulesOptions) {
  const translate = useTranslate();
  const me = useMe();
  const isReachable = useIsServerReachable();
  const refusal = useRefusal(room);
  const { byKey } = useTemplates();
  const promoteTo = promotesTo({ promoteTemplate: promoteTemplate ?? null });
  const role = byKey.get(promoteTo)?.name ?? promoteTo;
  const promoteTitle = translate('room_console.commands.promote_to', { role });

  /** Oneself, hosts, and participants that are no person: a bulk act leaves them out. */
  const isProtected = useCallback(
    (identity: string) => {
      const seat = store.seat(identity);
      if (!seat) return false;
      if (identity === me?.operator.id || identity === me?.operator.email) return true;
      if (seat.peeksAt) return true;
      if (seat.kind !== null && !PEOPLE.has(seat.kind)) return true;
      const template = seat.role?.template;
      return template === 'host' || byKey.get(template ?? '')?.grants.roomAdmin === true;
    },
    [store, me, byKey],
  );

  const canBePromoted = useCanBePromoted(promoteTo, byKey);

  const unreachable = isReachable ? null : translate('room_console.cannot.unreachable');
  /** Why something cannot be done to this person now; null when it can. */
  const obstacle = useCallback(
    (command: PersonCommand, seat: Seat): string | null => {
      if (unreachable !== null) return unreachable;
      if (command === 'undo') {
        return actions.undoable(seat.identity) ? null : translate('room_console.nothing_to_undo');
      }
      const refused = refusal(permissionOf(command));
      if (refused !== null) return refused;
      const reason = obstacleOf(command, seat, canBePromoted(seat));
      return reason && translate(`room_console.cannot.${reason}`);
    },
    [unreachable, actions, refusal, canBePromoted, translate],
  );

  return useMemo(
    () => ({ refusal, unreachable, isProtected, canBePromoted, obstacle, promoteTitle }),
    [refusal, unreachable, isProtected, canBePromoted, obstacle, promoteTitle],
  );
}

export type SeatRules = ReturnType<typeof useSeatRules>;

export const [SeatRulesProvider, useRules] = requiredContext<SeatRules>('SeatRules');

const isLent = ({ override, role }: Seat, template: string) =>
  Boolean(override?.until) && role?.template === template;

/** Whether the usual promotion would give somebody anything. */
function useCanBePromoted(promoteTo: string, byKey: ReadonlyMap<string, RoleTemplate>) {
  /** Roles that have all that it would give. */
  const highRoles = useMemo(() => {
    const target = byKey.get(promoteTo)?.grants;
    const gains = ({ grants }: RoleTemplate) =>
      target && diffGrants(grants, target).some(({ kind }) => kind === 'gain');
    const high = [...byKey.values()].filter((template) => target && !gains(template));
    return new Set(high.map(({ key }) => key));
  }, [byKey, promoteTo]);
  return useCallback(
    (seat: Seat) =>
      !seat.peeksAt &&
      // Promoting somebody who has the role for a while makes it last.
      (isLent(seat, promoteTo) || !highRoles.has(seat.role?.template ?? '')),
    [highRoles, promoteTo],
  );
}
