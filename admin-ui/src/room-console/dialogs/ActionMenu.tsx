import type { KeyboardEvent } from 'react';
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
import { CommandSign } from '../commands/commandSigns';
import { commandIn, keyOf, useShortcuts } from '../commands/shortcuts';
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
  const { refuse } = useCommands();
  const commands = commandsFor(seat);
  const possible = commands.filter((command) => obstacle(command, seat) === null);
  const previews = usePreviews(room, seat, possible);
  const title = translate('room_console.menu', { name: nameOf(seat) });
  const shortcuts = useShortcuts();
  const firstHarmful = commands.find((command) => HARMFUL.has(command));
  const onKey = (event: KeyboardEvent) => {
    const command = commandIn(commands, event, shortcuts);
    if (!command || event.nativeEvent.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    const reason = obstacle(command, seat) ?? previews.get(command)?.problem ?? null;
    if (event.repeat) return;
    if (reason === null) onChoose(command);
    else refuse(seat.identity, reason);
  };
  return (
    <PopoverDialog
      title={title}
      anchor={anchor}
      sx={{ width: 'min(400px, 100%)' }}
      onClose={onClose}
    >
      <Typography
        variant="h2"
        // On a phone the row may be covered.
        sx={{ px: 2, pt: 0.5, fontSize: '.875rem', display: { sm: 'none' } }}
      >
        <bdi translate="no">{nameOf(seat)}</bdi>
      </Typography>
      <MenuList
        autoFocusItem
        disabledItemsFocusable
        dense
        aria-label={title}
        // Before the list moves to what begins with the letter.
        onKeyDownCapture={onKey}
      >
        {commands.map((command) => (
          <ActionItem
            key={command}
            command={command}
            seat={seat}
            preview={previews.get(command)}
            shortcut={keyOf(command, shortcuts)}
            hasDivider={command === firstHarmful}
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
  shortcut: string | undefined;
  /** A line above: from here on it harms. */
  hasDivider: boolean;
  onChoose: () => void;
}

const HARMFUL: ReadonlySet<PersonCommand> = new Set([...DESTRUCTIVE, 'unblock']);

function ActionItem(props: ActionItemProps) {
  const { command, seat, preview, shortcut, hasDivider, onChoose, ...menuItem } = props;
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
      sign={<CommandSign command={command} />}
      shortcut={shortcut}
      className={hasDivider ? 'first' : undefined}
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
