import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { rawAppend } from '../../../test/support/raw-append.js';
import { type Json, startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { ownerDataSource } from '../../database/data-source.js';
import { migrate } from '../../migrate.js';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  const owner = await (await ownerDataSource(database.ownerUrl)).initialize();
  const isDone = async () =>
    (await owner.query(`SELECT FROM migrations WHERE name LIKE 'ReadPastPolicy%'`)).length > 0;
  while (await isDone()) await owner.undoLastMigration();
  await owner.query('SELECT ledger_ensure_partitions(1)');
  await owner.query(`INSERT INTO room (name) VALUES ('hall')`);
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  const entry = { kind: 'room.created', outcome: 'ok', actor_kind: 'system', actor_label: 'old' };
  await rawAppend(client, 0, 0, [{ ...entry, room: 'hall', payload: { after: { name: 'hall' } } }]);
  await client.end();
  await owner.query(
    `INSERT INTO seat (room, identity, block_at, block_by, block_by_kind, block_reason)
     VALUES ('hall', 'ana', now(), 'mod@example.com', 'operator', 'noise “é”')`,
  );
  await owner.destroy();
  await migrate(database.ownerUrl, database.appUrl);
  app = await startTestApp({ database });
});
afterAll(async () => {
  await app?.stop();
  await database.drop();
});

const explain = async (at?: string) => {
  const query = new URLSearchParams({ room: 'hall', identity: 'ana', ...(at && { at }) });
  return (await app.inject<Json>('GET', `/api/v1/explain?${query}`, { as: app.admin })).body;
};

it('writes down at the upgrade what is set, and says that the time before is not known', async () => {
  const live = await explain();
  expect(live.code).toBe('seat.blocked');
  const past = await explain(live.at);
  expect([past.code, past.because, past.log.isComplete]).toEqual([live.code, live.because, true]);
  const [row] = await app.sql<{ before: Date }>(
    `SELECT at + interval '1 ms' AS before FROM ledger_entry WHERE actor_label = 'old'`,
  );
  const { log } = await explain(row!.before.toISOString());
  expect(log.gaps).toMatchObject([{ code: 'before_full_entries' }]);
});
