import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { rawAppend } from '../../../test/support/raw-append.js';
import { type Json, startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { ownerDataSource } from '../../database/data-source.js';
import { LedgerEraser } from '../../ledger/ledger-eraser.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { migrate } from '../../migrate.js';
import { ViewsService } from './views.service.js';

const VIEWS = {
  kim: '00000000-0000-4000-8000-000000000001',
  lee: '00000000-0000-4000-8000-000000000002',
};
const emailOf = (name: string) => `${name}@example.com`;

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  const owner = await (await ownerDataSource(database.ownerUrl)).initialize();
  const isDone = async () =>
    (await owner.query(`SELECT FROM migrations WHERE name LIKE 'KeepWhoMadeViews%'`)).length > 0;
  while (await isDone()) await owner.undoLastMigration();
  await owner.query('SELECT ledger_ensure_partitions(1)');
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  for (const [name, view] of Object.entries(VIEWS)) {
    await owner.query(
      `INSERT INTO ledger_view (id, name, query, created_by) VALUES ($1, $2, '', $3)`,
      [view, name, emailOf(name)],
    );
    const actor = { actor_kind: 'operator', actor_id: `${name}-id`, actor_label: emailOf(name) };
    const entry = { kind: 'ledger.view_created', outcome: 'ok', ...actor, payload: { view } };
    await rawAppend(client, 0, 0, [entry]);
  }
  await client.end();
  await owner.destroy();
});
afterAll(async () => {
  await app?.stop();
  await database.drop();
});

it('an upgrade notes who made a saved view, so that they can be taken out of it', async () => {
  await migrate(database.ownerUrl, database.appUrl);
  app = await startTestApp({ database });
  const makers = () =>
    app.sql('SELECT id, created_by AS label, created_by_id AS maker FROM ledger_view ORDER BY id');
  const kim = { id: VIEWS.kim, label: emailOf('kim'), maker: 'kim-id' };
  expect(await makers()).toEqual([kim, { id: VIEWS.lee, label: emailOf('lee'), maker: 'lee-id' }]);
  const erasure = { of: 'operator', id: 'lee-id', before: null } as const;
  await app.app.get(LedgerEraser).erase(database.ownerUrl, SYSTEM_ACTOR, erasure);
  await app.app.get(ViewsService).forget({ ...erasure, before: new Date('2020-01-01') });
  expect(await makers()).toContainEqual(kim);
  expect(JSON.stringify(await makers())).toContain('lee');
  await app.app.get(ViewsService).forget(erasure);
  expect(await makers()).toEqual([kim, { id: VIEWS.lee, label: '', maker: null }]);
  const { body } = await app.inject<Json>('GET', '/api/v1/ledger-views', { as: app.admin });
  expect(body.data.map(({ createdBy }: Json) => createdBy)).toEqual([emailOf('kim'), 'erased']);
});
