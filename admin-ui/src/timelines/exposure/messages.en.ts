import { registerMessages } from '../../i18n/i18nProvider';

registerMessages({
  exposure: {
    text: 'Tokens that still work, and people who could come back without a new one.',
    table: 'Who could still come in, the longest first',
    field: {
      identity: 'Who',
      room: 'Room',
      template: 'Comes in as',
      source: 'Why',
      until: 'Until',
      issuer: 'Issued by',
    },
    filter: {
      identity: 'Identity',
      room: 'Room',
      template: 'Role template',
      issuer: 'Issued by',
      stopped: 'Also tokens that are stopped now',
    },
    hint: {
      whole: 'exactly as it is written',
      template: 'its key, such as speaker',
      issuer: 'id or whole name of an operator or API key',
    },
    source: {
      issued: 'Holds a token',
      session: 'Left the room just now',
      unreadable: 'Entry that Rolecall did not write so; shown with the latest end that can be',
      renewed: 'Is in the room; renewed until they leave',
    },
    own_rights: 'What their own token says',
    stopped: 'Cannot come in: %{why}',
    horizon: 'After %{at} none of these works.',
    horizon_renewed:
      'After %{at} none of these works, once the people who are in a room have left.',
    horizon_partial: 'There is more than is shown. All of it ends before %{at}.',
    no_gate:
      'No gate is in front of LiveKit: it lets in any token that has not expired, until the check at the join.',
    over_time: 'How many could still come in',
    over_time_text:
      'If nobody issues, blocks or voids anything. A bar shows who is left at its time.',
    open_at: 'Still open at %{at}',
    counts: '%{tokens} tokens, %{sessions} people in rooms, %{stopped} stopped',
    empty_title: 'Nobody could come in',
    empty_text: 'No token works now, and nobody is in a room.',
    no_match: 'Nobody matches these filters',
    no_match_text:
      'Identity, room and role are matched as a whole. To find somebody by name, use the search at the top.',
    more: 'Next page',
    back: 'Previous page',
    loading: 'Loading who could come in',
  },
});
