import { type RefObject, useCallback, useEffect, useRef } from 'react';
import type { Command } from './commands/shortcuts';
import type { PersonCommand } from './commands/personCommands';
import type { RowCommand } from './grid/rowActions';
import type { LockHandle } from './scenes/SceneControls';
import type { Console } from './useConsole';

interface KeyCommandsOptions {
  roomConsole: Console;
  search: RefObject<HTMLInputElement | null>;
  lock: RefObject<LockHandle | null>;
  showKeys: () => void;
}

type OnCommand = (
  asked: Command | RowCommand,
  identity: string | null,
  element: HTMLElement,
) => void;

const ROW_ACT = 'act ';
const isRowAct = (asked: Command | RowCommand): asked is `act ${PersonCommand}` =>
  asked.startsWith(ROW_ACT);

/** What a key or a press on a row does. It is always the same function: else every row is drawn again. */
export function useKeyCommands(options: KeyCommandsOptions): OnCommand {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  return useCallback(
    (asked, identity, element) => carryOut(asked, identity, element, latest.current),
    [],
  );
}

function carryOut(
  asked: Command | RowCommand,
  identity: string | null,
  element: HTMLElement,
  { roomConsole, search, lock, showKeys }: KeyCommandsOptions,
): void {
  const { actions, bulkCommands, commands, order, person, peek, queue, selected } = roomConsole;
  if (isRowAct(asked)) {
    const command = asked.slice(ROW_ACT.length) as PersonCommand;
    if (identity !== null) commands.actInRow(command, identity, element);
    return;
  }
  switch (asked) {
    case 'search':
      search.current?.focus();
      return;
    case 'help':
      showKeys();
      return;
    case 'lock':
      lock.current?.press();
      return;
    case 'approveNext':
      queue.approveNext();
      return;
    case 'order':
      order.sortNow();
      return;
    case 'nextHand':
      person.goToNextHand();
      return;
    case 'selectAll':
      selected.selectMatching();
      return;
    case 'escape':
      if (person.isPanelOpen) person.closePanel();
      else if (selected.selection.identities.size > 0) selected.clear();
      else order.showEverybody();
      return;
    case 'undo':
      if (element.tagName === 'BUTTON' && identity) void actions.undoNewest(identity);
      else void bulkCommands.undoNewest();
      return;
    case 'open':
      if (identity !== null) person.togglePanel(identity);
      return;
    case 'menu':
      if (identity === null) return;
      person.setActive(identity);
      commands.openMenu(identity, element);
      return;
    case 'peek':
      if (identity !== null) peek.togglePeek(identity);
      return;
    case 'select':
      if (identity !== null) selected.toggle(identity);
      return;
    case 'repeat':
      if (identity !== null) commands.repeat(identity);
      return;
    case 'decline':
      if (identity !== null) commands.act('decline', identity, element);
      return;
    default: {
      if (bulkCommands.actOnSelected(asked, element) || identity === null) return;
      // The same key takes and gives back.
      const isHeld = asked === 'hold' && roomConsole.roster.store.seat(identity)?.hold;
      commands.act(isHeld ? 'release' : asked, identity, element);
    }
  }
}
