import { useTranslate } from 'react-admin';
import MenuItem from '@mui/material/MenuItem';
import MenuList from '@mui/material/MenuList';
import Popover from '@mui/material/Popover';
import Typography from '@mui/material/Typography';
import type { Seat } from '../../api/records';
import { nameOf } from '../seat/seatFacts';
import { useCommands } from '../commands/useSeatCommands';
import { useRules } from '../commands/useSeatRules';
import { useRoomRoster } from '../roster/rosterContext';
import { usePreviews } from '../commands/usePreview';
import { labelOf, useSentence } from '../commands/useVerbWords';
import { DESTRUCTIVE, type Verb, verbsFor } from '../commands/verbs';
import type { SeatPreview } from '@rolecall/server/api';

export interface ActionMenuProps {
  seat: Seat;
  anchor: HTMLElement;
  onChoose: (verb: Verb) => void;
  onClose: () => void;
}

/** Everything that can be done to one person, each with what will physically happen. */
export function ActionMenu({ seat, anchor, onChoose, onClose }: ActionMenuProps) {
  const translate = useTranslate();
  const { room } = useRoomRoster();
  const { obstacle } = useRules();
  const verbs = verbsFor(seat);
  const possible = verbs.filter((verb) => obstacle(verb, seat) === null);
  const previews = usePreviews(room, seat, possible);
  const title = translate('room_console.menu', { name: nameOf(seat) });
  return (
    <Popover
      open
      anchorEl={anchor}
      onClose={onClose}
      anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
      transformOrigin={{ vertical: 'top', horizontal: 'right' }}
      slotProps={{
        paper: { role: 'dialog', 'aria-label': title, sx: { width: 'min(400px, 100%)' } },
      }}
    >
      <MenuList autoFocusItem disabledItemsFocusable dense aria-label={title}>
        {verbs.map((verb) => (
          <ActionItem
            key={verb}
            verb={verb}
            seat={seat}
            preview={previews.get(verb)}
            onChoose={() => onChoose(verb)}
          />
        ))}
      </MenuList>
    </Popover>
  );
}

interface ActionItemProps {
  verb: Verb;
  seat: Seat;
  preview: SeatPreview | undefined;
  onChoose: () => void;
}

function ActionItem({ verb, seat, preview, onChoose, ...menuItem }: ActionItemProps) {
  const translate = useTranslate();
  const sentence = useSentence();
  const { obstacle, promoteTitle } = useRules();
  const { refuse } = useCommands();
  const reason = obstacle(verb, seat) ?? preview?.problem ?? null;
  return (
    <MenuItem
      {...menuItem}
      // Not `disabled`: the keys and a screen reader still reach it, and it says why.
      aria-disabled={reason !== null}
      onClick={() => {
        if (reason === null) onChoose();
        else refuse(seat.identity, reason);
      }}
      sx={{
        display: 'block',
        whiteSpace: 'normal',
        '&[aria-disabled=true]': { color: 'text.secondary', cursor: 'not-allowed' },
        '@media (pointer: coarse)': { minHeight: 44 },
      }}
    >
      <Typography
        component="div"
        sx={{
          fontSize: '.8125rem',
          fontWeight: 550,
          color: DESTRUCTIVE.has(verb) && reason === null ? 'error.main' : 'inherit',
        }}
      >
        {labelOf(verb, seat, promoteTitle, translate)}
      </Typography>
      <Typography component="div" variant="caption" color="text.secondary">
        {reason ?? sentence(verb, preview)}
      </Typography>
    </MenuItem>
  );
}
