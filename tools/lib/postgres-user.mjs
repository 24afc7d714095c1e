import { spawnSync } from 'node:child_process';
import { chownSync, lchownSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from './errors.mjs';
import { copyForOthers, isOpenToOthers } from './postgres-binaries.mjs';

/**
 * Postgres refuses to run as root, and so do its tools. Returns how to start them all the same:
 *
 * - In a user namespace of its own, in which root has another number. It may then touch exactly
 *   what root owns, wherever that is, so nothing has to be copied or handed to another account.
 * - Where namespaces are not allowed (most containers): as an unprivileged account that owns the
 *   data folder. A checkout in a folder that only root can enter is no obstacle: the data folder
 *   is entered before the change of user and named as `/proc/self/cwd` from then on, and the
 *   binaries are copied to where the account can read them.
 *
 * Anyone but root starts them as they are.
 */
export function postgresUser(native) {
  if (process.getuid?.() !== 0) {
    return { kind: 'self', native, command: (program, args) => [program, args], spawnOptions: {} };
  }
  const account = unprivilegedAccount();
  const inNamespace = ['--user', `--map-user=${account.uid}`, `--map-group=${account.gid}`, '--'];
  if (canUnshare(inNamespace)) {
    return {
      kind: 'namespace',
      native,
      owner: { uid: 0, gid: 0 },
      command: (program, args) => ['unshare', [...inNamespace, program, ...args]],
      spawnOptions: {},
    };
  }
  return {
    kind: 'account',
    native: isOpenToOthers(native) ? native : copyForOthers(native),
    owner: account,
    command: (program, args) => [program, args],
    spawnOptions: { uid: account.uid, gid: account.gid },
  };
}

function canUnshare(inNamespace) {
  return spawnSync('unshare', [...inNamespace, 'true'], { stdio: 'ignore' }).status === 0;
}

/** initdb wants an account with a name, so a number alone would not do. */
function unprivilegedAccount() {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => Number(fields[2]) > 0)
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const account =
    ['postgres', 'nobody', 'daemon'].flatMap((name) =>
      accounts.filter((a) => a.name === name),
    )[0] ?? accounts[0];
  if (!account) {
    throw new PlainError(
      'Postgres does not run as root, and this machine has no other account to run it as.',
      'Start Rolecall as another user, or set DATABASE_URL to a Postgres of your own.',
    );
  }
  return account;
}

/** Gives a folder and what is in it to `owner`, when it is not theirs yet. */
export function giveTo(owner, folder) {
  if (!owner || lstatSync(folder).uid === owner.uid) return;
  const give = (path) => {
    const stat = lstatSync(path);
    if (stat.isDirectory()) for (const entry of readdirSync(path)) give(join(path, entry));
    lchownSync(path, owner.uid, owner.gid);
  };
  // The folder itself last: a start that was cut short then begins anew.
  for (const entry of readdirSync(folder)) give(join(folder, entry));
  chownSync(folder, owner.uid, owner.gid);
}
