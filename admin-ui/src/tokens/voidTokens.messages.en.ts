import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  void_tokens: {
    title: 'Tokens',
    text: 'Revoked tokens no longer work, and neither do tokens that LiveKit refreshed from them. People who are connected stay.',
    done: 'Tokens revoked',
    confirm: 'Revoke tokens',
    user: {
      label: 'Revoke tokens…',
      title: 'Revoke the tokens of %{name}?',
      text: 'Tokens that were issued to them no longer work, in any room. They need a new one for their next connection.',
    },
    room: {
      label: 'Revoke tokens…',
      title: 'Revoke all tokens for %{name}?',
      text: 'Tokens that were issued for this room no longer work. Everybody needs a new one for their next connection.',
    },
    everybody: {
      label: 'Revoke all tokens…',
      title: 'Revoke everybody’s tokens?',
      text: 'Tokens that were issued so far, for any room, no longer work. Every app that uses Rolecall has to issue new ones. This cannot be undone.',
      type: 'revoke all tokens',
    },
  },
});
