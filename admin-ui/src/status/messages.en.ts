import { registerMessages } from '../i18n/i18nProvider';

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
      remoteUnmute: 'Remote unmute',
      gate: 'Gate',
      whip: 'WHIP',
      sweep: 'Last sweep',
      version: 'Version',
      startedAt: 'Started',
    },
    remote_unmute: {
      on: 'On: whoever a hold or a scene muted is unmuted when it ends',
      off: 'Off: phones, ingresses, agents and WHIP publishers stay muted after a hold or a scene. Set room.enable_remote_unmute to true in LiveKit’s configuration.',
      unknown:
        'Not known yet: LiveKit tells when a phone, ingress, agent or WHIP publisher is in a room',
    },
    gate: {
      on: 'On: every connection is decided anew',
      off: 'Off: clients reach LiveKit directly, and are put right after they joined',
    },
    whip: {
      on: 'On: people may also publish by WHIP, with the rights of their role',
      off: 'Off: nobody comes in by WHIP',
    },
    past_gate: {
      title: 'The way past the gate',
      text: 'Whoever reaches LiveKit’s own signalling port gets in with the rights of an old token, until the check at the join. It should be closed.',
      server: 'Seen from the server',
      browser: 'Seen from this browser',
      checkedAt: 'Looked at',
      state: {
        open: 'Open',
        closed: 'Closed',
        unknown: 'Not known',
        hidden: 'Cannot look',
        looking: 'Looking',
      },
      browser_open: 'LiveKit answers at',
      browser_closed: 'LiveKit does not answer at',
      browser_hidden: 'The browser does not let a page of https look at',
      browser_looking: 'Asking',
      browser_local: 'Nothing to look at: LiveKit’s address is on the server’s own machine.',
      open_title: 'LiveKit can be reached past the gate',
      open_text:
        'Bind LiveKit’s port to loopback or a private address, or let a firewall pass only Rolecall and your proxy to it. Its media ports stay open. docs/gate.md has the lines for it.',
    },
    clocks: {
      title: 'Clocks',
      text: 'The database’s clock decides when a token, a block or a role ends.',
      server: 'This server',
      livekit: 'LiveKit',
      same: 'Agrees with the database',
      ahead: '%{seconds} s ahead of the database',
      behind: '%{seconds} s behind the database',
      unknown: 'Not known',
      off: 'A clock is wrong. Set it by NTP. While LiveKit’s clock differs by more than a minute, no tokens are issued.',
    },
    sweep_took: 'took %{ms} ms',
    sweep_none: 'not yet',
  },
});
