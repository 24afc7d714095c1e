import { useTranslate } from 'react-admin';
import MenuList from '@mui/material/MenuList';
import Typography from '@mui/material/Typography';
import type { Seat } from '../../api/records';
import { PopoverDialog } from '../../shared/PopoverDialog';
import { nameOf } from '../../shared/nameOf';
import { useCommands } from '../commands/useSeatCommands';
import { useRules } from '../commands/useSeatRules';
import { useRoomRoster } from '../roster/rosterContext';
import { usePreviews } from '../commands/usePreview';
import { labelOf, useSentence } from '../commands/useCommandWords';
import { DESTRUCTIVE, type PersonCommand, commandsFor } from '../commands/personCommands';
import { ExplainedItem } from './ExplainedItem';
import type { SeatPreview } from '@rolecall/server/api';

export interface ActionMenuProps {
  seat: Seat;
  anchor: HTMLElement;
  onChoose: (command: PersonCommand) => void;
  onClose: () => void;
}

/** Everything that can be done to one person, each with what will physically happen. */
export function ActionMenu({ seat, anchor, onChoose, onClose }: ActionMenuProps) {
  const translate = useTranslate();
  const { room } = useRoomRoster();
  const { obstacle } = useRules();
  const commands = commandsFor(seat);
  const possible = commands.filter((command) => obstacle(command, seat) === null);
  const previews = usePreviews(room, seat, possible);
  const title = translate('room_console.menu', { name: nameOf(seat) });
  return (
    <PopoverDialog
      title={title}
      anchor={anchor}
      sx={{ width: 'min(400px, 100%)' }}
      onClose={onClose}
    >
      <MenuList autoFocusItem disabledItemsFocusable dense aria-label={title}>
        {commands.map((command) => (
          <ActionItem
            key={command}
            command={command}
            seat={seat}
            preview={previews.get(command)}
            onChoose={() => onChoose(command)}
          />
        ))}
      </MenuList>
    </PopoverDialog>
  );
}

interface ActionItemProps {
  command: PersonCommand;
  seat: Seat;
  preview: SeatPreview | undefined;
  onChoose: () => void;
}

function ActionItem({ command, seat, preview, onChoose, ...menuItem }: ActionItemProps) {
  const translate = useTranslate();
  const sentence = useSentence();
  const { obstacle, promoteTitle } = useRules();
  const { refuse } = useCommands();
  const reason = obstacle(command, seat) ?? preview?.problem ?? null;
  return (
    <ExplainedItem
      {...menuItem}
      isDisabled={reason !== null}
      explanation={reason ?? sentence(command, preview)}
      onClick={() => {
        if (reason === null) onChoose();
        else refuse(seat.identity, reason);
      }}
    >
      <Typography
        component="div"
        sx={{
          fontSize: '.8125rem',
          fontWeight: 550,
          color: DESTRUCTIVE.has(command) && reason === null ? 'error.main' : 'inherit',
        }}
      >
        {labelOf(command, seat, promoteTitle, translate)}
      </Typography>
    </ExplainedItem>
  );
}
