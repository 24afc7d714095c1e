import {
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useTranslate } from 'react-admin';
import { useIsServerReachable } from '../providers/connectivity';
import type { Room, Seat } from '../providers/records';
import { useAnnounce } from '../shared/announce';
import { useErrorText } from '../shared/useErrorText';
import { usePermissionSet } from '../shared/usePermissionSet';
import { useTemplates } from '../shared/useTemplates';
import type { PanelAction } from './PersonPanel';
import { CHIPS } from './rosterStore';
import { type Attempt, type SeatAction, SeatActions } from './seatActions';
import type { GridCommand, SeatGridHandle } from './SeatGrid';
import { hasForSession, nameOf, statusOf } from './seatWords';
import { useRoster } from './useRoster';

/** What is open above the list. */
export type Open =
  | { kind: 'roles'; change: 'promote' | 'demote'; identities: string[]; anchor: HTMLElement }
  | { kind: 'removal'; mode: 'remove' | 'block'; identities: string[] };

const PERMISSIONS = {
  promote: 'seat.promote',
  promoteAs: 'seat.promote',
  demote: 'seat.demote',
  mute: 'seat.mute',
  remove: 'seat.remove',
  block: 'seat.block',
  unblock: 'seat.block',
} as const;

const DEFAULT_PROMOTION = 'speaker';

export type Console = ReturnType<typeof useConsole>;

/** The state of one console: who is looked at, who is chosen, what was asked of whom. */
export function useConsole(
  room: string,
  record: Room | undefined,
  grid: RefObject<SeatGridHandle | null>,
) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const errorText = useErrorText();
  const can = usePermissionSet();
  const isReachable = useIsServerReachable();
  const { byKey } = useTemplates();

  const actionsRef = useRef<SeatActions | null>(null);
  const roster = useRoster(room, actionsRef);
  const { store } = roster;
  const [active, setActive] = useState<string | null>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isPanelOpen, setIsPanelOpen] = useState(false);
  const [open, setOpen] = useState<Open | null>(null);
  const [conflict, setConflict] = useState<Attempt | null>(null);

  const named = useCallback(
    (identity: string) => {
      const seat = store.seat(identity);
      return seat ? nameOf(seat) : identity;
    },
    [store],
  );

  const [actions] = useState(() => new SeatActions(room, (identity) => store.seat(identity)));
  useEffect(
    () =>
      actions.onAttempt((attempt) => {
        if (attempt.phase === 'conflict') setConflict(attempt);
        // One message for each action: when it is done, waits, or failed.
        if (attempt.phase === 'requested' || attempt.phase === 'accepted') return;
        const seat = store.seat(attempt.identity);
        const isBad = attempt.phase === 'failed' || attempt.phase === 'conflict';
        announce(
          translate('room_console.said', {
            name: named(attempt.identity),
            what: seat ? statusOf(seat, attempt, false, translate, errorText).text : '',
          }),
          isBad ? 'assertive' : 'polite',
        );
      }),
    [actions, store, named, announce, translate, errorText],
  );
  useEffect(() => {
    actionsRef.current = actions;
    return () => actions.stop();
  }, [actions]);
  const attempts = useSyncExternalStore(actions.subscribe, actions.read);

  const promoteTo = record?.promoteTemplate ?? DEFAULT_PROMOTION;
  const promoteTitle = can('seat.promote', room)
    ? translate('room_console.verbs.promote_to', { role: byKey.get(promoteTo)?.name ?? promoteTo })
    : translate('room_console.cannot.permission', { permission: 'seat.promote' });

  /** Why something cannot be done to this person now; null when it can. */
  const obstacle = useCallback(
    (id: PanelAction['id'], seat: Seat): string | null => {
      if (!isReachable) return translate('room_console.cannot.unreachable');
      if (id === 'undo') {
        return actions.undoable(seat.identity) ? null : translate('room_console.nothing_to_undo');
      }
      const permission = PERMISSIONS[id];
      if (!can(permission, room)) {
        return translate('room_console.cannot.permission', { permission });
      }
      if (id === 'promote' && hasForSession(seat, promoteTo)) {
        return translate('room_console.cannot.same');
      }
      if (id === 'mute' && seat.tracks.length === 0) {
        return translate('room_console.cannot.no_tracks');
      }
      if (id === 'remove' && !seat.isPresent) return translate('room_console.cannot.absent');
      if (id === 'unblock' && !seat.block) return translate('room_console.cannot.not_blocked');
      return null;
    },
    [isReachable, actions, can, room, promoteTo, translate],
  );

  const run = useCallback(
    (identity: string, action: SeatAction, expectEpoch?: number) =>
      void actions.run(identity, action, expectEpoch),
    [actions],
  );

  const act = useCallback(
    (id: PanelAction['id'], identity: string, element: HTMLElement) => {
      const seat = store.seat(identity);
      if (!seat) return;
      const blockedBy = obstacle(id, seat);
      if (blockedBy !== null) {
        announce(blockedBy, 'assertive');
        return;
      }
      switch (id) {
        case 'promote':
          run(identity, { kind: 'promote' });
          break;
        case 'promoteAs':
          setOpen({ kind: 'roles', change: 'promote', identities: [identity], anchor: element });
          break;
        case 'demote':
          // Without a promotion to take back there is only a choice of roles.
          if (seat.override) run(identity, { kind: 'demote' });
          else {
            setOpen({ kind: 'roles', change: 'demote', identities: [identity], anchor: element });
          }
          break;
        case 'mute':
          run(identity, { kind: 'mute' });
          break;
        case 'unblock':
          run(identity, { kind: 'unblock' });
          break;
        case 'remove':
        case 'block':
          setOpen({ kind: 'removal', mode: id, identities: [identity] });
          break;
        case 'undo': {
          const attempt = actions.undoable(identity);
          if (attempt) void actions.undo(attempt);
          break;
        }
      }
    },
    [store, obstacle, announce, run, actions],
  );

  const toggle = useCallback((identity: string) => {
    setSelected((before) => {
      const next = new Set(before);
      if (!next.delete(identity)) next.add(identity);
      return next;
    });
  }, []);

  const showEverybody = useCallback(() => {
    store.setQuery('');
    store.setChip('all');
  }, [store]);

  const close = useCallback(() => {
    setOpen(null);
    // The focus goes back to where the keys work.
    queueMicrotask(() => grid.current?.focus());
  }, [grid]);

  const closePanel = useCallback(() => {
    setIsPanelOpen(false);
    queueMicrotask(() => grid.current?.focus());
  }, [grid]);

  const command = useCallback(
    (asked: GridCommand, identity: string | null, element: HTMLElement) => {
      if (typeof asked === 'object') {
        const chip = CHIPS[asked.chip];
        if (chip) store.setChip(chip);
        return;
      }
      switch (asked) {
        case 'undo': {
          const attempt = actions.undoable(element.tagName === 'BUTTON' ? identity! : undefined);
          if (attempt) void actions.undo(attempt);
          else announce(translate('room_console.nothing_to_undo'));
          break;
        }
        case 'order':
          store.apply();
          break;
        case 'escape':
          if (isPanelOpen) setIsPanelOpen(false);
          else if (selected.size > 0) setSelected(new Set());
          else showEverybody();
          break;
        case 'open':
          if (identity === null) return;
          setIsPanelOpen((isOpen) => !(isOpen && identity === active));
          setActive(identity);
          break;
        case 'menu':
          if (identity === null) return;
          setActive(identity);
          setIsPanelOpen(true);
          break;
        case 'select':
          if (identity !== null) toggle(identity);
          break;
        case 'search':
        case 'help':
          break;
        default:
          if (identity !== null) act(asked, identity, element);
      }
    },
    [
      store,
      actions,
      announce,
      translate,
      isPanelOpen,
      selected,
      showEverybody,
      active,
      toggle,
      act,
    ],
  );

  const dispatch = useCallback(
    (action: SeatAction, identities: readonly string[]) => void actions.runAll(identities, action),
    [actions],
  );

  const chooseRole = (template: string, lease: string | undefined) => {
    if (open?.kind !== 'roles') return;
    dispatch(
      open.change === 'promote'
        ? { kind: 'promote', template, ...(lease && { for: lease }) }
        : { kind: 'demote', template },
      open.identities,
    );
    close();
  };

  const confirmRemoval = (action: Extract<SeatAction, { kind: 'remove' | 'block' }>) => {
    if (open?.kind === 'removal') dispatch(action, open.identities);
  };

  const settleConflict = (isOverridden: boolean) => {
    if (!conflict) return;
    if (conflict.current) store.patch([conflict.current], []);
    if (isOverridden) run(conflict.identity, conflict.action, conflict.current?.epoch);
    else actions.dismiss(conflict.identity);
    setConflict(null);
    queueMicrotask(() => grid.current?.focus());
  };

  const actionsFor = useCallback(
    (seat: Seat): PanelAction[] => {
      const ids: PanelAction['id'][] = ['promote', 'promoteAs', 'demote', 'mute', 'remove'];
      ids.push(seat.block ? 'unblock' : 'block');
      if (attempts.get(seat.identity)?.undoUntil) ids.push('undo');
      return ids.map((id) => ({
        id,
        label: labelOf(id, seat, promoteTitle, translate),
        blockedBy: obstacle(id, seat),
        isPrimary: id === 'promote',
        isDestructive: id === 'remove' || id === 'block',
      }));
    },
    [attempts, obstacle, promoteTitle, translate],
  );

  return {
    roster,
    attempts,
    active,
    selected,
    open,
    conflict,
    isPanelOpen,
    promoteTo,
    promoteTitle,
    can,
    setActive,
    setOpen,
    setSelected,
    command,
    act,
    actionsFor,
    dispatch,
    chooseRole,
    confirmRemoval,
    settleConflict,
    showEverybody,
    close,
    closePanel,
    nameOf: named,
  };
}

function labelOf(
  id: PanelAction['id'],
  seat: Seat,
  promoteTitle: string,
  translate: ReturnType<typeof useTranslate>,
): string {
  switch (id) {
    case 'promote':
      return promoteTitle;
    case 'promoteAs':
      return translate('room_console.verbs.promote_as');
    case 'demote':
      return translate(
        seat.override ? 'room_console.verbs.demote' : 'room_console.verbs.demote_as',
      );
    case 'undo':
      return translate('room_console.undo');
    default:
      return translate(`room_console.verbs.${id}`);
  }
}
