import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type OwnPostgres, startOwnPostgres } from '../../test/support/own-postgres.js';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';
import { Connections } from '../database/connections.js';
import { PgPool } from '../database/pg-pool.js';
import { Transactions } from './transactions.js';
import type { LedgerEntryInput, LedgerRef } from './ledger-entry.js';
import { LedgerService } from './ledger.service.js';

/** Of kinds that the product does not have. */
type TestEntry = Omit<LedgerEntryInput, 'kind'> & { kind: string };

const entry = (more: Partial<TestEntry> = {}): LedgerEntryInput =>
  ({
    kind: 'test.happened',
    outcome: 'ok',
    actor: { kind: 'system', id: null, label: 'test' },
    payload: {},
    ...more,
  }) as LedgerEntryInput;

async function rejectionOf(promise: Promise<unknown>): Promise<Json> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('the ledger in Postgres', () => {
  let database: TestDatabase;
  let app: pg.Client;
  let owner: pg.Client;
  let partitions: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    app = new pg.Client({ connectionString: database.appUrl });
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await Promise.all([app.connect(), owner.connect()]);
    await app.query('SELECT ledger_ensure_partitions(6)');
    const { rows } = await owner.query<{ name: string; range: string }>(`
      SELECT relname AS name, pg_get_expr(relpartbound, oid) AS range
      FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'ledger_entry_%'`);
    partitions = rows.map((row) => row.name);
    // Row triggers say nothing on an empty table.
    for (const { range } of rows) {
      const from = /FROM \('([^']+)'\)/.exec(range)![1];
      await owner.query(
        `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label, payload)
         VALUES (0, 0, $1::timestamptz + interval '1 day', 'test', 'ok', 'system', 'test', '{}')`,
        [from],
      );
    }
  });
  afterAll(async () => {
    await Promise.all([app.end(), owner.end()]);
    await database.drop();
  });

  const changes = (table: string) => [
    `UPDATE ${table} SET reason = 'rewritten'`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
  ];

  it("lets the application's role change nothing, in the table and in every partition", async () => {
    expect(partitions.length).toBeGreaterThanOrEqual(8);
    for (const table of ['ledger_entry', ...partitions]) {
      for (const statement of [
        ...changes(table),
        `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
        `ALTER TABLE ${table} ADD COLUMN mine int`,
        `DROP TABLE ${table} CASCADE`,
        `CREATE TRIGGER mine BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()`,
        `CREATE RULE mine AS ON INSERT TO ${table} DO INSTEAD NOTHING`,
        `SELECT FROM ${table} FOR UPDATE`,
      ]) {
        expect(await rejectionOf(app.query(statement))).toMatchObject({ code: '42501' });
      }
    }
    for (const partition of partitions) {
      const detach = `ALTER TABLE ledger_entry DETACH PARTITION ${partition}`;
      expect(await rejectionOf(app.query(detach))).toMatchObject({ code: '42501' });
      // Past the parent table: neither to write nor to read.
      expect(await rejectionOf(app.query(`SELECT FROM ${partition}`))).toMatchObject({
        code: '42501',
      });
    }
  });

  it('lets not even its owner change a line, in the table or in any partition', async () => {
    for (const table of ['ledger_entry', ...partitions]) {
      for (const statement of changes(table)) {
        const error = await rejectionOf(owner.query(statement));
        expect(error).toMatchObject({ message: expect.stringContaining('the ledger only grows') });
      }
    }
    const { rows } = await owner.query(
      'SELECT count(*)::int AS n FROM ledger_entry WHERE reason IS NULL',
    );
    expect(rows).toEqual([{ n: partitions.length }]);
  });

  it('keeps the versions of role templates as they were published', async () => {
    await owner.query(`INSERT INTO role_template (key, name) VALUES ('frozen', 'Frozen')`);
    await owner.query(`
      INSERT INTO role_template_version (template, version, grants, message, published_by_label)
      VALUES ('frozen', 1, '{}', 'test', 'test')`);
    for (const statement of [
      `UPDATE role_template_version SET grants = '{"roomAdmin": true}'`,
      'DELETE FROM role_template_version',
    ]) {
      expect(await rejectionOf(app.query(statement))).toMatchObject({ code: '42501' });
      expect(await rejectionOf(owner.query(statement))).toMatchObject({ code: '42501' });
    }
    const upsert = `
      INSERT INTO role_template_version (template, version, grants, message, published_by_label)
      VALUES ('frozen', 1, '{}', 'test', 'test') ON CONFLICT (template, version) DO UPDATE SET grants = '{}'`;
    expect(await rejectionOf(app.query(upsert))).toMatchObject({ code: '42501' });
  });
});

describe('the two ways in', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let pools: PgPool[];

  beforeEach(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.ownerUrl, max: 3 });
    owner.on('error', () => undefined); // dropping the database may cut an idle connection
    pools = [];
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.onApplicationShutdown()));
    await owner.end();
    await database.drop();
  });

  /** One server process' view of the ledger. */
  function newWriter(): LedgerService {
    const pool = new PgPool(new Connections({ databaseUrl: database.appUrl }));
    pools.push(pool);
    return new LedgerService(pool);
  }

  async function stored(): Promise<{ shard: number; seq: number; label: string }[]> {
    const { rows } = await owner.query<{ shard: number; seq: number; label: string }>(
      'SELECT shard, seq::int AS seq, actor_label AS label FROM ledger_entry ORDER BY shard, seq',
    );
    return rows;
  }

  /** Each shard's numbers are 1, 2, 3 … up to what its head says: nothing twice, nothing missing. */
  async function expectNoGaps(): Promise<void> {
    const { rows } = await owner.query<{ shard: number; seq: number }>(
      'SELECT shard, seq::int AS seq FROM ledger_head',
    );
    const entries = await stored();
    for (const head of rows) {
      const numbers = entries.filter((e) => e.shard === head.shard).map((e) => e.seq);
      expect(numbers).toEqual(Array.from({ length: head.seq }, (_, i) => i + 1));
    }
  }

  const where = (ref: LedgerRef | { shard: number; seq: number }) => `${ref.shard}/${ref.seq}`;

  it('give two processes different places, each exactly once', async () => {
    const writers = [newWriter(), newWriter()];
    const refs = await Promise.all(
      Array.from({ length: 1200 }, (_, i) => writers[i % 2]!.appendDurably(entry())),
    );
    expect(new Set(refs.map(where)).size).toBe(1200);
    expect(new Set(refs.map((ref) => ref.shard)).size).toBe(2);
    expect((await stored()).map(where).sort()).toEqual(refs.map(where).sort());
    await expectNoGaps();
  });

  it('return in one batch the place that each entry really has', async () => {
    const writer = newWriter();
    const refs = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        writer.appendDurably(entry({ actor: { kind: 'system', id: null, label: `${i}` } })),
      ),
    );
    const labels = new Map((await stored()).map((row) => [where(row), row.label]));
    refs.forEach((ref, i) => expect(labels.get(where(ref))).toBe(`${i}`));
  });

  it('shut out a writer whose shard was taken while it was away', async () => {
    const [sleeper, successor] = [newWriter(), newWriter()];
    const by = (label: string) => entry({ actor: { kind: 'system', id: null, label } });
    const before = await sleeper.appendDurably(by('sleeper'));
    await owner.query(
      `UPDATE ledger_head SET lease_until = now() - interval '1 second' WHERE shard > 0`,
    );
    const taken = await successor.appendDurably(by('successor'));
    expect(taken.shard).toBe(before.shard);

    const back = await sleeper.appendDurably(by('sleeper'));
    expect(back.shard).not.toBe(taken.shard);
    expect((await successor.appendDurably(by('successor'))).shard).toBe(taken.shard);
    await expectNoGaps();
  });

  it('shut out a writer whose shard is taken in the middle of its statement', async () => {
    const writer = newWriter();
    const before = await writer.appendDurably(entry());
    const rival = await owner.connect();
    try {
      await rival.query('BEGIN');
      await rival.query('SELECT FROM ledger_head WHERE shard = $1 FOR UPDATE', [before.shard]);
      const late = writer.appendDurably(entry());
      await until('the writer waits for the head', async () => {
        const { rows } = await owner.query('SELECT FROM pg_locks WHERE NOT granted');
        return rows.length > 0;
      });
      await rival.query(
        `UPDATE ledger_head SET epoch = epoch + 1, holder = 'rival', lease_until = now() + interval '1 minute'
         WHERE shard = $1`,
        [before.shard],
      );
      await rival.query('COMMIT');
      expect((await late).shard).not.toBe(before.shard);
    } finally {
      rival.release();
    }
    await expectNoGaps();
  });

  it('write a change and its entry together, or neither', async () => {
    const testApp = await startTestApp({ database });
    try {
      const transactions = testApp.app.get(Transactions);
      const ledgerBefore = (await testApp.ledger()).length;
      const lost = transactions.run(async (tx) => {
        await tx.query(`INSERT INTO role_template (key, name) VALUES ('lost', 'Lost')`);
        tx.record(entry({ kind: 'test.lost' }));
        tx.record(entry({ kind: 'test.lost', payload: { cyclic: 1n } }));
      });
      await expect(lost).rejects.toThrow(TypeError);
      expect(await testApp.sql(`SELECT FROM role_template WHERE key = 'lost'`)).toEqual([]);

      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          transactions
            .run(async (tx) => {
              tx.record(entry({ kind: 'template.created' }));
              if (i % 2 === 0) {
                await tx.query(`INSERT INTO role_template (key, name) VALUES ($1, 'Kept')`, [
                  `kept-${i}`,
                ]);
              } else {
                await tx.query('SELECT 1 / 0');
              }
            })
            .catch(() => undefined),
        ),
      );
      const kept = await testApp.sql(`SELECT FROM role_template WHERE name = 'Kept'`);
      expect(kept).toHaveLength(20);
      expect(await testApp.ledger()).toHaveLength(ledgerBefore + 20);
      await expectNoGaps();
    } finally {
      await testApp.stop();
    }
  });

  it('take any text, and no text harms the entries beside it', async () => {
    const writer = newWriter();
    const hostile = [
      'nul \u0000 inside',
      'lone \ud800 surrogate',
      'lone low \udfff',
      'שלום\u202egnp.exe',
      '\r\n{"kind":"forged"}\u2028\u001b[31m',
      'x'.repeat(100_000),
      "'; DROP TABLE ledger_entry; --",
      '\\u0000',
      '\\\\u0000',
    ];
    const everywhere = (text: string): LedgerEntryInput =>
      entry({
        kind: 'test.hostile',
        outcome: 'ok',
        actor: { kind: 'operator', id: text, label: text, requestId: text, ip: text },
        room: text,
        identity: text,
        reason: text,
        payload: { [text]: text, nested: [{ text }] },
      });
    const refs = await Promise.all([
      ...hostile.map((text) => writer.appendDurably(everywhere(text))),
      writer.appendDurably(entry()),
    ]);
    expect(refs).toHaveLength(hostile.length + 1);
    const { rows } = await owner.query<{ reason: string; room: string; payload: Json }>(
      `SELECT reason, room, personal AS payload FROM ledger_entry WHERE kind = 'test.hostile' ORDER BY shard, seq`,
    );
    rows.forEach((row, i) => {
      const kept = hostile[i]!.replaceAll('\u0000', '\ufffd').toWellFormed();
      expect([row.reason, row.room, row.payload[kept], row.payload.nested[0].text]).toEqual(
        Array(4).fill(kept),
      );
    });
  });
});

describe('a ledger that cannot be written', () => {
  let own: OwnPostgres;

  beforeAll(async () => {
    own = await startOwnPostgres();
  });
  afterAll(() => own.stop());

  it('rejects soon while Postgres is gone, and works again when it is back', async () => {
    const pool = new PgPool(new Connections({ databaseUrl: own.database.appUrl }));
    const writer = new LedgerService(pool);
    try {
      const committed = await Promise.all(
        Array.from({ length: 20 }, () => writer.appendDurably(entry())),
      );
      await own.kill();
      // The connections that Postgres leaves behind may still serve for a moment.
      await until('Postgres is gone', () =>
        writer.appendDurably(entry()).then(
          (ref) => void committed.push(ref),
          () => true,
        ),
      );
      const started = performance.now();
      const lost = await Promise.all(
        Array.from({ length: 20 }, () => rejectionOf(writer.appendDurably(entry()))),
      );
      expect(performance.now() - started).toBeLessThan(10_000);
      for (const error of lost) expect(error).toMatchObject({ kind: 'unavailable' });

      await own.start();
      const after = await until('an entry is written', () =>
        writer.appendDurably(entry()).catch(() => null),
      );
      const { rows } = await pool.pool.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM ledger_entry WHERE (shard, seq) IN (SELECT * FROM unnest($1::int[], $2::bigint[]))',
        [
          [...committed, after].map((ref) => ref.shard),
          [...committed, after].map((ref) => ref.seq),
        ],
      );
      expect(rows).toEqual([{ n: committed.length + 1 }]);
    } finally {
      await pool.onApplicationShutdown();
    }
  });
});

describe('reading the ledger', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    // One instant for all of them, three shards, two rooms: ties are the rule, not the exception.
    await app.sql(`
      INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, room, identity, payload)
      SELECT 7 + i % 3, i, now(), 'tie.made', CASE WHEN i % 10 = 0 THEN 'refused' ELSE 'ok' END,
        'operator', 'actor-' || i % 4, 'Operator ' || i % 4, CASE WHEN i % 2 = 0 THEN 'town-hall' ELSE 'town_hall' END,
        'id-' || i, jsonb_build_object('jti', 'jti-' || i)
      FROM generate_series(1, 1000) AS i`);
  });
  afterAll(() => app.stop());

  const read = (query: Record<string, unknown>, as = app.admin, path = '/api/v1/ledger') => {
    const { filter, ...rest } = query;
    const search = new URLSearchParams(
      Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    );
    if (filter !== undefined) search.set('filter', JSON.stringify(filter));
    return app.inject('GET', `${path}?${search}`, { as });
  };

  it('pages over entries of one instant, each exactly once, there and back', async () => {
    const there: string[] = [];
    const pages: Json[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { status, body } = await read({ cursor, limit: 37, filter: { kind: 'tie.made' } });
      expect(status).toBe(200);
      pages.push(body);
      there.push(...body.data.map((e: Json) => e.id));
      cursor = body.pageInfo.next;
    }
    expect(there).toHaveLength(1000);
    expect(new Set(there).size).toBe(1000);

    const back: string[] = pages.at(-1).data.map((e: Json) => e.id);
    for (cursor = pages.at(-1).pageInfo.prev; cursor !== null;) {
      const { body } = await read({ cursor, limit: 37, filter: { kind: 'tie.made' } });
      back.unshift(...body.data.map((e: Json) => e.id));
      cursor = body.pageInfo.prev;
    }
    expect(back).toEqual(there);
  });

  it('finds an entry by the id that the list gave, and by no other', async () => {
    const { body } = await read({ limit: 200, filter: { kind: 'tie.made' } });
    for (const wanted of [body.data[0], body.data[101], body.data[199]]) {
      const found = await app.inject('GET', `/api/v1/ledger/${wanted.id}`, { as: app.admin });
      expect(found.body).toEqual(wanted);
    }
    const [at, shard, seq] = body.data[0].id.split('-');
    for (const id of [
      `${at}-${shard}-${Number(seq) + 1}`,
      `${at}-99-${seq}`,
      `0-${shard}-${seq}`,
      'zzzzzzzzzzzzz-0-1',
      `${at}-999999999-999999999999999`,
      'nothing-of-the-kind',
      `${at}-${shard}-${seq}%00`,
    ]) {
      const { status } = await app.inject('GET', `/api/v1/ledger/${id}`, { as: app.admin });
      expect([id, status]).toEqual([id, 404]);
    }
  });

  it.each([
    [{ room: 'town_hall' }, 500],
    [{ outcome: 'refused' }, 100],
    [{ outcome: ['refused', 'ok'] }, 1000],
    [{ actor: 'actor-2' }, 250],
    [{ actor: 'operator 3' }, 250],
    [{ identity: 'id-77' }, 1],
    [{ identity: 'id-7' }, 1],
    [{ q: 'jti-500' }, 1],
    [{ q: 'town_hall' }, 500],
    [{ q: '%' }, 0],
    [{ room: 'town-hall', outcome: 'refused', actor: 'actor-0' }, 50],
    [{ kind: 'tie.*' }, 1000],
    [{ kind: ['tie.*', 'nothing.else'] }, 1000],
    [{ kind: 'ti.*' }, 0],
    [{ from: '2000-01-01T00:00:00Z', to: '2000-01-02T00:00:00Z' }, 0],
    [{ to: '2999-01-01T00:00:00+02:00' }, 1000],
  ])('filters by %j', async (filter, expected) => {
    let found = 0;
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await read({ cursor, limit: 200, filter: { kind: 'tie.*', ...filter } });
      found += body.data.length;
      cursor = body.pageInfo.next;
    }
    expect(found).toBe(expected);
  });

  it('shows a reader of some rooms the entries of those rooms only, by list and by id', async () => {
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['town_*'] }]);
    const { body } = await read({ limit: 200 }, limited);
    expect(body.data).toHaveLength(200);
    expect(new Set(body.data.map((e: Json) => e.room))).toEqual(new Set(['town_hall']));
    const other = (await read({ limit: 1, filter: { room: 'town-hall' } })).body.data[0];
    expect((await app.inject('GET', `/api/v1/ledger/${other.id}`, { as: limited })).status).toBe(
      404,
    );
    expect((await read({ filter: { room: 'town-hall' } }, limited)).body.data).toEqual([]);
  });

  it('shows of the issuances the tokens only', async () => {
    const { body } = await read({ limit: 200 }, app.admin, '/api/v1/issuances');
    expect(body.data.filter((e: Json) => !e.kind.startsWith('token.'))).toEqual([]);
    const tie = (await read({ limit: 1, filter: { kind: 'tie.made' } })).body.data[0];
    const asIssuance = await app.inject('GET', `/api/v1/issuances/${tie.id}`, { as: app.admin });
    expect(asIssuance.status).toBe(404);
  });

  it.each([
    ['cursor', Buffer.from(JSON.stringify(['next', '1', 3_000_000_000, 1])).toString('base64url')],
    ['cursor', Buffer.from(JSON.stringify(['next', '9'.repeat(18), 1, 1])).toString('base64url')],
    ['cursor', 'AAAA'],
    ['limit', '201'],
    ['limit', '0'],
    ['limit', '1e3'],
    ['filter', '{"kind":[]}'],
    ['filter', '{"room":"\\u0000"}'],
    ['filter', '{"q":"\\ud800"}'],
    ['filter', '{"from":"yesterday"}'],
    ['filter', '[]'],
    ['colour', 'green'],
  ])('refuses a wrong %s by name: %s', async (field, value) => {
    const { status, body } = await app.inject(
      'GET',
      `/api/v1/ledger?${new URLSearchParams({ [field]: value })}`,
      { as: app.admin },
    );
    expect(status).toBe(400);
    expect(Object.keys(body.errors)[0]).toMatch(new RegExp(`^${field}(\\.|$)`));
  });
});
