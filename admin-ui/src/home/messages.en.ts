import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  home: {
    hello: 'Hello, %{name}',
    steps: 'First steps',
    steps_text: 'Each step is ticked off when it is done.',
    done: 'Done:',
    to_do: 'To do:',
    step: {
      livekit: {
        title: 'LiveKit is connected',
        text: 'Rolecall talks to a LiveKit server.',
        action: 'See the connection',
      },
      room: {
        title: 'A room exists',
        text: 'Rooms are where people meet. Give one a default role.',
        action: 'Create a room',
      },
      template: {
        title: 'A role template is published',
        text: 'A template says what somebody may do in a room: speak, share a screen, or only watch.',
        action: 'See the templates',
      },
      user: {
        title: 'A user exists',
        text: 'A user joins rooms and has a LiveKit identity.',
        action: 'Add a user',
      },
      assignment: {
        title: 'A role is assigned',
        text: 'An assignment gives a user a template in a room, or in all of them.',
        action: 'Assign a role',
      },
      issuance: {
        title: 'A token is issued',
        text: 'Issue one, open the join page with it, and see the person arrive.',
        action: 'Issue a token',
      },
    },
    live: 'Live now',
    live_text: 'Rooms with people in them.',
    live_none: 'Nobody is in a room right now.',
    people: '%{smart_count} person |||| %{smart_count} people',
    all_rooms: 'All rooms',
    recent: 'Latest activity',
    recent_text: 'The newest entries of the ledger.',
    recent_none: 'Nothing has happened yet.',
    all_activity: 'All activity',
  },
});
