import 'reflect-metadata';
import { realpathSync } from 'node:fs';
import { parseConfig } from './config/app-config.js';
import { ConfigError } from './config/config-error.js';
import { forgetPgVariables, readPostgresUrl } from './config/postgres-url.js';
import { createFirstAdmin, describeFirstAdmin } from './start/create-first-admin.js';
import { ownerDataSource } from './database/data-source.js';
import { DatabaseRefused } from './database/database-refused.js';
import { DatabaseUnreachable } from './database/why-not-connected.js';

/**
 * Brings the database up to date as its owner, then gives the application's role its rights. Safe to
 * run again and from several machines at once: an advisory lock lets one work and the others wait.
 */
export async function migrate(ownerUrl: string, applicationUrl: string): Promise<string[]> {
  const dataSource = await ownerDataSource(ownerUrl);
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  try {
    // The lock of a transaction: a pooler may give the next statement another session.
    await lock.startTransaction();
    await lock.query(`SELECT pg_advisory_xact_lock(hashtext('rolecall.migrate'))`);
    const done = await dataSource.runMigrations();
    const application = readPostgresUrl(applicationUrl).client.user;
    if (application) {
      await dataSource.query('SELECT rolecall_grant_application($1)', [application]);
    }
    await dataSource.query('SELECT ledger_ensure_partitions(3)');
    return done.map((migration) => migration.name);
  } finally {
    if (lock.isTransactionActive) await lock.rollbackTransaction().catch(() => undefined);
    await lock.release();
    await dataSource.destroy();
  }
}

// Releases are often run through a symbolic link.
if (process.argv[1] && import.meta.filename === realpathSync(process.argv[1])) {
  try {
    forgetPgVariables();
    const config = parseConfig(process.env);
    const done = await migrate(config.databaseMigrationUrl, config.databaseUrl);
    console.log(done.length === 0 ? 'The database is up to date.' : `Migrated: ${done.join(', ')}`);
    // A password that is set is used here, so that the server can run without knowing it.
    const admin = config.adminPassword === null ? null : await createFirstAdmin(config);
    if (admin) console.log(describeFirstAdmin(admin));
  } catch (error) {
    const isKnown = [ConfigError, DatabaseRefused, DatabaseUnreachable].some(
      (kind) => error instanceof kind,
    );
    if (isKnown) console.error((error as Error).message);
    else console.error(`The database could not be migrated: ${describe(error)}`);
    process.exitCode = 1;
  }
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
