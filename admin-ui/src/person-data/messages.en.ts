import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  person_data: {
    title: 'Their data',
    text: 'For when this person asks what is kept of them, or asks to be erased.',
    file: {
      label: 'Their data as a file',
      title: 'Save what is kept of %{name}?',
      text: 'One file with their user record, roles, seats, tokens and stays, and every entry of the log that is about them or by them. The text of tokens is not in it.',
      others:
        'Other people are left out: what names them is not in the file, or is replaced. What is left out is said at its end.',
      rooms: 'You may see some rooms only, so only these are in the file.',
      log: 'The log records that you made this file, and which person it is about.',
      begin: 'Save file',
      progress: 'Progress of the file',
      read: '%{count} entry has come |||| %{count} entries have come',
      waiting: 'Rolecall reads what is kept of them',
      cancel: 'Cancel',
      cut: 'The file was cut off, and nothing was saved.',
      done: 'The file with %{count} entry is saved. |||| The file with %{count} entries is saved.',
      verifier: 'Save the program that proves it',
    },
    erase: {
      label: 'Erase on request',
      title: 'Erase %{name} from the log?',
      confirm: 'Erase for good',
      goes: {
        title: 'What is destroyed',
        who: 'Their identity, name and addresses in every entry about them or by them',
        said: 'What entries say of them, and the reasons that moderators gave',
        for_good: 'Nobody can bring it back',
      },
      stays: {
        title: 'What stays',
        what: 'What happened, when, in which room and with which outcome, without the person',
        hashes: 'Every hash, so the log can still be verified',
        others: 'What other people wrote into notes, searches and reasons of their own entries',
        user: 'Their user record and assignments: delete the user as well',
        copies: 'Files that were exported, archives, and backups from before',
      },
      when: 'Erase only somebody who has left: a token of theirs is no longer known as issued. The log says that somebody was erased, not who.',
      done: '%{count} entry was changed: the person is erased from it |||| %{count} entries were changed: the person is erased from them',
    },
  },
});
