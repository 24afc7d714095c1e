import { spawnSync } from 'node:child_process';
import { it } from '@jest/globals';

export const PYTHON = process.env['PYTHON'] ?? 'python3';

export const python = (...args: string[]) => spawnSync(PYTHON, args, { encoding: 'utf8' });

type Test = (name: string, test: () => Promise<void> | void) => void;

const needing =
  (what: string, isThere: boolean): Test =>
  (name, test) => {
    if (isThere) it(name, test);
    else it.skip(`${name} (skipped: there is no ${what})`, test);
  };

const hasPython = python('--version').status === 0;

/** Tests that need Python, or LiveKit's package for it; skipped by name on a machine without them. */
export const itWithPython = needing('python3', hasPython);
export const itWithLiveKitPython = needing(
  'Python package livekit',
  hasPython && python('-c', 'from livekit import rtc').status === 0,
);
