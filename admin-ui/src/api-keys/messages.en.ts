import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  resources: {
    'api-keys': {
      name: 'API key |||| API keys',
      fields: {
        name: 'Name',
        prefix: 'Key',
        permissions: 'Permissions',
        rooms: 'Rooms',
        expiresAt: 'Expires',
        lastUsedAt: 'Last used',
        createdAt: 'Created',
        createdBy: 'By',
      },
    },
  },
  api_keys: {
    create: 'New API key',
    create_title: 'New API key',
    empty_title: 'No API keys yet',
    empty_text:
      'A key lets a program use the API, for example your back end that asks for tokens. It has only the permissions you tick.',
    help: {
      name: 'Where it is used, so that you know what stops when you revoke it.',
      rooms: 'Names or patterns such as town-*. Press Enter after each. Empty means every room.',
      expiresAt: 'Leave empty for a key that does not expire.',
      permissions: 'You can give only permissions that you have.',
    },
    preset: {
      label: 'Start from',
      tokens: 'Issues tokens',
      reads: 'Reads everything',
      none: 'None',
    },
    state: { label: 'State', active: 'Active', revoked: 'Revoked', expired: 'Expired' },
    all_rooms: 'All rooms',
    never: 'never',
    no_expiry: 'never',
    count: '%{smart_count} permission |||| %{smart_count} permissions',
    secret_title: 'Your new API key',
    secret_text: 'Send it as “Authorization: Bearer …”.',
    copy: 'Copy key',
    created: 'API key created',
    revoke: 'Revoke',
    revoke_named: 'Revoke %{name}',
    revoke_title: 'Revoke “%{name}”?',
    revoke_text: 'Programs that use it are refused from now on. This cannot be undone.',
    revoked: 'API key revoked',
    at_least_one: 'Tick at least one permission.',
  },
});
