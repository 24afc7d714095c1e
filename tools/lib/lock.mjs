import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeProcess, isRunning } from './processes.mjs';

/**
 * Takes the lock `file` for this process, or returns the record of the running process that has
 * it. A lock whose process has ended, or whose number now belongs to another, is taken over.
 */
export function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(describeProcess(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(mine, file); // fails when it exists, whatever anyone else does meanwhile
        return null;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const text = readOrNull(file);
      const holder = parse(text);
      if (holder?.pid === process.pid && isRunning(holder)) return null;
      if (isRunning(holder)) return holder;
      if (text !== null) removeStale(file, text);
    }
  } finally {
    unlinkSync(mine);
  }
}

/** Moves it away first and looks again, so that a lock taken by someone else meanwhile is kept. */
function removeStale(file, text) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readFileSync(aside, 'utf8') !== text) {
    try {
      linkSync(aside, file);
    } catch {
      // a third one has it by now
    }
  }
  unlinkSync(aside);
}

export function releaseLock(file) {
  if (parse(readOrNull(file))?.pid === process.pid) unlinkSync(file);
}

/** Runs `work` while holding the lock, waiting for whoever has it. */
export async function withLock(file, work, onWait = () => {}) {
  let hasWaited = false;
  for (let holder = takeLock(file); holder; holder = takeLock(file)) {
    if (!hasWaited) onWait(holder);
    hasWaited = true;
    await delay(200);
  }
  try {
    return await work({ hasWaited });
  } finally {
    releaseLock(file);
  }
}

function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
