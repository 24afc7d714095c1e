import { useCallback } from 'react';
import { useTranslate } from 'react-admin';
import type { Seat } from '../../api/records';
import { hasFlag } from '../seat/seatFacts';
import type { SeatPreview } from '@rolecall/server/api';
import type { PersonCommand } from './personCommands';

type Translate = ReturnType<typeof useTranslate>;

export function labelOf(
  command: PersonCommand,
  seat: Seat,
  promoteTitle: string,
  translate: Translate,
) {
  switch (command) {
    case 'promote':
      return promoteTitle;
    case 'promoteAs':
      return translate(
        seat.hand ? 'room_console.commands.approve_as' : 'room_console.commands.promote_as',
      );
    case 'demote':
      return translate(
        seat.override ? 'room_console.commands.demote' : 'room_console.commands.demote_as',
      );
    case 'hold': {
      const what = heldInWords(seat, translate);
      return translate(what ? 'room_console.commands.hold_what' : 'room_console.commands.hold', {
        what,
      });
    }
    default:
      return translate(`room_console.commands.${wordOf(command)}`);
  }
}

/** The same for many: blocking them removes them too, which the dialog says. */
export const bulkLabelOf = (command: PersonCommand, translate: Translate) =>
  translate(`room_console.commands.${command === 'block' ? 'block_many' : wordOf(command)}`);

const HELD = ['microphone', 'camera', 'screen_share'] as const;

/** All that they may send is taken, not only what is heard: "mic, cam". */
const heldInWords = (seat: Seat, translate: Translate) =>
  HELD.filter((source) => hasFlag(seat.observed ?? {}, source))
    .map((source) => translate(`room_console.tracks.${source}`))
    .join(', ');

/** `askUnmute` → `ask_unmute`: the command in the names of messages. */
const wordOf = (command: PersonCommand) =>
  command.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What a command will physically do, in one line: the server's words where they depend on the person. */
export function useSentence() {
  const translate = useTranslate();
  return useCallback(
    (command: PersonCommand, preview: SeatPreview | undefined): string => {
      if (preview?.problem) return preview.problem;
      if (preview && preview.effects.length > 0) return capitalized(preview.effects.join('; '));
      if (preview) return translate('room_console.changes_nothing');
      return translate(`room_console.does.${wordOf(command)}`, { _: '…' });
    },
    [translate],
  );
}

const capitalized = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
