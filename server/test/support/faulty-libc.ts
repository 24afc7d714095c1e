import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('faulty-libc.c', import.meta.url));

/** A C library whose disk is slow, or whose clock is behind, while a test says so. */
export interface FaultyLibc {
  /** For the environment of the program that is to have it. */
  readonly environment: Record<string, string>;
  /** Each wait for the disk takes this much longer. */
  slowDisk(ms: number): void;
  clockBehind(seconds: number): void;
  remove(): void;
}

/** The reason as text: it cannot be made on this machine. */
export function makeFaultyLibc(): FaultyLibc | string {
  if (process.platform !== 'linux') return 'programs can be given another C library on Linux only';
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-faulty-libc-'));
  const library = join(folder, 'faulty-libc.so');
  try {
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'there is no gcc';
    throw error;
  }
  // Postgres may run as another account.
  chmodSync(folder, 0o755);
  const file = openSync(join(folder, 'faults'), 'w+', 0o644);
  const set = (place: number, value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(file, bytes, 0, bytes.length, place * bytes.length);
  };
  set(0, 0);
  set(1, 0);
  return {
    environment: { LD_PRELOAD: library, TEST_FAULTS: join(folder, 'faults') },
    slowDisk: (ms) => set(0, ms),
    clockBehind: (seconds) => set(1, seconds),
    remove: () => {
      closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
