import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  void_tokens: {
    title: 'Tokens',
    text: 'A token proves who somebody is, until it ends. Voided, it lets nobody in any more, nor does what LiveKit made anew from it. Whoever is connected stays.',
    done: 'The tokens made until now are worthless',
    confirm: 'Void tokens',
    user: {
      label: 'Void tokens…',
      title: 'Void the tokens of %{name}?',
      text: 'Every token that was made for them until now is worthless, in every room. They need a new one at their next connect.',
    },
    room: {
      label: 'Void tokens…',
      title: 'Void all tokens for %{name}?',
      text: 'Every token for this room that was made until now is worthless, whoever has it. Everybody needs a new one at their next connect.',
    },
    everybody: {
      label: 'Void all tokens…',
      title: 'Void everybody’s tokens?',
      text: 'Every token that was made until now, for any room, is worthless. Every app that uses Rolecall has to give out new ones. This cannot be taken back.',
      type: 'void all tokens',
    },
  },
});
