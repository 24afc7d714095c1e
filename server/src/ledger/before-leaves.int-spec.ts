import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import { ownerDataSource } from '../database/data-source.js';
import { migrate } from '../migrate.js';
import { LedgerEraser } from './ledger-eraser.js';
import { LedgerVerifier } from './ledger-verifier.js';

const HASH = 'ab'.repeat(32);
/** As the release before wrote them: one jsonb, with everything in it. */
const OLD = [
  {
    kind: 'token.issued',
    identity: 'bob',
    payload: { jti: 'old', tokenHash: HASH, claims: { sub: 'bob', name: 'Bob “B” \\ Ö' }, ttl: 60 },
  },
  { kind: 'gate.refused', identity: 'ann', payload: { refusal: 'no', because: [{ text: 'ann' }] } },
  { kind: 'room.started', identity: null, payload: { webhookId: 'EV_1', nested: { b: 1, a: [] } } },
  { kind: 'room.opened', identity: null, payload: {} },
];

describe('a ledger with entries from before there were leaves', () => {
  let database: TestDatabase;
  let app: TestApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    const owner = await (await ownerDataSource(database.ownerUrl)).initialize();
    await undo(owner);
    for (const [i, { kind, identity, payload }] of OLD.entries()) {
      await owner.query(
        `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label, room,
           identity, payload)
         VALUES (0, $1, clock_timestamp(), $2, 'ok', 'system', 'old', 'hall', $3, $4)`,
        [i + 1, kind, identity, payload],
      );
    }
    await owner.query('UPDATE ledger_head SET seq = $1, at = clock_timestamp() WHERE shard = 0', [
      OLD.length,
    ]);
    await owner.destroy();
    await migrate(database.ownerUrl, database.appUrl);
    app = await startTestApp({ database });
  });
  afterAll(async () => {
    await app.stop();
    await database.drop();
  });

  async function undo(owner: DataSource): Promise<void> {
    const isDone = async () =>
      (await owner.query(`SELECT FROM migrations WHERE name LIKE 'HashEveryEntry%'`)).length > 0;
    while (await isDone()) await owner.undoLastMigration();
  }

  const read = async () => {
    const filter = encodeURIComponent('{"actor":"old"}');
    const { body } = await app.inject<Json>('GET', `/api/v1/ledger?filter=${filter}`, {
      as: app.admin,
    });
    return body.data.reverse();
  };

  it('reads as it did', async () => {
    expect(await read()).toMatchObject(OLD);
    expect((await read()).map(({ payload }: Json) => payload)).toEqual(
      OLD.map(({ payload }) => payload),
    );
  });

  it('verifies, and says which entries are outside of the tree', async () => {
    await app.newRoom();
    await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: 'new' } });
    const { shards } = await app.app.get(LedgerVerifier).verify();
    const [first] = shards;
    expect(first).toMatchObject({ shard: 0, problems: [], leavesAfter: OLD.length });
    expect(first!.entries).toBeGreaterThan(OLD.length);
    const leafless = await app.sql('SELECT seq::int FROM ledger_entry WHERE leaf_hash IS NULL');
    expect(leafless).toHaveLength(OLD.length);
  });

  it('finds an old token by its hash', async () => {
    const { status, body } = await app.inject<Json>('POST', '/api/v1/issuances/lookup', {
      as: app.admin,
      body: { tokenHash: HASH },
    });
    expect([status, body.jti, body.identity]).toEqual([200, 'old', 'bob']);
  });

  it('forgets a person in old entries as well, and goes back without losing the rest', async () => {
    const by = new Actor('system', null, 'test', SYSTEM_ACTOR.holds);
    const eraser = app.app.get(LedgerEraser);
    const counts = await eraser.erase(database.ownerUrl, by, {
      of: 'identity',
      id: 'bob',
      before: null,
    });
    expect(counts).toEqual({ entries: 1, actors: 0, subjects: 1, names: ['bob'] });
    expect((await read())[0]).toMatchObject({ identity: null, erased: ['subject'] });
    expect((await app.app.get(LedgerVerifier).verify()).shards[0]!.problems).toEqual([]);

    const owner = await (await ownerDataSource(database.ownerUrl)).initialize();
    await undo(owner);
    const rows = await owner.query<{ payload: Json }[]>(
      `SELECT payload FROM ledger_entry WHERE actor_label = 'old' ORDER BY seq`,
    );
    await owner.destroy();
    const [{ payload: first }, ...rest] = OLD as [(typeof OLD)[0], ...typeof OLD];
    expect(rows.map(({ payload }) => payload)).toEqual([
      { jti: 'old', tokenHash: HASH, ttl: first.ttl },
      ...rest.map(({ payload }) => payload),
    ]);
  });
});
