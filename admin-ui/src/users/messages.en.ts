import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  resources: {
    users: {
      name: 'User |||| Users',
      fields: {
        identity: 'Identity',
        name: 'Name',
        kind: 'Kind',
        metadata: 'Metadata',
        attributes: 'Attributes',
        isSuspended: 'State',
        createdAt: 'Added',
      },
    },
  },
  users: {
    to_history: 'History',
    search: 'Search name or identity',
    create: 'New user',
    create_title: 'New user',
    created: 'User added',
    empty_title: 'No users yet',
    empty_text:
      'A user is a person or program that joins rooms. Add one here, or let a token request add it.',
    look_alike: 'People may take this identity for:',
    kind: { standard: 'Person', agent: 'Agent' },
    state: { active: 'Active', suspended: 'Suspended' },
    help: {
      identity:
        'The LiveKit identity, for example your own primary key. If empty, a new one is generated. It cannot be changed or reused.',
      name: 'What others in the room see.',
      kind: 'An agent is a program that joins rooms.',
      metadata: 'Goes into tokens; every participant can read it.',
      attributes: 'Key and value pairs that go into tokens; every participant can read them.',
    },
    attribute: { key: 'Key', value: 'Value', add: 'Add attribute', remove: 'Remove %{key}' },
    tab: {
      label: 'About this user',
      profile: 'Profile',
      effective: 'Effective now',
      assignments: 'Assignments',
      issuances: 'Issuances',
    },
    suspend: 'Suspend',
    resume: 'Lift suspension',
    delete: 'Delete user',
    danger: 'Suspend or delete',
    danger_text: 'A suspension can be lifted. Deleting cannot be undone.',
    suspended_notice: 'Suspended: gets no tokens and may not be in any room.',
    suspend_title: 'Suspend %{name}?',
    suspend_text:
      'They get no tokens and are removed from every room at once. Their assignments apply again when the suspension is lifted.',
    suspended_done: 'User suspended',
    resumed_done: 'Suspension lifted',
    delete_title: 'Delete %{name}?',
    delete_text:
      'The user and their assignments are deleted. The identity stays reserved and is never reused. Ledger entries stay.',
    deleted: 'User deleted',
    effective: {
      text: 'The role this user has in each room now, and why.',
      none: 'There are no rooms yet.',
      more: 'Only the first %{count} rooms are shown.',
      allow: 'Gets in',
      deny: 'Refused',
      why: 'Why, in %{room}',
      as_of: 'As of',
      as_of_help: 'Empty: now. A time in the past is answered from the log.',
      gap: 'Not known: %{text}',
    },
    assignments: {
      none: 'No assignments for this user. Room defaults and assignments for everyone still apply.',
      create: 'Assign a role',
    },
    issuances: { none: 'No token has been issued to, or refused for, this user.' },
    see_all: 'See all',
  },
});
