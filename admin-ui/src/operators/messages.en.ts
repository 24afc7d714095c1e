import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  resources: {
    operators: {
      name: 'Operator |||| Operators',
      fields: {
        email: 'E-mail',
        name: 'Name',
        access: 'Access',
        isDisabled: 'State',
        lastSignedInAt: 'Last signed in',
        createdAt: 'Added',
        password: 'Password',
      },
    },
  },
  operators: {
    to_history: 'History',
    search: 'Search name or e-mail',
    create: 'New operator',
    create_title: 'New operator',
    empty_title: 'No operators',
    empty_text: 'An operator is somebody who signs in here.',
    state: { active: 'Active', disabled: 'Disabled' },
    you: 'you',
    never: 'never',
    all_rooms: 'all rooms',
    help: {
      email: 'What they sign in with.',
      password:
        'At least 12 characters, such as a few unrelated words. If empty, a temporary one is created and shown to you once.',
    },
    access: {
      legend: 'What they may do',
      role: 'Access role',
      rooms: 'Only in rooms',
      rooms_help:
        'Names or patterns such as town-*. Press Enter after each. Empty means every room.',
      add: 'Add another access role',
      remove: 'Remove this access role',
      none: 'No access: can sign in but sees nothing.',
    },
    temporary_title: 'Temporary password',
    temporary_text:
      'Give it to %{email} yourself. They should change it under “Your account” after signing in.',
    copy_password: 'Copy password',
    created: 'Operator added',
    danger: 'Password or sign-in',
    danger_text: 'Both take effect at once.',
    self_notice: 'This is you. You cannot change your own access; ask another admin.',
    disabled_notice: 'Disabled: cannot sign in.',
    disable: 'Disable',
    enable: 'Enable',
    disable_title: 'Disable %{name}?',
    disable_text:
      'They are signed out everywhere at once and cannot sign in again until you enable them. API keys they created keep working: revoke those separately.',
    disabled_done: 'Operator disabled',
    enabled_done: 'Operator enabled',
    reset: 'Set a new password',
    reset_title: 'Set a new password for %{name}?',
    reset_text: 'They are signed out everywhere. The new password is shown to you once.',
    reset_done: 'New password set',
  },
});
