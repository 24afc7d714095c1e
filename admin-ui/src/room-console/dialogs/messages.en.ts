import type { Messages } from '../../i18n/i18nProvider';

export const messages = {
  room_console: {
    promote_menu: {
      promote_title: 'Promote %{name} to',
      demote_title: 'Demote %{name} to',
      approve_title: 'Approve %{name} as',
      invite_title: 'Invite %{name} as',
      lease: 'For',
      lease_session: 'this session',
      lease_until: 'until…',
      other_time: 'The same role, for the time chosen above',
      same: 'Changes nothing for %{name}: %{roles}',
      beyond: 'More than you may give: %{roles}. An admin can give them',
      none: 'No other role is within what you may give.',
      empty: 'No role template is published. An admin can publish one.',
    },
    remove_dialog: {
      remove_title: 'Remove %{name}?',
      block_title: 'Remove and block %{name}?',
      mode: 'How',
      remove: 'Remove',
      remove_help: 'Disconnects them. They can come back with the token they have.',
      block: 'Remove and block',
      block_help:
        'Disconnects them and keeps them out, whatever token they use, until the block ends or is lifted.',
      for: 'For',
      for_good: 'until lifted',
      confirm_remove: 'Remove %{name}',
      confirm_block: 'Remove and block %{name}',
      reasons: {
        disruption: 'Disruption',
        spam: 'Spam',
        abuse: 'Abuse',
        asked: 'Asked to leave',
        mistake: 'Wrong room',
      },
    },
    void_dialog: {
      title: 'Revoke all tokens of %{name}?',
      text: 'Tokens that %{name} has now no longer work. If connected, they stay until they leave. This cannot be undone.',
      confirm: 'Revoke tokens',
    },
    conflict: {
      title: 'Somebody else changed %{name}',
      text: '%{by} changed this %{when}: now %{role}.',
      somebody: 'Another operator',
      no_role: 'without a role',
      keep: 'Keep their change',
      override: 'Apply mine anyway',
    },
    bulk: {
      remove_title: 'Remove %{smart_count} person? |||| Remove %{smart_count} people?',
      block_title:
        'Remove and block %{smart_count} person? |||| Remove and block %{smart_count} people?',
      confirm_remove: 'Remove %{smart_count} person |||| Remove %{smart_count} people',
      confirm_block:
        'Remove and block %{smart_count} person |||| Remove and block %{smart_count} people',
      people: '%{smart_count} person |||| %{smart_count} people',
    },
  },
} satisfies Messages;
