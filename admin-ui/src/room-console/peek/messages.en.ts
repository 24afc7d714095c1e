import type { Messages } from '../../i18n/i18nProvider';

export const messages = {
  room_peek: {
    title: 'Look',
    begin: 'See and hear %{name}',
    before:
      'You join the room, hidden, for up to 5 minutes. Nobody in the room is told; it is logged.',
    observing: 'You are observing, hidden, and this is logged.',
    ends: 'Ends at %{time} · %{left}',
    stop: 'Stop looking',
    again: 'Look again',
    listen: 'Listen',
    mute: 'Stop listening',
    unblock_sound: 'Let this page play sound',
    connecting: 'Connecting…',
    reconnecting: 'The connection is lost; trying to get it back…',
    nothing: 'Sends no video now.',
    nothing_but_sound: 'Sends sound and no video now.',
    no_sound: 'Sends no sound now.',
    not_here: 'Has left the room.',
    video_of: 'Camera of %{name}',
    screen_of: 'Screen of %{name}',
    paused: 'Off',
    more: '%{smart_count} more video is not shown |||| %{smart_count} more videos are not shown',
    looks_at: 'Looks at %{identity}',
    ended: {
      time: 'The 5 minutes are over.',
      elsewhere: 'You look at somebody in another window now.',
      put_out: 'The look was ended by Rolecall or by another moderator.',
      room: 'The room has ended.',
      lost: 'The connection to LiveKit was lost.',
      unreachable: 'Your browser could not connect to LiveKit. What is known of them stays here.',
      refused: 'Not possible: %{reason}',
    },
    announce: { watching: 'You are observing %{name}, hidden', ended: 'You stopped observing' },
  },
} satisfies Messages;
