import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { it } from '@jest/globals';
import pg from 'pg';
import { type CrashWorld, PATIENCE_MS } from './crash-world.js';
import { until } from './until.js';

const SHIFT = fileURLToPath(new URL('shifted-clock.mjs', import.meta.url));
const DAY_S = 86_400;
const SLOW_MS = 300;

/** Something that goes wrong, and is put right again when `happen` resolves. */
export interface Fault {
  readonly name: string;
  /** Why it cannot be made here; null: it can. */
  readonly missing: string | null;
  happen(): Promise<void>;
}

/** Those that can happen here; the others are reported as skipped, by name and reason. */
export function possibleFaults(world: CrashWorld): Fault[] {
  const faults = faultsOf(world);
  for (const { name, missing } of faults) {
    if (missing !== null) it.skip(`${name} (skipped: ${missing})`, () => undefined);
  }
  return faults.filter(({ missing }) => missing === null);
}

/** Everything that may happen to servers, their Postgres and their disks. */
function faultsOf(world: CrashWorld): Fault[] {
  const { dataDisk, homeDisk, libc } = world;
  const possible = (name: string, happen: () => Promise<void>) => ({ name, missing: null, happen });
  const needing = <T extends object>(
    part: T | string,
    name: string,
    happen: (part: T) => Promise<void>,
  ) =>
    typeof part === 'string'
      ? { name, missing: part, happen: () => Promise.resolve() }
      : possible(name, () => happen(part));

  return [
    possible('a server is killed', async () => {
      const server = world.anyServer();
      await server.kill9();
      await server.start();
    }),
    possible('the server that seals is killed', async () => {
      const server = await world.sealer();
      await server.kill9();
      await server.start();
    }),
    possible('both servers are killed', async () => {
      await Promise.all(world.servers.map((server) => server.kill9()));
      await Promise.all(world.servers.map((server) => server.start()));
    }),
    possible('Postgres is killed', async () => {
      await world.postgres.kill();
      await world.postgres.start();
    }),
    possible('Postgres is stopped at once', async () => {
      await world.postgres.stopAtOnce();
      await world.postgres.start();
    }),
    possible('the server that seals hangs, loses its connections, and wakes up', async () => {
      const server = await world.sealer();
      server.freeze();
      try {
        // As Postgres does with a client that does not answer: another server can seal now.
        await world.postgres.asSuperuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name LIKE 'rolecall%' AND pid <> pg_backend_pid()`);
        await world.untilSealed(2);
      } finally {
        server.thaw();
      }
      await world.untilSealed(1);
    }),
    possible('the server that seals hangs while it seals, and wakes up', () => hangSealing(world)),
    needing(libc, 'the disk of Postgres is slow, and a server is killed', async (slow) => {
      slow.slowDisk(SLOW_MS);
      try {
        const server = world.anyServer();
        await server.kill9();
        await server.start();
      } finally {
        slow.slowDisk(0);
      }
    }),
    needing(libc, 'the disk of Postgres is slow, and Postgres is killed', async (slow) => {
      slow.slowDisk(SLOW_MS);
      try {
        await world.untilSealed(1);
        await world.postgres.kill();
      } finally {
        slow.slowDisk(0);
        await world.postgres.start();
      }
    }),
    needing(libc, 'the clock of Postgres goes back a day, and forward again', async (clock) => {
      clock.clockBehind(DAY_S);
      try {
        const server = world.anyServer();
        await server.kill9();
        await server.start();
        await world.untilSealed(2);
      } finally {
        clock.clockBehind(0);
      }
    }),
    possible('a server comes whose clock is a day behind', async () => {
      const behind = await world.startServer({
        NODE_OPTIONS: `--import ${SHIFT}`,
        TEST_CLOCK_SHIFT_MS: String(-DAY_S * 1_000),
      });
      try {
        await Promise.all(Array.from({ length: 20 }, () => world.ask(behind)));
        await world.untilSealed(1);
      } finally {
        await behind.stop();
      }
    }),
    needing(dataDisk, 'the disk of Postgres is full', async (disk) => {
      disk.fill();
      try {
        await world.untilRefused(20);
      } finally {
        disk.relieve();
      }
    }),
    needing(dataDisk, 'there is no room for the write-ahead log', async (disk) => {
      disk.fill();
      try {
        await until('Postgres gives up', () => isOutOfLog(world), PATIENCE_MS);
      } finally {
        disk.relieve();
        await world.postgres.start();
      }
    }),
    needing(homeDisk, 'the disk of the mirror is full, and a server is killed', async (disk) => {
      disk.fill();
      try {
        await world.untilProblem('mirror_failing');
        const server = world.anyServer();
        await server.kill9();
        await server.start();
        await world.untilSealed(1);
      } finally {
        disk.relieve();
      }
    }),
    possible('the mirror cannot be written, and a server is killed', async () => {
      const tiles = join(world.postgres.database.home, 'ledger/tile');
      renameSync(tiles, `${tiles}-away`);
      writeFileSync(tiles, 'in the way');
      try {
        const server = world.anyServer();
        await server.kill9();
        await server.start();
        await world.untilSealed(1);
      } finally {
        rmSync(tiles);
        renameSync(`${tiles}-away`, tiles);
      }
    }),
  ];
}

/**
 * The server stops within its transaction, which Postgres commits all the same. It learns of that
 * only when another server has gone on from there.
 */
async function hangSealing(world: CrashWorld): Promise<void> {
  const server = await world.sealer();
  const owner = new pg.Client({ connectionString: world.postgres.database.ownerUrl });
  owner.on('error', () => undefined);
  await owner.connect();
  try {
    await owner.query('BEGIN');
    await owner.query('LOCK TABLE ledger_checkpoint IN SHARE MODE');
    await until(
      'it seals',
      async () => {
        const { rows } = await owner.query(
          `SELECT FROM pg_locks WHERE relation = 'ledger_checkpoint'::regclass AND NOT granted`,
        );
        return rows.length > 0;
      },
      PATIENCE_MS,
    );
    server.freeze();
    await owner.query('COMMIT');
    await world.untilSealed(3);
  } finally {
    server.thaw();
    await owner.end();
  }
  await world.untilSealed(1);
}

/** Writes into the log, which needs a file more. Postgres does not go on without one. */
async function isOutOfLog({ postgres }: CrashWorld): Promise<boolean> {
  try {
    await postgres.asSuperuser(
      `SELECT pg_logical_emit_message(false, 'test', 'fill')`,
      'SELECT pg_switch_wal()',
    );
    return false;
  } catch (error) {
    return (error as pg.DatabaseError).severity === 'PANIC' || !postgres.isRunning;
  }
}
