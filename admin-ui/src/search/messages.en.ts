import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  search: {
    title: 'Find anything',
    hint: 'A name, an identity, a room, a time or a token',
    help: 'For example: Ana, town-hall, Tuesday 14:05. A token that you paste is only looked at in this browser.',
    found: 'Found',
    loading: 'Searching…',
    history_of: '%{name} over time',
    history_of_identity: 'Over time: whoever has the identity “%{identity}”',
    acts_of: 'Acts about %{name}',
    settings_of: 'Settings of %{name}',
    acts_by: 'Acts by %{name}',
    entry: 'The act with the entry %{id}',
    token_hash: 'The token with this SHA-256',
    token_id: 'The token with the id %{id}',
    operation: 'The act with the operation %{id}',
    request: 'The request %{id}',
    in_log: 'Search the log for “%{text}”',
    sort: {
      person: 'Person',
      room: 'Room',
      operator: 'Operator',
      time: 'Log at this time',
      entry: 'Log',
      token: 'Token',
      text: 'Log',
    },
  },
});
