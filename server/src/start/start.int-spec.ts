import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { AppLogger } from '../common/app-logger.js';
import { FirstStart } from './first-start.js';
import { Housekeeping } from '../database/housekeeping.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

async function partitions(): Promise<string[]> {
  const rows = await app.sql<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY relname`,
  );
  return rows.map(({ name }) => name);
}

describe('housekeeping', () => {
  it('has the ledger ready for the coming months, as closed to changes as the present one', async () => {
    const before = await partitions();
    const coming = before.slice(-3);
    for (const name of coming) await app.sql(`DROP TABLE ${name}`);
    await Promise.all([1, 2, 3].map(() => app.app.get(Housekeeping).run()));
    expect(await partitions()).toEqual(before);
    await expect(app.sql(`TRUNCATE ${coming.at(-1)}`)).rejects.toThrow('the ledger only grows');
  });

  it('takes away what has served its time, and nothing else', async () => {
    await app.sql(`
      INSERT INTO idempotency_key (actor, key, fingerprint, created_at)
      SELECT 'test', 'old-' || i, '', now() - interval '25 hours' FROM generate_series(1, 6000) AS i`);
    await app.sql(`
      INSERT INTO idempotency_key (actor, key, fingerprint) VALUES ('test', 'fresh', '')`);
    await app.sql(`
      INSERT INTO sign_in_limit (key, points, expire) VALUES
        ('over', 1, (extract(epoch FROM now()) - 1) * 1000), ('counting', 1, (extract(epoch FROM now()) + 60) * 1000)`);
    await app.sql(
      `INSERT INTO operator_session (operator_id, token_hash, expires_at) VALUES ($1, 'x', now() - interval '1 second')`,
      [app.admin.id],
    );
    await app.app.get(Housekeeping).run();
    expect(await app.sql('SELECT key FROM idempotency_key')).toEqual([{ key: 'fresh' }]);
    expect(await app.sql('SELECT key FROM sign_in_limit')).toEqual([{ key: 'counting' }]);
    expect((await app.inject('GET', '/api/v1/me', { as: app.admin })).status).toBe(200);
    expect(await app.sql('SELECT FROM operator_session WHERE expires_at < now()')).toEqual([]);
  });
});

describe('a start', () => {
  it('on a database that is not migrated says what to do', async () => {
    const rename = (from: string, to: string) =>
      app.sql(`ALTER FUNCTION ${from}(integer) RENAME TO ${to}`);
    await rename('ledger_ensure_partitions', 'not_there_yet');
    await expect(app.app.get(FirstStart).prepare()).rejects.toThrow('migrate.js');
    await rename('not_there_yet', 'ledger_ensure_partitions');
    expect(await app.app.get(FirstStart).prepare()).toBeNull();
  });

  it('waits for a database that is too slow, and says so', async () => {
    const warn = jest.spyOn(app.app.get(AppLogger), 'warn').mockImplementation(() => undefined);
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    try {
      await owner.query('BEGIN');
      await owner.query('LOCK TABLE ledger_head, ledger_entry, role_template');
      const prepared = app.app.get(FirstStart).prepare();
      const isTold = () =>
        warn.mock.calls.some(([text]) => /cannot be prepared yet/.test(String(text)));
      await until('the start says that it waits', isTold, 60_000);
      await owner.query('ROLLBACK');
      expect(await prepared).toBeNull();
    } finally {
      warn.mockRestore();
      await owner.end();
    }
  });
});
