import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  token_check: {
    title: 'Did we issue this token?',
    private: 'The token stayed in this browser and is forgotten now. Only its SHA-256 was sent.',
    not_permitted: 'To ask the log, you need the permission ledger.read.',
    claims: 'What it says of itself',
    copy_claims: 'Copy as JSON',
    show: 'Show its entry in the log',
    now: 'If somebody came with it now',
    times: '(%{smart_count} use) |||| (%{smart_count} uses)',
    never: 'Never, as far as a gate saw',
    verdict: {
      issued: 'Yes, Rolecall issued it',
      not_issued: 'No, Rolecall did not issue it',
      altered: 'No: it was made from a token that Rolecall issued',
      not_whole: 'Cannot be said: this is not a whole token',
    },
    means: {
      issued: 'Its SHA-256 is in the log.',
      not_issued:
        'No entry that you may read has its SHA-256. If LiveKit takes it, somebody signed it past Rolecall with the API secret. Otherwise it is for another server, or false.',
      not_whole:
        'The log knows whole tokens only. Copy it again, from the first letter to the last.',
      altered: 'The log has a token with its id and another SHA-256: somebody changed this one.',
    },
    opens: { yes: 'It opens the door', no: 'It opens no door' },
    state: {
      living: 'Valid',
      expired: 'Expired',
      voided: 'Revoked',
      not_issued: 'Not issued',
    },
    fact: {
      by: 'Issued by',
      for: 'For',
      room: 'Room',
      role: 'Role',
      at: 'When',
      why: 'Why',
      state: 'State',
      expires: 'Expires',
      voided: 'Revoked',
      used: 'Last used',
    },
    problem: {
      not_whole: 'It is not a whole token: a part is missing or was changed.',
      expired: 'It has expired.',
      not_yet: 'It is not valid yet.',
      no_signature: 'It says that nobody signed it.',
      no_grants: 'It has no LiveKit grants: it is a token for something else.',
      no_identity: 'It names nobody.',
    },
  },
});
