import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  void_tokens: {
    title: 'Tokens',
    text: 'Voided tokens no longer let anybody in, and neither do tokens that LiveKit refreshed from them. People who are connected stay.',
    done: 'Tokens voided',
    confirm: 'Void tokens',
    user: {
      label: 'Void tokens…',
      title: 'Void the tokens of %{name}?',
      text: 'Every token issued to them until now stops working, in every room. They need a new one for their next connection.',
    },
    room: {
      label: 'Void tokens…',
      title: 'Void all tokens for %{name}?',
      text: 'Every token for this room issued until now stops working. Everybody needs a new one for their next connection.',
    },
    everybody: {
      label: 'Void all tokens…',
      title: 'Void everybody’s tokens?',
      text: 'Every token issued until now, for any room, stops working. Every app that uses Rolecall has to issue new ones. This cannot be undone.',
      type: 'void all tokens',
    },
  },
});
