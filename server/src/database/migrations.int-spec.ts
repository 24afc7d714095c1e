import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrations } from '@rolecall/migrations';
import pg from 'pg';
import { getMetadataArgsStorage } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { ownerDataSource } from './data-source.js';
import { migrate } from '../migrate.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function as<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Everything that the migrations may have made, whatever kind it is of. */
function leftovers(): Promise<string[]> {
  return as(database.ownerUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(`
      SELECT relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relname !~ '^(pk_|PK_)?migrations'
      UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT typname FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typname !~ '^_?migrations$'
      UNION ALL SELECT nspname FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')`);
    return rows.map((row) => row.name).filter((name) => !/^(PK_|migrations_id_seq)/.test(name));
  });
}

describe('the migrations', () => {
  it('make exactly what the entities say, and take all of it away again', async () => {
    // Importing the modules registers every entity.
    await import('../app.module.js');
    const entities = getMetadataArgsStorage().tables.map(({ target }) => target);
    expect(entities.length).toBeGreaterThan(5);
    const dataSource = await (
      await ownerDataSource(database.ownerUrl)
    )
      .setOptions({ entities })
      .initialize();
    try {
      for (const _ of migrations) await dataSource.undoLastMigration();
      expect(await leftovers()).toEqual([]);

      const done = await dataSource.runMigrations();
      expect(done.map((migration) => migration.name)).toEqual(migrations.map((m) => m.name));
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('can be run by several processes at once, and again, without doing anything twice', async () => {
    const names = await as(database.ownerUrl, async (client) => {
      const dataSource = await (await ownerDataSource(database.ownerUrl)).initialize();
      for (const _ of migrations) await dataSource.undoLastMigration();
      await dataSource.destroy();
      const done = await Promise.all(
        [1, 2, 3].map(() => migrate(database.ownerUrl, database.appUrl)),
      );
      const { rows } = await client.query('SELECT name FROM migrations ORDER BY name');
      expect(rows).toHaveLength(migrations.length);
      return done.flat();
    });
    expect(names.sort()).toEqual(migrations.map((m) => m.name).sort());
  });

  it('are a command of their own, also through a symbolic link', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolecall-release-'));
    try {
      symlinkSync(join(import.meta.dirname, '../../dist'), join(folder, 'current'));
      const { status, stdout } = spawnSync(process.execPath, [join(folder, 'current/migrate.js')], {
        encoding: 'utf8',
        env: { DATABASE_URL: database.appUrl, DATABASE_MIGRATION_URL: database.ownerUrl },
      });
      expect([status, stdout.trim()]).toEqual([0, 'The database is up to date.']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('name every constraint and index by hand', async () => {
    const names = await as(database.ownerUrl, async (client) => {
      const { rows } = await client.query<{ name: string }>(`
        SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          JOIN pg_class t ON t.oid = i.indrelid
          WHERE c.relnamespace = 'public'::regnamespace AND NOT t.relispartition
        UNION SELECT conname FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c', 'u', 'p')
            AND conparentid = 0 AND conrelid NOT IN (SELECT oid FROM pg_class WHERE relispartition)`);
      return rows.map((row) => row.name).filter((name) => !name.startsWith('PK_'));
    });
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !/^(pk|uq|fk|ck|ix)_[a-z_]+$/.test(name))).toEqual([]);
  });
});

describe("the application's role", () => {
  it.each([
    'CREATE TABLE mine (id int)',
    'CREATE SCHEMA mine',
    `CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    'ALTER TABLE operator ADD COLUMN mine int',
    'ALTER TABLE ledger_head RENAME TO mine',
    'DROP TABLE operator CASCADE',
    'DROP FUNCTION ledger_refuse_change() CASCADE',
    'TRUNCATE operator CASCADE',
    'TRUNCATE seat',
    `SELECT rolecall_grant_application(current_user)`,
    'SELECT * FROM migrations',
    `INSERT INTO migrations (timestamp, name) VALUES (1, 'mine')`,
    'DELETE FROM migrations',
    'DELETE FROM app_user',
    `SET session_replication_role = 'replica'`,
    `COPY operator TO PROGRAM 'cat'`,
    'CREATE EXTENSION dblink',
  ])('may not: %s', async (statement) => {
    const refused = as(database.appUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(statement);
    });
    await expect(refused).rejects.toMatchObject({ code: '42501' });
  });

  it('may not become the owner', async () => {
    const owner = decodeURIComponent(new URL(database.ownerUrl).username);
    const refused = as(database.appUrl, (client) => client.query(`SET ROLE ${owner}`));
    await expect(refused).rejects.toMatchObject({ code: '42501' });
  });
});
