import type { LedgerProblem } from '../api/records';
import { registerMessages } from '../i18n/i18nProvider';

/** What to do about each problem. */
export const WHAT_TO_DO = {
  key_missing:
    'Put ledger-key into ROLECALL_HOME of one server, from a backup or from the server that made it.',
  key_changed:
    'Put the old ledger-key back. If nobody replaced it on purpose, treat this as an attack.',
  postgres_behind:
    'The database was replaced by an older copy. Restore the newest one; docs/operations.md says what to do when there is none.',
  tree_changed:
    'Run “npm run rolecall -- ledger verify”: it names the first wrong entry. Keep the mirror and the database as they are until it is understood.',
  foreign_mirror: 'Give this log a mirror of its own in ROLECALL_LEDGER_MIRROR.',
  witness_disagrees:
    'Somebody rewrote or cut the log, or the witness belongs to another one. Keep everything as it is, verify, and ask who runs the witness.',
  entries_missing:
    'Somebody deleted entries in the database. Run “npm run rolecall -- ledger verify”, and compare with a backup.',
  not_sealed:
    'Look at the log of the server that should seal: it says why it cannot. One server has to have the key and reach the database.',
  mirror_failing:
    'Make the folder or object store of ROLECALL_LEDGER_MIRROR writable, and see that it has space. What is missing is written by itself then.',
  witnesses_missing:
    'See below which witness fails and why, and ask who runs it. Add more witnesses to the policy if one is gone for good.',
  stream_failing:
    'See below which destination fails and why. What it lacks is sent by itself once it takes entries again.',
  stream_refused:
    'See below which entry a destination does not take, and why. It is tried again every ten minutes.',
  fsync_off: 'Set fsync = on in postgresql.conf and reload Postgres.',
  full_page_writes_off: 'Set full_page_writes = on in postgresql.conf and reload Postgres.',
  synchronous_commit_off:
    'Set synchronous_commit = on, in postgresql.conf or for the role and the database.',
  server_owns_ledger:
    'Give the server a role of its own in DATABASE_URL, and the owner in DATABASE_MIGRATION_URL. docs/operations.md shows how.',
  server_may_change_ledger:
    'Revoke these rights from the role in DATABASE_URL; starting with DATABASE_MIGRATION_URL sets them right.',
  trigger_off:
    'Switch the trigger on again (ALTER TABLE … ENABLE TRIGGER). Somebody with the owner’s rights switched it off: verify the ledger.',
} satisfies Record<LedgerProblem['code'], string>;

registerMessages({
  integrity: {
    entries: '%{count} entry |||| %{count} entries',
    checkpoint: {
      title: 'Newest checkpoint',
      text: 'The signed root of the tree over all entries. Keep a copy outside of Rolecall: it shows later whether something was changed.',
      none: 'Nothing is sealed yet. The first checkpoint comes about a second after the first entry.',
      size: 'Entries',
      root: 'Root',
      copy_root: 'Copy the root',
      signed: 'Signed',
      origin: 'Log',
      download: 'Download',
    },
    sealing: {
      title: 'Sealing',
      text: 'What is written and not sealed yet can still be changed by the owner of the database.',
      state: 'This server',
      waiting: 'Not sealed yet',
      all: 'Nothing: every entry is in the tree',
      oldest: '%{entries}, the oldest for %{duration}',
      states: {
        starting: 'Starting',
        sealing: 'Seals the ledger',
        standby: 'Ready: another server seals it',
        stopped: 'Stopped: it refuses to sign',
        failing: 'Failing: it tries again',
      },
    },
    mirror: {
      title: 'Mirror',
      text: 'A copy of tiles, entries and checkpoints outside of the database. Entries are in it without what they say of people.',
      place: 'Place',
      size: 'Complete up to',
      elsewhere: 'Not known here: the server that seals writes it',
    },
    streams: {
      title: 'Destinations',
      text: 'Where sealed entries are sent as they come, such as a SIEM.',
      none: 'There are none',
      address: 'Address',
      fine: 'Takes entries',
      failing: 'Fails',
      refuses: 'Refuses entries',
      sent: 'Sent',
      all: '%{entries}, all there are',
      behind: '%{entries}, %{count} behind',
      error: 'Error',
      refused: 'Refused',
      refused_text: '%{entries}, the first is %{entry}: %{detail}',
    },
    witnesses: {
      title: 'Witnesses',
      text: 'Other people’s programs that cosign a checkpoint only when it continues the last one they saw.',
      none: 'There are none',
      none_text:
        'Without witnesses, a person with access to the server and its key can rewrite the log. Only a checkpoint that was kept elsewhere shows that. Ask somebody outside to run a witness (docs/audit.md, “Run a witness”), list it in a policy file, and name that file in ROLECALL_LEDGER_WITNESSES.',
      quorum: 'Quorum',
      quorum_none: 'None: no cosignature is required',
      met: '%{name}: cosigned up to %{entries}',
      waiting: '%{name}: waits since',
      never: '%{name}: has cosigned nothing yet',
      address: 'Address',
      last: 'Cosigned',
      nothing: 'Nothing yet',
      behind: '%{count} behind the newest',
      up_to_date: 'the newest checkpoint',
      error: 'Last error',
      fine: 'Answers',
      failing: 'Does not cosign',
    },
    keys: {
      title: 'Public keys of the log',
      text: 'Keep a copy outside of Rolecall: with it anybody can check checkpoints and exports. Each generation is signed by the one before.',
      none: 'The log has no key yet. It is made when the first entries are sealed.',
      generation: 'Generation %{number}',
      since: 'Signs since',
      until: 'Signed until',
      copy: 'Copy the %{type} key of generation %{number}',
      other: 'Key of type %{type}',
    },
    problems: {
      title: 'What weakens the proofs',
      none: 'Nothing is broken, as far as this server can see',
      no_witness:
        'No witness cosigns, so who has the server and its key could still rewrite the log. See “Witnesses” below.',
      todo: WHAT_TO_DO,
    },
    runs: {
      title: 'Last verifications',
      text: 'Each run is an entry of the ledger.',
      none: 'Nobody has verified the ledger yet. Use “Verify now” above, or run “npm run rolecall -- ledger verify” on the server.',
      proved: 'Proved',
      not_proved: 'Not proved',
      by: 'by %{name}',
      by_hidden: 'by somebody whose entries you cannot read',
      server: 'on the server',
      browser: 'in a browser, which the server cannot check',
      whole: 'everything: %{entries}',
      since: 'what came after the first %{entries}',
      hashes: 'hashes only',
      own_key: 'with a key from elsewhere',
    },
    verify: {
      title: 'Verify in this browser',
      text: 'Reads the whole log, computes its tree again here, and checks the signature. You need not trust the server’s own answer. Entries come without what they say of people, and prove as well without it.',
      key: 'A key of the log that you have from elsewhere',
      key_help:
        'A verifier key as under “Public keys of the log”, copied earlier or given to you by somebody. Without one, the log only proves that it agrees with itself and with the last run here.',
      only_new: 'Read only what came after the last run here',
      kept: 'The last run here, %{time}, proved %{entries}. The log must still begin with them.',
      forget: 'Forget the last run',
      start: 'Verify now',
      key_to_start: 'Key: V',
      cancel: 'Cancel',
      again: 'Verify again',
      starting: 'Reading the checkpoint',
      progress: 'Progress of the verification',
      speed: '%{done} of %{size} entries, %{speed} entries a second',
      hashes_only:
        'Your access is limited to some rooms, so this browser may read hashes and no entries. That proves that the tree is the signed one, not what the entries say.',
      proved: 'Proved: the log is what its key has signed',
      proved_text:
        'Computed again: %{checked}, in %{duration}. They give the root of the checkpoint of %{size}.',
      proved_kept: 'The log still begins with what the last run here proved.',
      hashes_text: 'Only hashes were read: that entries give them was not checked.',
      unpinned:
        'The key came from the log itself, so this proves only that the log agrees with itself and with what this browser knew before.',
      not_proved: 'Not proved',
      wrong_entry: 'First wrong entry',
      wrong_leaf: 'Leaf',
      problem: 'Problem',
      expected: 'Expected',
      found: 'Found',
      no_entry: 'Not known: nothing that is proved says which it was',
      recorded: 'This run is in the ledger.',
      not_recorded: 'The result could not be recorded in the ledger:',
      failed: 'The log could not be verified',
      failure: {
        no_crypto:
          'This page is not served over https, so the browser offers no cryptography to check signatures with. Open it over https, or verify on the server.',
        no_ed25519:
          'This browser cannot check Ed25519 signatures. Use a newer one, or verify on the server.',
        signed_out: 'Your session has ended. Sign in and verify again.',
        unreachable: 'The server did not answer as a log does. Try again.',
        not_sealed: 'Nothing is sealed yet. Try again in a second.',
      },
      said_proved: 'The ledger is proved',
      said_wrong: 'The ledger is not proved',
    },
  },
});
