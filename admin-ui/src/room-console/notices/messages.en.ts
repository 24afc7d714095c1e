import type { Messages } from '../../i18n/i18nProvider';

export const messages = {
  room_console: {
    banners: {
      next: 'Show the next notice',
      stream_lost: 'Live updates are lost. The list refreshes every 5 seconds; actions still work.',
      offline: 'The server cannot be reached. This is the state at %{time}; actions are not sent.',
      live_again: 'Live updates are back. The list is up to date.',
      livekit_again: 'LiveKit responds again. Pending changes are applied now.',
      livekit_down: 'LiveKit does not respond. Changes are saved and applied when it is back.',
      livekit_installing:
        'LiveKit is being installed (%{progress}). The room goes live by itself when it is done.',
      livekit_failed:
        'LiveKit could not be installed, so nobody can be in the room. The status page says why.',
      livekit_absent: 'No LiveKit server is connected, so nobody can be in the room.',
      closed: 'This room is closed: nobody can join, and no tokens are issued for it.',
      ended: 'The session ended at %{time}. This is who was there.',
      log: 'Show its activity',
      stale: 'The room could not be refreshed: %{reason}',
    },
  },
} satisfies Messages;
