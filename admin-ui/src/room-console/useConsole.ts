import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { diffGrants } from '@rolecall/server/grants';
import { useIsServerReachable } from '../api/connectivity';
import type { RoleTemplate, Seat } from '../api/records';
import { serverNow } from '../api/serverClock';
import { useMe } from '../session/session';
import { useAnnounce } from '../shared/announce';
import { usePermissionSet } from '../session/usePermissionSet';
import { useTemplates } from '../shared/useTemplates';
import { type BulkRequest, useBulk } from './bulk/useBulk';
import type { Command } from './commands/keymap';
import { useScenes } from './scenes/useScenes';
import type { SeatAction } from './commands/seatAction';
import type { SeatActions } from './commands/seatActions';
import type { SeatGridHandle } from './grid/SeatGrid';
import { nameOf } from './seat/seatFacts';
import { useApprovals } from './stage/useApprovals';
import { useStage } from './stage/useStage';
import { useActing } from './commands/useActing';
import { useNotice } from './notices/useNotice';
import { useShiftGuard } from './pointer/useShiftGuard';
import { usePeeking } from './peek/usePeeking';
import { useRefusal } from './commands/useRefusal';
import { useRoomRecord } from './useRoomRecord';
import { useRoster } from './roster/useRoster';
import { useSeatActions } from './commands/useSeatActions';
import { useSelection } from './roster/useSelection';
import { actionOf, obstacleOf, permissionOf, type Verb } from './commands/verbs';

export type RoleChange = 'promote' | 'demote' | 'approve' | 'invite';

/** What is open above the list. */
export type Open =
  | { kind: 'menu'; identity: string; anchor: HTMLElement }
  | {
      kind: 'roles';
      change: RoleChange;
      identities: string[];
      anchor: HTMLElement;
      reason?: string;
    }
  | { kind: 'removal'; mode: 'remove' | 'block'; identities: string[]; reason: string }
  | { kind: 'decline'; identity: string }
  | { kind: 'voidTokens'; identity: string }
  | { kind: 'many'; request: BulkRequest; error?: unknown }
  | { kind: 'approveAll'; count: number };

/** Kinds of participants behind which there is a person. */
const PEOPLE: ReadonlySet<string> = new Set(['standard', 'sip', 'whip']);
const DEFAULT_PROMOTION = 'speaker';
/** More than these at once are counted aloud before anything happens. */
export const MANY = 50;

export type Console = ReturnType<typeof useConsole>;

/** The state of one console: who is looked at, who is chosen, what was asked of whom. */
export function useConsole(room: string, grid: RefObject<SeatGridHandle | null>) {
  const translate = useTranslate();
  const { notice, say, hide } = useNotice();
  const guard = useShiftGuard(say);
  const can = usePermissionSet();
  const me = useMe();
  const isReachable = useIsServerReachable();
  const { byKey } = useTemplates();
  const refusal = useRefusal(room);

  const observer = useRef<SeatActions | null>(null);
  const roster = useRoster(room, observer);
  const { store } = roster;
  const { actions, attempts, conflict, setConflict } = useSeatActions(room, store, observer, {
    say,
    hide,
  });
  const about = useRoomRecord(room);
  const stage = useStage(room, can('seat.read', room));
  const bulk = useBulk(room);
  const scenes = useScenes(room, about, bulk);
  const acting = useActing(room, can('seat.promote', room));
  const [active, setActive] = useState<string | null>(null);
  const [isPanelOpen, setIsPanelOpen] = useState(false);
  const [open, setOpen] = useState<Open | null>(null);
  const peek = usePeeking({ active, isPanelOpen });
  const [lastAction, setLastAction] = useState<SeatAction | null>(null);
  const [startedHere, setStartedHere] = useState<readonly { id: string; asked: number }[]>([]);

  const { endedAt } = about;
  useEffect(() => {
    store.freeze(endedAt !== null);
    if (endedAt !== null) return;
    // Whoever comes to the next session is not kept waiting for the order of the last one.
    store.hold(false);
    store.apply();
  }, [store, endedAt]);

  const named = useCallback(
    (identity: string) => {
      const seat = store.seat(identity);
      return seat ? nameOf(seat) : identity;
    },
    [store],
  );

  /** Oneself, other moderators, and whatever is no person: not what "everybody" means. */
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
  const approvals = useApprovals({ desk: stage, actions, nameOf: named, say });
  const chosen = useSelection(store, isProtected);
  const { selection } = chosen;
  useSelectionAnnouncement(selection.identities.size);

  const promoteTo = about.record?.promoteTemplate ?? DEFAULT_PROMOTION;
  const role = byKey.get(promoteTo)?.name ?? promoteTo;
  const promoteTitle = translate('room_console.verbs.promote_to', { role });

  /** Roles that have all that the usual promotion would give. */
  const highRoles = useMemo(() => {
    const target = byKey.get(promoteTo)?.grants;
    const gains = ({ grants }: RoleTemplate) =>
      target && diffGrants(grants, target).some(({ kind }) => kind === 'gain');
    const high = [...byKey.values()].filter((template) => target && !gains(template));
    return new Set(high.map(({ key }) => key));
  }, [byKey, promoteTo]);
  const canRise = useCallback(
    (seat: Seat) =>
      !seat.peeksAt && (Boolean(seat.override?.until) || !highRoles.has(seat.role?.template ?? '')),
    [highRoles],
  );

  /** Why something cannot be done to this person now; null when it can. */
  const obstacle = useCallback(
    (verb: Verb, seat: Seat): string | null => {
      if (!isReachable) return translate('room_console.cannot.unreachable');
      if (verb === 'undo') {
        return actions.undoable(seat.identity) ? null : translate('room_console.nothing_to_undo');
      }
      const refused = refusal(permissionOf(verb));
      if (refused !== null) return refused;
      const reason = obstacleOf(verb, seat, canRise(seat));
      return reason && translate(`room_console.cannot.${reason}`);
    },
    [isReachable, actions, refusal, canRise, translate],
  );

  /** Why this person cannot be looked at now; null when they can. */
  const peekObstacle = useCallback(
    (seat: Seat): string | null => {
      if (!isReachable) return translate('room_console.cannot.unreachable');
      const refused = refusal('seat.peek');
      if (refused !== null) return refused;
      if (seat.peeksAt) return translate('room_console.cannot.is_peek');
      return seat.isPresent ? null : translate('room_console.cannot.absent');
    },
    [isReachable, refusal, translate],
  );

  const { tell } = acting;
  const run = useCallback(
    (identity: string, action: SeatAction, expectEpoch?: number) => {
      tell(identity, action.kind);
      if (!('request' in action) && action.kind !== 'undo') setLastAction(withoutReason(action));
      return actions.run(identity, action, expectEpoch);
    },
    [actions, tell],
  );

  /** Opens what belongs to one person, and lets others know that they are in hand. */
  const openFor = useCallback(
    (identity: string, opened: Open, verb?: Verb) => {
      tell(identity, verb);
      setOpen(opened);
    },
    [tell],
  );

  const act = useCallback(
    (verb: Verb, identity: string, element: HTMLElement, why = '') => {
      const seat = store.seat(identity);
      if (!seat) return;
      const reason = obstacle(verb, seat);
      if (reason !== null) {
        say(translate('room_console.said', { name: nameOf(seat), what: reason }), 'bad');
        return;
      }
      const roles = (change: RoleChange) =>
        openFor(
          identity,
          { kind: 'roles', change, identities: [identity], anchor: element, reason: why },
          verb,
        );
      const action = actionOf(verb, seat);
      if (action) void run(identity, why ? withReason(action, why) : action);
      else if (verb === 'promoteAs') roles(seat.hand ? 'approve' : 'promote');
      // Without a promotion to take back there is only a choice of roles.
      else if (verb === 'demote') roles('demote');
      else if (verb === 'decline') openFor(identity, { kind: 'decline', identity }, verb);
      else if (verb === 'undo') void actions.undoNewest(identity);
      else if (verb === 'voidTokens') openFor(identity, { kind: 'voidTokens', identity }, verb);
      else if (verb === 'remove' || verb === 'block') {
        const opened: Open = { kind: 'removal', mode: verb, identities: [identity], reason: why };
        openFor(identity, opened, verb);
      }
    },
    [store, obstacle, say, translate, run, openFor, actions],
  );

  /** A button in a row: about that person alone, and nothing for somebody who has just left. */
  const actInRow = useCallback(
    (verb: Verb, identity: string, element: HTMLElement) => {
      if (!store.read().gone.has(identity)) act(verb, identity, element);
      else
        say(
          translate('room_console.said', {
            name: named(identity),
            what: translate('room_console.sync.left'),
          }),
          'bad',
        );
    },
    [store, act, say, translate, named],
  );

  /** The focus goes back to where the keys work. */
  const refocus = useCallback(() => queueMicrotask(() => grid.current?.focus()), [grid]);

  const { peeking, peekAt, stopPeeking } = peek;
  const { start } = bulk;
  const { clear } = chosen;
  /** Hundreds of people, or hosts among them: somebody has to say how many they mean. */
  const needsCount = useCallback(
    (identities: readonly string[]) => identities.length > MANY || identities.some(isProtected),
    [isProtected],
  );
  const startBulk = useCallback(
    async (request: BulkRequest) => {
      const { asked } = actions;
      const id = await start(request);
      setStartedHere((before) => [...before, { id, asked }]);
      // What was pressed goes with the selection.
      clear();
      refocus();
    },
    [start, actions, clear, refocus],
  );
  const askBulk = useCallback(
    (request: BulkRequest) => {
      if (needsCount(request.identities)) {
        setOpen({ kind: 'many', request });
        return;
      }
      startBulk(request).catch((error: unknown) => setOpen({ kind: 'many', request, error }));
    },
    [needsCount, startBulk],
  );

  const showEverybody = useCallback(() => {
    store.setQuery('');
    store.setChip('all');
  }, [store]);

  const showAll = useCallback(() => {
    showEverybody();
    refocus();
  }, [showEverybody, refocus]);
  const applyOrder = useCallback(() => {
    const { joined, moved, left } = store.read().waiting;
    say(translate(`room_console.${joined + moved + left > 0 ? 'ordered' : 'in_order'}`));
    store.apply();
    refocus();
  }, [store, say, translate, refocus]);

  const close = useCallback(() => {
    setOpen(null);
    refocus();
  }, [refocus]);
  const closePanel = useCallback(() => {
    setIsPanelOpen(false);
    refocus();
  }, [refocus]);

  const goTo = useCallback(
    (identity: string) => {
      if (!store.read().identities.includes(identity)) {
        showEverybody();
        store.apply();
      }
      setActive(identity);
      grid.current?.show(identity);
    },
    [store, showEverybody, grid],
  );

  const lastHand = useRef<string | null>(null);
  const nextHand = useCallback(() => {
    const hands = store.hands();
    // On from the one that was looked at; else the longest waiting.
    const isOnIt = lastHand.current !== null && lastHand.current === active;
    const at = isOnIt ? hands.findIndex(({ identity }) => identity === active) : -1;
    const next = hands[(at + 1) % hands.length];
    lastHand.current = next?.identity ?? null;
    if (next) goTo(next.identity);
    else say(translate('room_stage.no_hands'));
  }, [store, active, goTo, say, translate]);

  const undoNewest = useCallback(async () => {
    const last = startedHere.findLast(({ id }) => !bulk.operations.get(id)?.undoneBy);
    if (last && !actions.isUndoableSince(last.asked)) {
      const undoUntil = bulk.operations.get(last.id)?.undoUntil ?? null;
      if (isUndoable(undoUntil)) await bulk.control(last.id, 'undo');
      // What came before it is not what somebody means who wants the last thing back.
      else say(translate('room_console.nothing_to_undo'));
    } else if (!(await actions.undoNewest())) say(translate('room_console.nothing_to_undo'));
  }, [startedHere, bulk, actions, say, translate]);

  const repeat = useCallback(
    (identity: string) => {
      if (!lastAction) say(translate('room_console.nothing_to_repeat'));
      // What harms is asked about for each person, with a reason of its own.
      else if (isHarmful(lastAction)) act(HARMFUL[lastAction.kind], identity, document.body);
      else if (isReachable) void run(identity, lastAction);
      else say(translate('room_console.cannot.unreachable'), 'bad');
    },
    [lastAction, isReachable, run, act, say, translate],
  );

  const here = useCallback(
    () => [...selection.identities].filter((identity) => store.read().seats.has(identity)),
    [selection, store],
  );

  /** With people chosen, the keys that change something are about them. */
  const actOnChosen = useCallback(
    (verb: Verb, element: HTMLElement, reason = ''): boolean => {
      const identities = here();
      if (identities.length === 0) return false;
      if (identities.length === 1) {
        act(verb, identities[0]!, element, reason);
        return true;
      }
      const asOf = selection.asOf?.toISOString();
      const why = { ...(reason && { reason }), ...(asOf && { asOf }) };
      switch (verb) {
        case 'promote':
        case 'demote':
        case 'mute':
        case 'hold':
        case 'release':
        case 'unblock':
          askBulk({ action: verb, identities, ...why });
          return true;
        case 'promoteAs':
          setOpen({ kind: 'roles', change: 'promote', identities, anchor: element, reason });
          return true;
        case 'remove':
        case 'block':
          setOpen({ kind: 'removal', mode: verb, identities, reason });
          return true;
        default:
          return false;
      }
    },
    [here, act, selection, askBulk],
  );

  const command = useCallback(
    (asked: Command, identity: string | null, element: HTMLElement) => {
      switch (asked) {
        case 'undo':
          if (element.tagName === 'BUTTON' && identity) void actions.undoNewest(identity);
          else void undoNewest();
          break;
        case 'order':
          applyOrder();
          break;
        case 'escape':
          if (isPanelOpen) setIsPanelOpen(false);
          else if (selection.identities.size > 0) clear();
          else showEverybody();
          break;
        case 'nextHand':
          nextHand();
          break;
        case 'selectAll':
          chosen.selectMatching();
          break;
        case 'open':
          if (identity === null) return;
          setIsPanelOpen((isOpen) => !(isOpen && identity === active));
          setActive(identity);
          break;
        case 'peek': {
          const seat = identity === null ? undefined : store.seat(identity);
          if (!seat) return;
          if (peeking === seat.identity) {
            stopPeeking();
            return;
          }
          const reason = peekObstacle(seat);
          if (reason !== null) {
            say(translate('room_console.said', { name: nameOf(seat), what: reason }), 'bad');
            return;
          }
          setActive(seat.identity);
          setIsPanelOpen(true);
          peekAt(seat.identity);
          break;
        }
        case 'menu':
          if (identity === null) return;
          setActive(identity);
          openFor(identity, { kind: 'menu', identity, anchor: element });
          break;
        case 'select':
          if (identity !== null) chosen.toggle(identity);
          break;
        case 'repeat':
          if (identity !== null) repeat(identity);
          break;
        // The page's own.
        case 'approveNext':
        case 'lock':
        case 'search':
        case 'help':
          break;
        default: {
          if (actOnChosen(asked, element)) return;
          if (identity === null) return;
          // The same key takes and gives back.
          const isHeld = asked === 'hold' && store.seat(identity)?.hold;
          act(isHeld ? 'release' : asked, identity, element);
        }
      }
    },
    [
      store,
      actions,
      undoNewest,
      applyOrder,
      nextHand,
      repeat,
      actOnChosen,
      openFor,
      isPanelOpen,
      selection,
      chosen,
      clear,
      showEverybody,
      active,
      act,
      peeking,
      peekAt,
      stopPeeking,
      peekObstacle,
      say,
      translate,
    ],
  );

  const chooseRole = (template: string, lease: string | number | undefined) => {
    if (open?.kind !== 'roles') return;
    const { change, identities, reason } = open;
    const why = reason ? { reason } : {};
    const wish = { template, ...(lease !== undefined && { for: lease }) };
    close();
    if (identities.length > 1) {
      const action = change === 'demote' ? 'demote' : 'promote';
      askBulk({ action, identities, ...wish, ...why });
      return;
    }
    const identity = identities[0]!;
    const request = store.seat(identity)?.hand?.id;
    if (change === 'demote') void run(identity, { kind: 'demote', template, ...why });
    else if (change === 'approve' && request)
      void run(identity, { kind: 'approve', request, ...wish });
    else if (change === 'invite') void run(identity, { kind: 'invite', ...wish });
    else void run(identity, { kind: 'promote', ...wish, ...why });
  };

  const confirmRemoval = async (action: Extract<SeatAction, { kind: 'remove' | 'block' }>) => {
    if (open?.kind !== 'removal') return;
    const { identities } = open;
    const { kind, ...body } = action;
    if (identities.length > 1) await startBulk({ action: kind, identities, ...body });
    else void run(identities[0]!, action);
  };

  const decline = (word: string) => {
    const identity = open?.kind === 'decline' ? open.identity : null;
    const request = identity === null ? undefined : store.seat(identity)?.hand?.id;
    if (identity !== null && request) {
      void run(identity, { kind: 'decline', request, ...(word && { word }) });
    }
  };

  const queue = stage.stage?.hands ?? [];
  const approveNext = () => {
    const refused = refusal('stage.manage');
    if (!isReachable) say(translate('room_console.cannot.unreachable'), 'bad');
    else if (refused !== null) say(refused, 'bad');
    else if (queue.length === 0) say(translate('room_stage.no_hands'));
    else void approvals.next();
  };
  const approveAll = () => {
    if (queue.length > MANY) setOpen({ kind: 'approveAll', count: queue.length });
    else void approvals.all().finally(refocus);
  };

  const settleConflict = (isOverridden: boolean) => {
    if (!conflict) return;
    if (conflict.current) store.patch([conflict.current], []);
    if (isOverridden) void run(conflict.identity, conflict.action, conflict.current?.epoch);
    else actions.dismiss(conflict.identity);
    setConflict(null);
    refocus();
  };

  return {
    room,
    roster,
    about,
    stage,
    approvals,
    notice,
    say,
    guard,
    bulk,
    scenes,
    acting,
    templates: byKey,
    attempts,
    active,
    chosen,
    selection,
    open,
    conflict,
    isPanelOpen,
    isReachable,
    canRise,
    promoteTitle,
    can,
    refusal,
    here,
    needsCount,
    setActive,
    setOpen,
    command,
    act,
    actInRow,
    actOnChosen,
    askBulk,
    startBulk,
    run,
    obstacle,
    peeking,
    stopPeeking,
    peekObstacle,
    goTo,
    chooseRole,
    confirmRemoval,
    decline,
    approveNext,
    approveAll,
    applyOrder,
    showAll,
    settleConflict,
    showEverybody,
    close,
    closePanel,
    refocus,
    nameOf: named,
  };
}

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

/** Who cannot see the ticks hears how many there are. */
function useSelectionAnnouncement(size: number) {
  const translate = useTranslate();
  const announce = useAnnounce();
  useEffect(() => {
    if (size > 0) announce(translate('room_bulk.selected', { smart_count: size }));
  }, [size, announce, translate]);
}

const isUndoable = (undoUntil: string | null) =>
  undoUntil !== null && Date.parse(undoUntil) > serverNow();
