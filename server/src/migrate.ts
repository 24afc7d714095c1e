import 'reflect-metadata';
import { realpathSync } from 'node:fs';
import { ConfigError, parseConfig } from './config/app-config.js';
import { createFirstAdmin, describeFirstAdmin } from './start/create-first-admin.js';
import { ownerDataSource } from './database/data-source.js';

/**
 * Brings the database up to date as its owner, then gives the application's role its rights. Safe to
 * run again and from several machines at once: an advisory lock lets one work and the others wait.
 */
export async function migrate(ownerUrl: string, applicationUrl: string): Promise<string[]> {
  const dataSource = ownerDataSource(ownerUrl);
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query(`SELECT pg_advisory_lock(hashtext('rolecall.migrate'))`);
    const done = await dataSource.runMigrations();
    const application = decodeURIComponent(new URL(applicationUrl).username);
    if (application !== '') {
      await lock.query('SELECT rolecall_grant_application($1)', [application]);
    }
    await lock.query('SELECT ledger_ensure_partitions(3)');
    return done.map((migration) => migration.name);
  } finally {
    await lock.release();
    await dataSource.destroy();
  }
}

// Releases are often run through a symbolic link.
if (process.argv[1] && import.meta.filename === realpathSync(process.argv[1])) {
  try {
    const config = parseConfig(process.env);
    const done = await migrate(config.databaseMigrationUrl, config.databaseUrl);
    console.log(done.length === 0 ? 'The database is up to date.' : `Migrated: ${done.join(', ')}`);
    // A password that is set is used here, so that the server can run without knowing it.
    const admin = config.adminPassword === null ? null : await createFirstAdmin(config);
    if (admin) console.log(describeFirstAdmin(admin));
  } catch (error) {
    if (error instanceof ConfigError) console.error(error.message);
    else console.error(`The database could not be migrated: ${describe(error)}`);
    process.exitCode = 1;
  }
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
