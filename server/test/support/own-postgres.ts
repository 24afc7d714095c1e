import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresHandle, startPostgres } from '../../../tools/lib/postgres.mjs';
import { asSuperuser } from '../../../tools/lib/test-postgres.mjs';
import { migrate } from '../../src/migrate.js';
import type { TestDatabase } from './test-database.js';
import { until } from './until.js';

/** A Postgres that a test may kill, freeze and start again, with one migrated database. */
export interface OwnPostgres {
  readonly database: TestDatabase;
  readonly isRunning: boolean;
  /** For what the owner of the database may not do either. */
  asSuperuser(...statements: string[]): Promise<void>;
  kill(): Promise<void>;
  /** Postgres' own "immediate" shutdown: nobody is told, nothing is written. */
  stopAtOnce(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnPostgresOptions {
  /** Empty; left out: one is made. */
  readonly folder?: string;
  /** The ROLECALL_HOME of its servers; left out: beside the data. */
  readonly home?: string;
  readonly environment?: Record<string, string>;
}

/** Unlike the shared one it waits for its disk: what it has committed is there after a kill. */
export async function startOwnPostgres({
  folder: given,
  home,
  environment,
}: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'rolecall-own-postgres-'));
  const passwords = { owner: 'owner-of-a-test', app: 'app-of-a-test' };
  const postgres: PostgresHandle = await startPostgres({
    dataDir: join(folder, 'data'),
    passwords,
    ...(environment && { environment }),
  });
  const stop = async () => {
    await postgres.stop();
    // A folder that was given may be a mount.
    for (const name of readdirSync(folder)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    if (!given) rmSync(folder, { recursive: true, force: true });
  };
  const ownerUrl = postgres.url('rolecall_owner', passwords.owner, 'rolecall');
  const database: TestDatabase = {
    ownerUrl,
    home: home ?? join(folder, 'home'),
    asOwner: (...statements) => asSuperuser(ownerUrl, statements),
    appUrl: postgres.url('rolecall_app', passwords.app, 'rolecall'),
    drop: stop,
  };
  try {
    await migrate(database.ownerUrl, database.appUrl);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    database,
    get isRunning() {
      return postgres.isRunning;
    },
    asSuperuser: (...statements) => asSuperuser(postgres.superuserUrl, statements),
    kill: () => postgres.kill9(),
    stopAtOnce: async () => {
      if (postgres.pid !== null) process.kill(postgres.pid, 'SIGQUIT');
      await until('Postgres has ended', () => !postgres.isRunning);
    },
    start: () => postgres.restart(),
    stop,
  };
}
