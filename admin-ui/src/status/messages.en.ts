import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  status: {
    livekit: 'LiveKit server',
    rolecall: 'Rolecall',
    up: 'Connected',
    down: 'Not responding',
    absent: 'Not set up',
    up_text: 'Rooms can be moderated live.',
    down_text:
      'Tokens are still issued. Promotions and demotions are saved and applied when it responds again.',
    absent_text:
      'Everything except live rooms works. Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET and restart, or install livekit-server.',
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
      on: 'On: people muted by a hold or a scene are unmuted when it ends',
      off: 'Off: phones, ingresses, agents and WHIP publishers stay muted after a hold or a scene. Set room.enable_remote_unmute to true in LiveKit’s configuration.',
      unknown: 'Not known yet: known once a phone, ingress, agent or WHIP publisher is in a room',
    },
    gate: {
      on: 'On: the role is checked at every connection',
      off: 'Off here: unless another proxy asks Rolecall, clients reach LiveKit directly and are corrected after they join',
    },
    whip: {
      on: 'On: people may also publish over WHIP, with the rights of their role',
      off: 'Off: nobody can publish over WHIP',
    },
    past_gate: {
      title: 'Direct access to LiveKit',
      text: 'Clients that reach LiveKit’s own signalling port get in with the rights of an old token until Rolecall corrects them. The port should be closed.',
      server: 'Seen from the server',
      browser: 'Seen from this browser',
      checkedAt: 'Checked',
      state: {
        open: 'Open',
        closed: 'Closed',
        unknown: 'Not known',
        hidden: 'Cannot check',
        looking: 'Checking',
      },
      browser_open: 'LiveKit answers at',
      browser_closed: 'LiveKit does not answer at',
      browser_hidden: 'The browser does not let an https page check',
      browser_looking: 'Checking',
      browser_local: 'Nothing to check: LiveKit’s address is on the server’s own machine.',
      open_title: 'LiveKit can be reached directly, past the gate',
      open_text:
        'Bind LiveKit’s port to loopback or a private address, or let only Rolecall and your proxy through a firewall. Its media ports stay open. docs/gate.md has examples.',
    },
    clocks: {
      title: 'Clocks',
      text: 'The database clock decides when a token, a block or a role expires.',
      server: 'This server',
      livekit: 'LiveKit',
      same: 'Agrees with the database',
      ahead: '%{seconds} s ahead of the database',
      behind: '%{seconds} s behind the database',
      unknown: 'Not known',
      off: 'A clock is wrong. Set it with NTP. While LiveKit’s clock differs by more than a minute, no tokens are issued.',
    },
    sweep_took: 'took %{ms} ms',
    sweep_none: 'not yet',
  },
});
