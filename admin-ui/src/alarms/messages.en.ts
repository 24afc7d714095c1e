import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  resources: {
    alarms: {
      name: 'Alarm |||| Alarms',
      fields: {
        kind: 'What',
        room: 'Room',
        state: 'State',
        times: 'Seen',
        openedAt: 'First seen',
        seenAt: 'Last seen',
        note: 'Note',
      },
    },
  },
  alarms: {
    empty_title: 'No alarms',
    empty_text:
      'What LiveKit has, and how policy was changed, is explained by the entries of the ledger.',
    state: { open: 'Open', acknowledged: 'Acknowledged', gone: 'Gone' },
    times: '%{smart_count} time |||| %{smart_count} times',
    keys: 'Anybody with the secret of a LiveKit API key can do this. Rolecall uses %{keys}.',
    by: '%{who}: %{note}',
    acknowledge: 'Acknowledge',
    acknowledge_named: 'Acknowledge: %{name}',
    acknowledge_title: 'Acknowledge this alarm?',
    acknowledge_text:
      'It is no longer counted as open. What LiveKit has is not changed by it. Say what you found out: the ledger keeps it with your name.',
    acknowledged: 'Alarm acknowledged',
    not_open: 'It was acknowledged or gone already.',
  },
});
