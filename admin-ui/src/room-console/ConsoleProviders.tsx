import type { ReactNode } from 'react';
import { BulkCommandsProvider } from './bulk/useBulkCommands';
import { DialogControlsProvider } from './commands/useOpenDialog';
import { SeatCommandsProvider } from './commands/useSeatCommands';
import { SeatRulesProvider } from './commands/useSeatRules';
import { ShowNoticeProvider } from './notices/useNotices';
import { PeekProvider } from './peek/usePeek';
import { ActivePersonProvider } from './person/useActivePerson';
import { RoomRosterProvider } from './roster/rosterContext';
import { SelectionProvider } from './roster/useSelection';
import type { Console } from './useConsole';

interface ConsoleProvidersProps {
  roomConsole: Console;
  children: ReactNode;
}

/** One context for each subject, so that a change of one draws only what shows it. */
export function ConsoleProviders({ roomConsole, children }: ConsoleProvidersProps) {
  return (
    <RoomRosterProvider value={roomConsole.roster}>
      <ShowNoticeProvider value={roomConsole.showNotice}>
        <SeatRulesProvider value={roomConsole.rules}>
          <DialogControlsProvider value={roomConsole.dialogs}>
            <SeatCommandsProvider value={roomConsole.commands}>
              <ActivePersonProvider value={roomConsole.person}>
                <PeekProvider value={roomConsole.peek}>
                  <SelectionProvider value={roomConsole.selected}>
                    <BulkCommandsProvider value={roomConsole.bulkCommands}>
                      {children}
                    </BulkCommandsProvider>
                  </SelectionProvider>
                </PeekProvider>
              </ActivePersonProvider>
            </SeatCommandsProvider>
          </DialogControlsProvider>
        </SeatRulesProvider>
      </ShowNoticeProvider>
    </RoomRosterProvider>
  );
}
