import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'rolecall-small-disk-';
const SIZE = '4g';
const SPARE = 65_536;
const MOST_SPARE = 16 * SPARE;

/** A folder with a disk of its own, which a test can fill. */
export interface SmallDisk {
  readonly folder: string;
  /** From now on nothing more can be written to it. */
  fill(): void;
  /** There is room again. */
  relieve(): void;
  remove(): void;
}

/** The reason as text: nothing may be mounted on this machine. */
export function makeSmallDisk(): SmallDisk | string {
  removeAbandoned();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  if (!tryMount('-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'rolecall-test', folder)) {
    rmdirSync(folder);
    return 'no file system may be mounted here';
  }
  return {
    folder,
    fill: () => {
      // What is written meanwhile makes that size too small.
      for (let spare = 0; spare <= MOST_SPARE; spare += SPARE) {
        const { blocks, bfree, bsize } = statfsSync(folder);
        if (tryMount('-o', `remount,size=${(blocks - bfree) * bsize + spare}`, folder)) return;
      }
      throw new Error(`${folder} cannot be filled`);
    },
    relieve: () => {
      if (!tryMount('-o', `remount,size=${SIZE}`, folder)) throw new Error(`${folder} stays full`);
    },
    remove: () => unmount(folder),
  };
}

function tryMount(...args: string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  rmdirSync(folder);
}

/** Of tests that were killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    if (isRunning(Number(name.slice(PREFIX.length).split('-')[0]))) continue;
    try {
      unmount(join(tmpdir(), name));
    } catch {
      // another user's
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
