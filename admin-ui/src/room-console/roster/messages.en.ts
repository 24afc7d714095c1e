import type { Messages } from '../../i18n/i18nProvider';

export const messages = {
  room_console: {
    chips: {
      label: 'Show',
      all: 'All',
      hands: 'Hands',
      stage: 'Stage',
      microphone: 'Mic',
      camera: 'Cam',
      screen: 'Screen',
      restricted: 'Restricted',
      new: 'New',
      silent: 'Listening unseen',
      drifting: 'Not applied',
      unlisted: 'Unlisted',
    },
    shown: '%{smart_count} person shown |||| %{smart_count} people shown',
    search: 'Search name, identity or role',
    search_hint: 'Find a person',
    waiting: {
      joined: '%{smart_count} joined',
      moved: '%{smart_count} moved',
      left: '%{smart_count} left',
    },
    apply: 'Sort now',
    moved: 'The list moved. Click again.',
    nobody_marked: 'No row was highlighted. Now it is %{name}: press the key again.',
    ordered: 'List sorted',
    in_order: 'The list is already sorted',
    empty: {
      title: 'Nobody is here yet',
      text: 'Share the join link, or issue a token for somebody.',
      copy_link: 'Copy the join link',
    },
    nobody_matches: {
      title: 'Nobody matches',
      clear: 'Show everybody',
    },
  },
} satisfies Messages;
