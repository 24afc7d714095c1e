import { type RefObject, useCallback, useDeferredValue, useRef } from 'react';
import { useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import { usePermissionSet } from '../session/usePermissionSet';
import { useErrorText } from '../shared/useErrorText';
import { useTemplates } from '../shared/useTemplates';
import { BulkBar } from './bulk/BulkBar';
import type { Shortcuts } from './commands/shortcuts';
import { PeopleFrame } from './grid/PeopleFrame';
import { SeatGrid, type SeatGridHandle } from './grid/SeatGrid';
import { PersonAside } from './person/PersonAside';
import { RosterBar } from './roster/RosterBar';
import type { LockHandle } from './scenes/SceneControls';
import { StageBar } from './stage/StageBar';
import type { Console } from './useConsole';
import { useKeyCommands } from './useKeyCommands';

export interface ConsolePeopleProps {
  room: string;
  roomConsole: Console;
  shortcuts: Shortcuts;
  isUntouched: () => boolean;
  grid: RefObject<SeatGridHandle | null>;
  lock: RefObject<LockHandle | null>;
  showKeys: () => void;
}

const Columns = styled('div')({ display: 'flex', flex: 1, gap: 16, minHeight: 0 });
const People = styled('div')({
  flex: 1,
  minWidth: 0,
  display: 'flex',
  flexDirection: 'column',
  gap: 8,
  '@media (max-width: 599px)': { gap: 4 },
});

/** The people of the room: the queue, the list, what can be done to them, and one in detail. */
export function ConsolePeople(props: ConsolePeopleProps) {
  const { room, roomConsole, shortcuts, isUntouched, grid, lock, showKeys } = props;
  const { roster, rules, person, selected, order, queue, refocus, showNotice } = roomConsole;
  const { store, nameOf } = roster;
  const translate = useTranslate();
  const errorText = useErrorText();
  const can = usePermissionSet();
  const { byKey } = useTemplates();
  const search = useRef<HTMLInputElement>(null);
  const onCommand = useKeyCommands({ roomConsole, search, lock, showKeys });
  const { identities } = selected.selection;
  // The rows show at once that they are selected; what can be done to them comes right after.
  const isAnybodySelected = identities.size > 0;
  const isBarShown = useDeferredValue(isAnybodySelected) && isAnybodySelected;

  const focusGrid = useCallback(() => grid.current?.focus(), [grid]);
  const sayNobody = useCallback(
    (identity: string | null) => {
      if (identity !== null) {
        showNotice(translate('room_console.nobody_marked', { name: nameOf(identity) }));
      }
    },
    [showNotice, translate, nameOf],
  );
  const { goTo } = person;
  const showPerson = useCallback(
    (identity: string) => {
      goTo(identity);
      refocus();
    },
    [goTo, refocus],
  );

  return (
    <Columns>
      <People>
        <StageBar
          roomStage={roomConsole.roomStage}
          approvals={roomConsole.approvals}
          canManage={can('stage.manage', room)}
          canLimit={can('room.update', room)}
          isReachable={rules.unreachable === null}
          onShow={showPerson}
          onApproveAll={queue.approveAll}
          onDone={refocus}
        />
        <RosterBar store={store} search={search} onDone={focusGrid} />
        <PeopleFrame
          store={store}
          notice={roomConsole.notice}
          onApply={order.sortNow}
          onShowEverybody={order.clearFilters}
        >
          <SeatGrid
            ref={grid}
            label={translate('room_console.grid.label', { room })}
            store={store}
            attempts={roomConsole.attempts}
            acting={roomConsole.acting.others}
            templates={byKey}
            shortcuts={shortcuts}
            isUntouched={isUntouched}
            active={person.active}
            selected={identities}
            errorText={errorText}
            isDialogOpen={roomConsole.opened !== null || roomConsole.conflict !== null}
            isPressSettled={roomConsole.guard.isPressSettled}
            onActive={person.setActive}
            onNobody={sayNobody}
            onExtend={selected.add}
            onCommand={onCommand}
          />
        </PeopleFrame>
        {isBarShown && <BulkBar refocus={refocus} />}
      </People>
      <PersonAside attempts={roomConsole.attempts} errorText={errorText} />
    </Columns>
  );
}
