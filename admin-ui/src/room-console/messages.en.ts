import type { Messages } from '../i18n/i18nProvider';
import { messages as commands } from './commands/messages.en';
import { messages as dialogs } from './dialogs/messages.en';
import { messages as grid } from './grid/messages.en';
import { messages as notices } from './notices/messages.en';
import { messages as person } from './person/messages.en';
import { messages as roster } from './roster/messages.en';

export const messages = {
  room_console: {
    title: '%{room}',
    present: '%{smart_count} in the room',
    publishing: '%{smart_count} publishing',
    closed: 'Closed',
    actions: {
      join: 'Open the join page',
      issue: 'Issue a token',
      shortcuts: 'Keyboard shortcuts',
    },
    silence: 'silent after %{p50}, 95 % after %{p95}',
    silence_help:
      'Time from the click until LiveKit reports the last track gone: median and 95th percentile of %{smart_count} actions in the last hour.',
    more: 'More',
    ...commands.room_console,
    ...dialogs.room_console,
    ...grid.room_console,
    ...notices.room_console,
    ...person.room_console,
    ...roster.room_console,
  },
} satisfies Messages;
