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
    search: 'Search name or identity',
    create: 'New user',
    create_title: 'New user',
    created: 'User added',
    empty_title: 'No users yet',
    empty_text:
      'A user is somebody, or something, that joins rooms. Add one here, or let a token request add it.',
    kind: { standard: 'Person', agent: 'Agent' },
    state: { active: 'Active', suspended: 'Suspended' },
    help: {
      identity:
        'The LiveKit identity, for example your own primary key. Left empty, a new one is made. It can never be changed or used again.',
      name: 'What others see.',
      kind: 'An agent is a program that takes part.',
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
      'Every token is refused and rooms where the user is now are left at once. Assignments stay and count again when the suspension is lifted.',
    suspended_done: 'User suspended',
    resumed_done: 'Suspension lifted',
    delete_title: 'Delete %{name}?',
    delete_text:
      'The user and their assignments are gone. The identity stays reserved: nobody will ever get it again. What the ledger says stays.',
    deleted: 'User deleted',
    effective: {
      text: 'What policy gives this user in each room at this moment, and why.',
      none: 'There are no rooms yet.',
      more: 'Only the first %{count} rooms are shown.',
      allow: 'Gets in',
      deny: 'Refused',
      why: 'Why, in %{room}',
    },
    assignments: {
      none: 'Nothing is assigned to this user. Room defaults and what everybody gets still apply.',
      create: 'Assign a role',
    },
    issuances: { none: 'No token has been issued to, or refused for, this user.' },
    see_all: 'See all',
  },
});
