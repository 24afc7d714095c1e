import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { asSuperuser, type TestPostgresFacts } from '../../../tools/lib/test-postgres.mjs';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  const { superuserUrl } = JSON.parse(process.env['TEST_PG'] as string) as TestPostgresFacts;
  const name = new URL(database.ownerUrl).pathname.slice(1);
  await asSuperuser(superuserUrl, [
    `ALTER DATABASE ${name} SET session_replication_role = 'replica'`,
  ]);
  app = await startTestApp({ database });
});
afterAll(async () => {
  await app.stop();
  await database.drop();
});

it('a database in which no trigger fires by default is told as one without them', async () => {
  const { ledger } = await until('it is noticed', async () => {
    const { body } = await app.inject('GET', '/readyz');
    return body.ledger?.problems.includes('trigger_off') ? body : null;
  });
  expect(ledger.problems).toContain('trigger_off');
  await until('the watch over policy is told as off', async () => {
    const stopped = await app.ledger('policy.watch_stopped');
    return stopped.some(({ payload }) => payload.isOff === true);
  });
});
