import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './build.mjs';
import { withLock } from './lock.mjs';
import { ROOT, WORKSHOP } from './paths.mjs';

const LOCK_FILE = join(ROOT, 'package-lock.json');
const STAMP = join(WORKSHOP, 'installed');

/** Runs `npm ci` when node_modules is not what the lock file says. Resolves to what it did. */
export async function installIfStale(tell = () => {}) {
  if (isInstalled()) return 'up to date';
  return withLock(
    // Not in node_modules, which `npm ci` empties.
    join(ROOT, '.rolecall', 'install.lock'),
    async () => {
      if (isInstalled()) return 'up to date';
      tell('npm ci');
      await runNpm(
        [
          'ci',
          '--include=dev',
          '--include=optional',
          '--no-audit',
          '--no-fund',
          '--loglevel=error',
        ],
        'The packages could not be installed',
        {
          note: join(ROOT, '.rolecall', 'install.json'),
          hint: 'Check that this machine reaches its npm registry, then run it again.',
        },
      );
      writeStamp();
      return 'installed';
    },
    () => tell('waiting for another install in this checkout'),
  );
}

function isInstalled() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockHash()) return true;
  if (!matchesHiddenLock()) return false;
  writeStamp();
  return true;
}

function writeStamp() {
  mkdirSync(WORKSHOP, { recursive: true });
  writeFileSync(STAMP, lockHash());
}

function lockHash() {
  return createHash('sha256').update(readFileSync(LOCK_FILE)).digest('hex');
}

/**
 * npm notes in node_modules what it put there. Someone who ran `npm install` by hand has what the
 * lock file says without our stamp, and need not wait for a second installation.
 */
function matchesHiddenLock() {
  const packagesOf = (file) => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')).packages;
    } catch {
      return null;
    }
  };
  const installed = packagesOf(join(ROOT, 'node_modules', '.package-lock.json'));
  if (!installed) return false;
  return Object.entries(packagesOf(LOCK_FILE) ?? {}).every(
    ([path, { version, link, optional, devOptional, peer }]) =>
      !path.includes('node_modules/') ||
      link ||
      optional ||
      devOptional ||
      peer ||
      installed[path]?.version === version,
  );
}
