import type { Messages } from '../../i18n/i18nProvider';

export const messages = {
  room_peek: {
    title: 'Watch and listen',
    begin: 'See and hear %{name}',
    before:
      'You join the room, hidden, for up to 5 minutes. People in the room are not told; it is logged.',
    observing: 'You are observing, hidden, and this is logged.',
    ends: 'Ends at %{time} · %{left}',
    stop: 'Stop watching',
    again: 'Watch again',
    listen: 'Listen',
    mute: 'Stop listening',
    unblock_sound: 'Allow sound on this page',
    connecting: 'Connecting…',
    reconnecting: 'The connection is lost; reconnecting…',
    nothing: 'Sends no video now.',
    nothing_but_sound: 'Sends sound and no video now.',
    no_sound: 'Sends no sound now.',
    not_here: 'Has left the room.',
    video_of: 'Camera of %{name}',
    screen_of: 'Screen of %{name}',
    paused: 'Off',
    more: '%{smart_count} more video is not shown |||| %{smart_count} more videos are not shown',
    looks_at: 'Watching %{identity}',
    ended: {
      time: 'The 5 minutes are over.',
      elsewhere: 'You are watching somebody in another window now.',
      put_out: 'Rolecall or another moderator ended it.',
      room: 'The room has ended.',
      lost: 'The connection to LiveKit was lost.',
      unreachable: 'Your browser could not connect to LiveKit.',
      refused: 'Not possible: %{reason}',
    },
    announce: { watching: 'You are observing %{name}, hidden', ended: 'You stopped observing' },
  },
} satisfies Messages;
