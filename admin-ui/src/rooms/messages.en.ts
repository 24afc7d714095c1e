import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  resources: {
    rooms: {
      name: 'Room |||| Rooms',
      fields: {
        name: 'Name',
        title: 'Title',
        state: 'State',
        numParticipants: 'People',
        defaultTemplate: 'Default role',
        promoteTemplate: 'Promote to',
        maxParticipants: 'Participant limit',
        emptyTimeout: 'Ends if nobody joins for',
        departureTimeout: 'Ends after the last person left for',
        metadata: 'Metadata',
        unlistedParticipants: 'People Rolecall does not know',
        createdAt: 'Created',
      },
    },
  },
  rooms: {
    search: 'Search rooms',
    create: 'New room',
    create_title: 'New room',
    created: 'Room created',
    empty_title: 'No rooms yet',
    empty_text:
      'A room is where people meet. Create one here, or let a token create it when it is first needed.',
    to_history: 'History',
    to_console: 'Open the room',
    edit_named: 'Settings of %{name}',
    filter: { state: 'State', live: 'Live now', empty: 'Empty', open: 'Open', closed: 'Closed' },
    state: {
      live: 'Live',
      empty: 'Empty',
      closed: 'Closed',
    },
    people_of: '%{count} of %{max}',
    no_default: 'None: only assigned people get in',
    default_promote: 'Speaker',
    help: {
      name: 'The room name in tokens. Any characters. It cannot be changed later.',
      title: 'What people see. Leave empty to show the name.',
      maxParticipants: '0 = no limit.',
      emptyTimeout: 'Seconds before LiveKit ends a room that nobody has joined.',
      departureTimeout: 'Seconds before LiveKit ends a room after the last person left.',
      defaultTemplate: 'For everybody without an assignment here.',
      promoteTemplate: 'What one click on Promote gives.',
      metadata: 'Text that every participant can read. At most 64 KB.',
    },
    unlisted: {
      allow: 'Let them stay, and show them',
      remove: 'Remove them when they join',
    },
    live_now:
      '%{smart_count} person is in the room. Some options apply only when the room starts again. |||| %{smart_count} people are in the room. Some options apply only when the room starts again.',
    saved_later: 'Saved. These apply when the room starts again: %{options}.',
    closed_notice: 'This room is closed: nobody can join, and no tokens are issued for it.',
    danger: 'Close or delete',
    danger_text: 'Closing can be undone. Deleting cannot.',
    close: 'Close room',
    reopen: 'Open room',
    delete: 'Delete room',
    close_title: 'Close “%{name}”?',
    close_text:
      'No tokens are issued for it and nobody can join, whatever token they have. You can open it again at any time.',
    close_live:
      '%{smart_count} person who is in the room now is removed. |||| %{smart_count} people who are in the room now are removed.',
    closed_done: 'Room closed',
    closed_pending:
      'Room closed. LiveKit does not respond; people in the room are removed when it does.',
    opened_done: 'Room open again',
    delete_title: 'Delete “%{name}”?',
    delete_text:
      'The room ends in LiveKit. Its settings and the assignments for this room are deleted. This cannot be undone. Ledger entries stay.',
    delete_live:
      '%{smart_count} person in it is disconnected at once. |||| %{smart_count} people in it are disconnected at once.',
    deleted: 'Room deleted',
  },
});
