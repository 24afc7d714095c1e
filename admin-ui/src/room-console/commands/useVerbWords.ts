import { useCallback } from 'react';
import { useTranslate } from 'react-admin';
import type { Seat } from '../../api/records';
import { hasFlag } from '../seat/seatFacts';
import type { SeatPreview } from '@rolecall/server/api';
import type { Verb } from './verbs';

type Translate = ReturnType<typeof useTranslate>;

export function labelOf(verb: Verb, seat: Seat, promoteTitle: string, translate: Translate) {
  switch (verb) {
    case 'promote':
      return promoteTitle;
    case 'promoteAs':
      return translate(
        seat.hand ? 'room_console.verbs.approve_as' : 'room_console.verbs.promote_as',
      );
    case 'demote':
      return translate(
        seat.override ? 'room_console.verbs.demote' : 'room_console.verbs.demote_as',
      );
    case 'hold': {
      const what = heldInWords(seat, translate);
      return translate(what ? 'room_console.verbs.hold_what' : 'room_console.verbs.hold', { what });
    }
    default:
      return translate(`room_console.verbs.${wordOf(verb)}`);
  }
}

const HELD = ['microphone', 'camera', 'screen_share'] as const;

/** All that they may send is taken, not only what is heard: "mic, cam". */
const heldInWords = (seat: Seat, translate: Translate) =>
  HELD.filter((source) => hasFlag(seat.observed ?? {}, source))
    .map((source) => translate(`room_console.tracks.${source}`))
    .join(', ');

/** `askUnmute` → `ask_unmute`: verbs in the names of messages. */
const wordOf = (verb: Verb) => verb.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What a verb will physically do, in one line: the server's words where they depend on the person. */
export function useSentence() {
  const translate = useTranslate();
  return useCallback(
    (verb: Verb, preview: SeatPreview | undefined): string => {
      if (preview?.problem) return preview.problem;
      if (preview && preview.effects.length > 0) return capitalized(preview.effects.join('; '));
      if (preview) return translate('room_console.changes_nothing');
      return translate(`room_console.does.${wordOf(verb)}`, { _: '…' });
    },
    [translate],
  );
}

const capitalized = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
