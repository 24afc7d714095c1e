import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  account: {
    who: 'Who you are',
    name: 'Name',
    rooms: 'In rooms',
    all_rooms: 'all rooms',
    roles: 'Access roles',
    permissions: 'Permissions',
    password: 'Change password',
    password_text: 'Changing it ends your other sessions.',
    current: 'Current password',
    next: 'New password',
    repeat: 'New password again',
    next_help:
      'At least 12 characters, such as a few unrelated words. Common passwords and repetitions are refused.',
    differs: 'The passwords differ.',
    too_short: 'At least 12 characters.',
    save: 'Change password',
    changed: 'Password changed',
  },
});
