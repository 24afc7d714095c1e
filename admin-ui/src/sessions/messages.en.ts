import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  sessions: {
    title: 'Sessions',
    text: 'A dossier is one file for a session: who was there, who could do what when, what was decided, and the proof of it. It opens in a browser without a network, and verifies itself.',
    no_names:
      'Your dossiers name nobody: people are “Person 1”, “Moderator 1” and so on, and the proofs hold. Naming people needs the permission ledger.export_people for this room.',
    none: 'This room has had no session yet.',
    running: 'running now',
    length: 'from %{from} to %{to}',
    people: '%{smart_count} person |||| %{smart_count} people',
    more: 'Older sessions',
    download: 'Download dossier',
    download_named: 'Download dossier of the session that began %{at}',
    one: '… for one participant',
    one_named: '… for one participant, of the session that began %{at}',
    one_title: 'Dossier for one participant',
    one_text:
      'Everybody else is left out: they are “Person 2”, “Person 3” and so on. The file still verifies itself.',
    participant: 'Participant',
    participant_help: 'Somebody of this session.',
    making: 'Making the dossier …',
    coming: 'Downloading: %{size}',
    saved: 'Saved as %{name}.',
  },
});
