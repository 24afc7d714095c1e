import { registerMessages } from '../providers/i18nProvider';

registerMessages({
  status: {
    livekit: 'LiveKit server',
    rolecall: 'Rolecall',
    up: 'Connected',
    down: 'Not answering',
    absent: 'Not set up',
    up_text: 'Rooms can be moderated live.',
    down_text:
      'Tokens are still issued. Promotions and demotions are kept and applied when it answers again.',
    absent_text:
      'Everything but live rooms works. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET and start again, or install livekit-server.',
    field: {
      state: 'State',
      since: 'Since',
      url: 'Address',
      clientUrl: 'Address for clients',
      detail: 'Detail',
      gate: 'Gate',
      sweep: 'Last sweep',
      version: 'Version',
      startedAt: 'Started',
    },
    gate: {
      on: 'On: every connection is decided anew',
      off: 'Off: clients reach LiveKit directly, and are put right after they joined',
    },
    sweep_took: 'took %{ms} ms',
    sweep_none: 'not yet',
  },
});
