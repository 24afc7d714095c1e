import { useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import type { Seat } from '../../api/records';
import { REFUSED } from '../../shared/GuardedButton';
import { KeyCap } from '../../shared/KeyCap';
import { CommandSign } from '../commands/commandSigns';
import { keyOf, useShortcuts } from '../commands/shortcuts';
import { useCommands } from '../commands/useSeatCommands';
import { useRules } from '../commands/useSeatRules';
import { useRoomRoster } from '../roster/rosterContext';
import { usePreviews } from '../commands/usePreview';
import { labelOf, useSentence } from '../commands/useCommandWords';
import {
  DESTRUCTIVE,
  mainCommand,
  type PersonCommand,
  commandsFor,
} from '../commands/personCommands';

/** Those that are needed in a hurry; all others are one press further. */
const QUICK: readonly PersonCommand[] = [
  'approve',
  'decline',
  'unblock',
  'promote',
  'extend',
  'demote',
  'mute',
  'hold',
  'release',
  'remove',
];

export interface PersonActionsProps {
  seat: Seat;
}

/** What is done most, and under it what the one that is pointed at would physically do. */
export function PersonActions({ seat }: PersonActionsProps) {
  const translate = useTranslate();
  const sentence = useSentence();
  const { room } = useRoomRoster();
  const { canBePromoted, obstacle, promoteTitle } = useRules();
  const { act, openMenu } = useCommands();
  const sentenceId = useId();
  const shortcuts = useShortcuts();
  const [pointedAt, setPointedAt] = useState<PersonCommand | null>(null);
  // Who has it all already needs no promotion.
  const isHigh = !seat.hand && !canBePromoted(seat);
  const main = mainCommand(seat);
  const isSending = seat.tracks.some(({ isMuted }) => !isMuted);
  const offered = commandsFor(seat).filter(
    (command) =>
      QUICK.includes(command) &&
      !(command === 'promote' && isHigh) &&
      !(command === 'mute' && !isSending) &&
      !(command === 'remove' && !seat.isPresent),
  );
  // Last, so that it moves none of the others when it comes and goes.
  if (obstacle('undo', seat) === null) offered.push('undo');
  const asked = pointedAt && obstacle(pointedAt, seat) === null ? [pointedAt] : [];
  const previews = usePreviews(room, seat, asked);
  const text =
    pointedAt &&
    pointedAt !== 'undo' &&
    (obstacle(pointedAt, seat) ?? sentence(pointedAt, previews.get(pointedAt)));
  return (
    <Box sx={{ my: 1.5 }}>
      <Box sx={ACTIONS} onPointerLeave={() => setPointedAt(null)}>
        {offered.map((command) => (
          <Button
            key={command}
            variant={command === main ? 'contained' : 'outlined'}
            color={DESTRUCTIVE.has(command) ? 'error' : 'primary'}
            startIcon={<CommandSign command={command} />}
            endIcon={keyCap(keyOf(command, shortcuts))}
            aria-keyshortcuts={keyOf(command, shortcuts)}
            // Not `disabled`: with the focus or a finger on it, the line below says why.
            aria-disabled={obstacle(command, seat) !== null || undefined}
            sx={obstacle(command, seat) === null ? undefined : REFUSED}
            aria-describedby={command === pointedAt ? sentenceId : undefined}
            onFocus={() => setPointedAt(command)}
            onPointerEnter={() => setPointedAt(command)}
            onClick={(event) => act(command, seat.identity, event.currentTarget)}
          >
            {labelOf(command, seat, promoteTitle, translate)}
          </Button>
        ))}
        <Button
          aria-haspopup="dialog"
          onClick={(event) => openMenu(seat.identity, event.currentTarget)}
        >
          {translate('room_console.commands.all_actions')}
        </Button>
      </Box>
      <Typography
        id={sentenceId}
        variant="body2"
        color="text.secondary"
        sx={{ mt: 0.75, minHeight: 20 }}
      >
        {text}
      </Typography>
    </Box>
  );
}

const keyCap = (name: string | undefined) => name && <KeyCap name={name} />;

/** Two columns: a thumb reaches both, and a long role does not push the others about. */
const ACTIONS = {
  display: 'grid',
  gridTemplateColumns: '1fr 1fr',
  gap: 1,
  '& > button': {
    justifyContent: 'flex-start',
    textAlign: 'start',
    lineHeight: 1.25,
    '& .MuiButton-startIcon': { mr: 0.75 },
    '& .MuiButton-endIcon': { ml: 'auto', pl: 0.5, mr: 0 },
    '& .MuiButton-endIcon > :nth-of-type(1)': { fontSize: '.6875rem' },
    '& kbd': { color: 'inherit', borderColor: 'currentcolor', opacity: 0.8 },
  },
  '@media (pointer: coarse)': { '& button': { minHeight: 44 } },
} as const;
