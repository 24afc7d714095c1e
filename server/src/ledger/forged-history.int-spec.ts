import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { rawAppend, type RawEntry } from '../../test/support/raw-append.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { Connections } from '../database/connections.js';
import { parseLedgerId } from './ledger-entry.js';
import { LedgerVerifier } from './ledger-verifier.js';

const ENTRY = {
  kind: 'test.happened',
  outcome: 'ok',
  actor_kind: 'system',
  actor_label: 'test',
  payload: {},
};
const INTO = 'INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label';

/** A database, and psql on it as the application's role and as the owner. */
class Forge {
  private constructor(
    readonly database: TestDatabase,
    readonly app: pg.Client,
    readonly owner: pg.Client,
  ) {}

  static async open(): Promise<Forge> {
    const database = await createTestDatabase();
    const app = new pg.Client({ connectionString: database.appUrl });
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await Promise.all([app.connect(), owner.connect()]);
    return new Forge(database, app, owner);
  }

  append(
    shard: number,
    epoch: number | string,
    entries: RawEntry[] = [ENTRY],
  ): Promise<{ seq: string | null; at: Date | null }> {
    return rawAppend(this.app, shard, epoch, entries);
  }

  async claim(holder: string): Promise<{ shard: number; epoch: string }> {
    const { rows } = await this.app.query(
      'SELECT claimed_shard AS shard, claimed_epoch AS epoch FROM ledger_claim_shard($1)',
      [holder],
    );
    return rows[0];
  }

  verify() {
    return new LedgerVerifier(new Connections({ databaseUrl: this.database.appUrl })).verify();
  }

  async close(): Promise<void> {
    await Promise.all([this.app.end(), this.owner.end()]);
    await this.database.drop();
  }
}

describe("the application's role", () => {
  let forge: Forge;
  let partition: string;

  beforeAll(async () => {
    forge = await Forge.open();
    const { rows } = await forge.owner.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits
       WHERE inhparent = 'ledger_entry'::regclass ORDER BY 1 DESC LIMIT 1`,
    );
    partition = rows[0]!.name;
    await forge.owner.query(`
      INSERT INTO room (name, tokens_void_before) VALUES ('hall', '2026-01-02');
      INSERT INTO seat (room, identity, tokens_void_before) VALUES ('hall', 'ana', '2026-01-02');
      INSERT INTO app_user (identity, name, tokens_void_before) VALUES ('ana', 'Ana', '2026-01-02');
      UPDATE installation SET tokens_void_before = '2026-01-02';
      INSERT INTO role_template (key, name) VALUES ('forged', 'Forged')`);
    await forge.append(0, 0);
  });
  afterAll(() => forge.close());

  it.each([
    `${INTO}, payload) VALUES (0, 2, now(), 'x', 'ok', 'system', 'x', '{}')`,
    `${INTO}, payload) VALUES (9, 1, now() - interval '20 days', 'x', 'ok', 'system', 'x', '{}')`,
    `INSERT INTO <partition> (shard, seq, at, kind, outcome, actor_kind, actor_label, payload)
       VALUES (0, 2, now(), 'x', 'ok', 'system', 'x', '{}')`,
    `MERGE INTO ledger_entry e USING (VALUES (1)) v ON false WHEN NOT MATCHED THEN
       INSERT (shard, seq, at, kind, outcome, actor_kind, actor_label, payload)
       VALUES (0, 2, now(), 'x', 'ok', 'system', 'x', '{}')`,
    `COPY ledger_entry (shard) FROM PROGRAM 'true'`,
    'INSERT INTO ledger_head (shard) VALUES (9)',
    'INSERT INTO ledger_head (shard) VALUES (0) ON CONFLICT (shard) DO UPDATE SET seq = 0',
    'UPDATE ledger_head SET seq = 0',
    'UPDATE ledger_head SET epoch = epoch + 1',
    `UPDATE ledger_head SET at = now() - interval '1 day'`,
    'UPDATE ledger_head SET ordered_after = 1000',
    'DELETE FROM ledger_head',
    'TRUNCATE ledger_head',
    'SELECT FROM ledger_head FOR UPDATE',
    'DO $$ BEGIN LOCK TABLE ledger_head IN SHARE MODE; END $$',
    'ALTER TABLE ledger_entry DETACH PARTITION <partition>',
    'ALTER TABLE <partition> DISABLE TRIGGER ALL',
    "CREATE TABLE old PARTITION OF ledger_entry FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
    'CREATE RULE mine AS ON INSERT TO ledger_entry DO INSTEAD NOTHING',
    'ALTER FUNCTION ledger_append SECURITY INVOKER',
    'DROP FUNCTION ledger_append',
    'DROP FUNCTION ledger_commitment',
    'UPDATE ledger_head SET leaves_after = 1000',
    'DELETE FROM seat',
    'SELECT * FROM room_void',
    'DELETE FROM room_void',
    'SELECT * FROM seat_brought',
    'DELETE FROM seat_brought',
    'INSERT INTO installation DEFAULT VALUES',
    'DELETE FROM installation',
    ...['seat', 'room', 'app_user', 'installation'].flatMap((table) => [
      `UPDATE ${table} SET tokens_void_before = NULL`,
      `UPDATE ${table} SET tokens_void_before = tokens_void_before - interval '1 second'`,
      `UPDATE ${table} SET tokens_void_before = '-infinity'`,
    ]),
    `UPDATE seat SET identity = 'somebody'`,
    `UPDATE room SET name = 'other'`,
    `UPDATE app_user SET identity = 'somebody'`,
    `INSERT INTO seat (room, identity) VALUES ('hall', 'ana')
       ON CONFLICT (room, identity) DO UPDATE SET tokens_void_before = NULL`,
  ])('may not: %s', async (statement) => {
    const refused = forge.app.query(statement.replace('<partition>', partition));
    await expect(refused).rejects.toMatchObject({ code: '42501' });
  });

  it('cannot set a time, also in a transaction that began long before', async () => {
    await forge.app.query('BEGIN');
    try {
      const { rows } = await forge.app.query<{ began: Date }>('SELECT now() AS began');
      await forge.app.query('SELECT pg_sleep(0.05)');
      const { at } = await forge.append(0, 0, [ENTRY]);
      expect(at!.getTime() - rows[0]!.began.getTime()).toBeGreaterThanOrEqual(50);
    } finally {
      await forge.app.query('COMMIT');
    }
    await forge.app.query(`INSERT INTO role_template_version
      (template, version, grants, message, published_by_label, published_at)
      VALUES ('forged', 1, '{}', 'x', 'x', '2020-01-01')`);
    const { rows } = await forge.owner.query<{ isNow: boolean }>(
      `SELECT published_at > now() - interval '1 minute' AS "isNow" FROM role_template_version`,
    );
    expect(rows).toEqual([{ isNow: true }]);
  });

  it("gets numbers and times that only grow, whatever Postgres' clock does", async () => {
    const before = await forge.append(0, 0);
    await forge.owner.query(
      `UPDATE ledger_head SET at = now() + interval '1 second' WHERE shard = 0`,
    );
    const ahead = await forge.append(0, 0, [ENTRY, ENTRY]);
    const after = await forge.append(0, 0);
    expect([before, ahead, after].map(({ seq }) => Number(seq) - Number(before.seq))).toEqual([
      0, 2, 3,
    ]);
    expect(ahead.at!.getTime()).toBeGreaterThan(before.at!.getTime());
    expect(after.at!.getTime()).toBeGreaterThanOrEqual(ahead.at!.getTime());
  });

  it('writes only with the epoch of the shard that it holds', async () => {
    const mine = await forge.claim('me');
    expect(await forge.append(mine.shard, mine.epoch)).toMatchObject({ seq: '1' });
    const other = await forge.claim('somebody else');
    expect(other.shard).not.toBe(mine.shard);
    expect(await forge.append(mine.shard, Number(mine.epoch) + 1)).toEqual({ seq: null, at: null });
    expect(await forge.append(mine.shard, Number(mine.epoch) - 1)).toEqual({ seq: null, at: null });
    expect(await forge.append(99, 0)).toEqual({ seq: null, at: null });
    await forge.app.query(`SELECT ledger_release_shards('me')`);
    const taken = await forge.claim('successor');
    expect(taken).toEqual({ shard: mine.shard, epoch: String(Number(mine.epoch) + 1) });
    expect(await forge.append(mine.shard, mine.epoch)).toEqual({ seq: null, at: null });
    expect(await forge.append(taken.shard, taken.epoch)).toMatchObject({ seq: '2' });
  });

  it('runs none of its own code as the owner, whatever it names its temporary things', async () => {
    const { app, owner } = forge;
    await app.query(`
      CREATE TEMPORARY TABLE ran (as_role text);
      GRANT INSERT ON ran TO PUBLIC;
      CREATE FUNCTION pg_temp.note() RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO pg_temp.ran VALUES (current_user); RETURN true; END $$;
      CREATE TEMPORARY TABLE ledger_head AS SELECT * FROM public.ledger_head;
      CREATE TEMPORARY TABLE ledger_entry AS SELECT * FROM public.ledger_entry;
      CREATE TEMPORARY TABLE room_void (room text, void_before timestamptz)`);
    for (const type of ['date', 'text', 'int4', 'int8', 'jsonb', 'timestamptz', 'interval']) {
      await app.query(`CREATE DOMAIN pg_temp.${type} AS pg_catalog.${type} CHECK (pg_temp.note())`);
    }
    // The room that comes and goes is named as a direct change, by functions of the owner.
    const COUNT = `SELECT count(*) FILTER (WHERE kind <> 'policy.changed_directly') AS n,
      count(*) AS all FROM ledger_entry`;
    const before = await owner.query(COUNT);
    const shard = await forge.claim('shadow');
    await forge.append(shard.shard, shard.epoch);
    await app.query('SELECT ledger_ensure_partitions(12)');
    await app.query(`SELECT ledger_release_shards('shadow')`);
    await app.query(`INSERT INTO public.room (name) VALUES ('shadow')`);
    await app.query(`DELETE FROM public.room WHERE name = 'shadow'`);
    const { rows } = await app.query(
      'SELECT as_role FROM pg_temp.ran WHERE as_role <> current_user',
    );
    expect(rows).toEqual([]);
    const after = await owner.query(COUNT);
    expect(Number(after.rows[0].n)).toBe(Number(before.rows[0].n) + 1);
    expect(Number(after.rows[0].all)).toBe(Number(before.rows[0].all) + 3);
  });

  it('finds every function that runs as its owner closed to others, and to temporary names', async () => {
    const { rows } = await forge.owner.query<{ name: string; config: string[]; acl: string }>(`
      SELECT proname AS name, proconfig AS config, proacl::text AS acl FROM pg_proc
      WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1`);
    expect(rows.map(({ name }) => name)).toContain('ledger_append');
    for (const { name, config, acl } of rows) {
      expect([name, config]).toEqual([
        name,
        expect.arrayContaining(['search_path=pg_catalog, public, pg_temp']),
      ]);
      expect([name, acl]).toEqual([name, expect.not.stringMatching(/[{,]=/)]);
    }
  });

  it('leaves a ledger that verifies, after all of that', async () => {
    const { shards, protection, hasOneRole } = await forge.verify();
    expect(shards.flatMap(({ problems }) => problems)).toEqual([]);
    expect([protection, hasOneRole]).toEqual([[], false]);
  });
});

describe('ledger verify names', () => {
  const off = (table: string) => `ALTER TABLE ${table} DISABLE TRIGGER USER;`;

  it.each<
    [what: string, sql: string, problem: RegExp, wrong: { shard: number; seq: number } | null]
  >([
    [
      'an entry of 20 days ago in a shard that was made for it',
      `INSERT INTO ledger_head (shard, seq) VALUES (5, 1);
       CREATE TABLE past PARTITION OF ledger_entry FOR VALUES FROM ('2000-01-01') TO ('2000-02-01');
       ${INTO}, payload) VALUES (5, 1, '2000-01-20', 'x', 'ok', 'system', 'x', '{}')`,
      /older than their shard/,
      { shard: 5, seq: 1 },
    ],
    [
      'entries of a shard without a head',
      `${INTO}, payload) VALUES (5, 1, now(), 'x', 'ok', 'system', 'x', '{}')`,
      /no head/,
      { shard: 5, seq: 1 },
    ],
    [
      'a date in the future',
      `UPDATE ledger_head SET seq = 4 WHERE shard = 0;
       ${INTO}, payload) VALUES (0, 4, now() + interval '1 hour', 'x', 'ok', 'system', 'x', '{}')`,
      /later than/,
      { shard: 0, seq: 4 },
    ],
    [
      'a number twice',
      `${INTO}, payload) VALUES (0, 2, now(), 'x', 'ok', 'system', 'x', '{}')`,
      /1 numbers stand twice/,
      { shard: 0, seq: 2 },
    ],
    [
      'a smaller head',
      `${off('ledger_head')} UPDATE ledger_head SET seq = 1 WHERE shard = 0;
       ALTER TABLE ledger_head ENABLE TRIGGER USER`,
      /2 entries beyond the head/,
      { shard: 0, seq: 2 },
    ],
    [
      'an entry that is gone',
      `DO $$ DECLARE part regclass; BEGIN
         SELECT tableoid::regclass INTO part FROM ledger_entry WHERE seq = 2;
         EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', part);
         EXECUTE format('DELETE FROM %s WHERE seq = 2', part);
         EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', part);
       END $$`,
      /1 of 3 entries are missing/,
      { shard: 0, seq: 3 },
    ],
    [
      'a time that does not follow the numbers',
      `UPDATE ledger_head SET seq = 4, at = clock_timestamp() WHERE shard = 0;
       ${INTO}, payload) SELECT 0, 4, min(at), 'x', 'ok', 'system', 'x', '{}' FROM ledger_entry`,
      /1 entries are older than the one before/,
      { shard: 0, seq: 4 },
    ],
    [
      'a webhook with two entries',
      `SELECT ledger_append(0, 0, '{x,x}', '{ok,ok}', '{system,system}', '{null,null}', '{x,x}',
         '{null,null}', '{null,null}', '{null,null}', '{null,null}', '{null,null}',
         ARRAY['{"webhookId":"EV_1"}', '{"webhookId":"EV_1"}']::json[], '{null,null}')`,
      /1 entries repeat a webhook/,
      { shard: 0, seq: 5 },
    ],
    ['a trigger that is off', off('ledger_entry'), /ledger_entry_only_grows .* is off/, null],
    [
      'an entry that is shown to who verifies, and hidden from the server',
      `CREATE POLICY hide ON ledger_entry
         USING (seq <> 2 OR current_setting('application_name') = 'rolecall-verify');
       ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY`,
      /^row security of ledger_entry is on$/,
      null,
    ],
    [
      'a trigger that is off beside reviews or cosignatures',
      off('ledger_review') + off('ledger_cosignature'),
      /ledger_cosignature_only_grows .* is off.*ledger_review_never_empties .* is off/,
      null,
    ],
    [
      'a privilege that somebody gave on reviews',
      'GRANT UPDATE (note) ON ledger_review TO APP',
      /^\S+ may UPDATE on ledger_review$/,
      null,
    ],
    [
      'a privilege that somebody gave',
      'GRANT INSERT ON ledger_entry TO APP; GRANT UPDATE (seq) ON ledger_head TO APP',
      /may INSERT on ledger_entry.*may UPDATE on ledger_head/,
      null,
    ],
  ])('%s', async (_what, sql, problem, wrong) => {
    const forge = await Forge.open();
    try {
      await forge.append(0, 0, [ENTRY]);
      await forge.append(0, 0, [ENTRY, ENTRY]);
      const role = decodeURIComponent(new URL(forge.database.appUrl).username);
      await forge.owner.query(sql.replaceAll('TO APP', `TO ${role}`));
      const { shards, protection } = await forge.verify();
      const found = [...shards.flatMap(({ problems }) => problems), ...protection].join('; ');
      expect(found).toMatch(problem);
      const ids = shards.flatMap(({ firstWrong }) =>
        firstWrong ? [parseLedgerId(firstWrong)] : [],
      );
      expect(ids).toEqual(wrong ? [expect.objectContaining(wrong)] : []);
    } finally {
      await forge.close();
    }
  });
});

describe('voided tokens', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  it('stay voided in a room that is deleted and made again', async () => {
    const room = await app.newRoom({ name: 'hall' });
    const seat = `/api/v1/rooms/${room}/seats/ana/void-tokens`;
    const { status, body } = await app.inject<Json>('POST', seat, { as: app.admin, body: {} });
    expect(status).toBe(200);
    expect((await app.inject('DELETE', `/api/v1/rooms/${room}`, { as: app.admin })).status).toBe(
      204,
    );
    expect(await app.sql('SELECT FROM seat')).toEqual([]);
    const made = await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: room } });
    expect(made.status).toBe(201);
    const rows = await app.sql<{ at: Date }>(
      'SELECT tokens_void_before AS at FROM room WHERE name = $1',
      [room],
    );
    expect(rows[0]?.at.toISOString()).toBe(body.voidBefore);
  });

  it('are not in the way of a room in which nothing was voided', async () => {
    const room = await app.newRoom({ name: 'quiet' });
    await app.inject('DELETE', `/api/v1/rooms/${room}`, { as: app.admin });
    await app.newRoom({ name: 'quiet' });
    expect(await app.sql(`SELECT tokens_void_before FROM room WHERE name = 'quiet'`)).toEqual([
      { tokens_void_before: null },
    ]);
  });
});

describe('the owner', () => {
  let forge: Forge;

  beforeAll(async () => {
    forge = await Forge.open();
  });
  afterAll(() => forge.close());

  it('cannot keep the name of a protection and take what it does', async () => {
    expect((await forge.verify()).protection).toEqual([]);
    const body = 'AS $$ BEGIN RETURN NEW; END $$';
    const tries: [change: string[], problem: RegExp][] = [
      [
        [
          `CREATE OR REPLACE FUNCTION ledger_entry_refuse_change() RETURNS trigger LANGUAGE plpgsql ${body}`,
        ],
        /the function ledger_entry_refuse_change is missing, or not what the migrations wrote/,
      ],
      [
        [
          'DROP TRIGGER ledger_tile_only_grows ON ledger_tile',
          `CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql ${body}`,
          `CREATE TRIGGER ledger_tile_only_grows BEFORE UPDATE OR DELETE ON ledger_tile
             FOR EACH ROW EXECUTE FUNCTION mine()`,
        ],
        /the trigger ledger_tile_only_grows of ledger_tile is off, missing or another one/,
      ],
      [
        [
          'DROP TRIGGER ledger_key_only_grows ON ledger_key',
          `CREATE TRIGGER ledger_key_only_grows BEFORE UPDATE OR DELETE ON ledger_key
             FOR EACH ROW WHEN (false) EXECUTE FUNCTION ledger_refuse_change()`,
        ],
        /the trigger ledger_key_only_grows of ledger_key is off, missing or another one/,
      ],
    ];
    for (const [change, problem] of tries) {
      await forge.owner.query('BEGIN');
      for (const statement of change) await forge.owner.query(statement);
      await forge.owner.query('COMMIT');
      const { protection } = await forge.verify();
      expect(protection).toContainEqual(expect.stringMatching(problem));
    }
  });
});
