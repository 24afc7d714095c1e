import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  resources: {
    'access-roles': { name: 'Access role |||| Access roles', fields: {} },
  },
  access_roles: {
    text: 'What each access role allows in this dashboard and in the API. Built-in roles cannot be changed.',
    matrix: 'Permissions by access role',
    permission: 'Permission',
    yes: 'yes',
    no: 'no',
    ceiling: 'May give at most',
    no_ceiling: 'any role template',
    with_ceiling: 'up to Presenter: nothing hidden, no admin rights',
    gives_nothing: 'nothing',
    groups: {
      room: 'Rooms',
      user: 'Users',
      role_template: 'Role templates',
      assignment: 'Assignments',
      token: 'Tokens',
      seat: 'People in rooms',
      stage: 'The stage',
      ledger: 'Ledger',
      operator: 'Operators',
      api_key: 'API keys',
      metrics: 'Metrics',
      demo: 'Sample data',
    },
  },
});
