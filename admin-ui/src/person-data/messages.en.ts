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
      log: 'The log says that you made this file, and of whom.',
      begin: 'Save file',
      progress: 'Progress of the file',
      read: '%{count} entry has come |||| %{count} entries have come',
      waiting: 'Rolecall reads what is kept of them',
      cancel: 'Cancel',
      cut: 'The file was cut off, and nothing was saved.',
      done: 'The file with %{count} entry is saved. |||| The file with %{count} entries is saved.',
      verifier: 'Save the program that proves it',
    },
  },
});
