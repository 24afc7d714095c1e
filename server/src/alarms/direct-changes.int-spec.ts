import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { LedgerWorld } from '../../test/support/ledger-world.js';
import { until } from '../../test/support/until.js';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { LedgerVerification } from '../ledger/verify/verification.js';
import { TRIGGER_SHA256 } from './alarm-store.js';
import { POLICY_TABLES, policyTriggers } from './policy-tables.js';
import { POLICY_TRIGGERS } from './policy-triggers.js';

let app: TestApp;
/** psql with the application's role. */
let psql: pg.Client;

beforeAll(async () => {
  app = await startTestApp();
  psql = new pg.Client({
    connectionString: app.database.appUrl,
    application_name: 'psql',
  });
  await psql.connect();
});
afterAll(async () => {
  await psql?.end();
  await app?.stop();
});

const direct = async (since: number) =>
  (await app.ledger('policy.changed_directly')).filter(({ seq }) => seq > since);
const lastSeq = async () =>
  Number((await app.sql('SELECT seq FROM ledger_head WHERE shard = 0'))[0]?.seq);
const openAlarms = async (): Promise<Json[]> =>
  (
    await app.inject(
      'GET',
      `/api/v1/alarms?filter={"kind":"policy.changed_directly"}&range=[0,99]`,
      {
        as: app.admin,
      },
    )
  ).body;

describe('policy that is changed past Rolecall', () => {
  it('is named with role, table, row and columns, in the transaction of the change', async () => {
    const operator = await app.newOperator([{ role: 'moderator', rooms: ['town-*'] }]);
    const since = await lastSeq();
    await psql.query(
      `UPDATE operator_access SET role = 'admin', rooms = NULL WHERE operator_id = $1`,
      [operator.id],
    );
    const [entry, ...rest] = await direct(since);
    expect(rest).toEqual([]);
    const role = new URL(app.database.appUrl).username;
    expect(entry).toMatchObject({
      actor_kind: 'system',
      actor_label: `Postgres role ${role}`,
      payload: {
        table: 'operator_access',
        operation: 'update',
        columns: ['role', 'rooms'],
        role,
        isOwner: false,
        application: 'psql',
        before: { role: 'moderator' },
        after: { role: 'admin', rooms: null },
        key: { id: expect.any(String) },
      },
    });
    // What was changed is true, and so is the entry: a change that is rolled back has none.
    await psql.query('BEGIN');
    await psql.query('DELETE FROM operator_access WHERE operator_id = $1', [operator.id]);
    await psql.query('ROLLBACK');
    expect(await direct(since)).toHaveLength(1);
  });

  it('is named whatever settings, roles and entries the session tries to hide it with', async () => {
    const room = await app.newRoom();
    const tries: string[][] = [
      ['SET CONSTRAINTS ALL IMMEDIATE'],
      [`SELECT set_config('rolecall.appended', 'true', true)`],
      // Writes to the head of the ledger without an entry.
      [`SELECT ledger_claim_shard('somebody'), ledger_release_shards('somebody')`],
      // An entry, but of something else.
      [
        `SELECT ledger_append(0, 0, ARRAY['token.issued'], ARRAY['ok'], ARRAY['system'],
           ARRAY[NULL], ARRAY['x'], ARRAY[NULL], ARRAY[NULL], ARRAY[NULL], ARRAY[NULL], ARRAY[NULL],
           ARRAY['{}'::json], ARRAY[NULL::json])`,
      ],
      [`SAVEPOINT s`],
    ];
    for (const [i, statements] of tries.entries()) {
      const since = await lastSeq();
      await psql.query('BEGIN');
      for (const statement of statements) await psql.query(statement);
      await psql.query('UPDATE room SET max_participants = $2 WHERE name = $1', [room, i + 10]);
      await psql.query('COMMIT');
      const found = await direct(since);
      expect(found.map(({ payload }) => payload.columns)).toEqual([['max_participants']]);
      expect(found[0]).toMatchObject({
        room,
        payload: { after: { max_participants: `${i + 10}` } },
      });
    }
    for (const forbidden of [
      'ALTER TABLE room DISABLE TRIGGER USER',
      `SET session_replication_role = 'replica'`,
      'DELETE FROM policy_direct_change',
    ]) {
      await expect(psql.query(forbidden)).rejects.toThrow(/must be owner|permission denied/);
    }
  });

  it('of many rows is named row by row at first, and then by number', async () => {
    const since = await lastSeq();
    await psql.query(
      `INSERT INTO app_user (identity, name) SELECT 'many ' || i, 'x' FROM generate_series(1, 1000) i`,
    );
    const found = await direct(since);
    expect(found).toHaveLength(21);
    expect(found[0]).toMatchObject({ identity: expect.stringMatching(/^many /) });
    expect(found.at(-1)).toMatchObject({
      payload: { operation: 'many', table: 'app_user', inserted: 1000, updated: 0, deleted: 0 },
    });
  });

  it('by the owner is named as such, and emptying a table too', async () => {
    const since = await lastSeq();
    await app.database.asOwner(
      `INSERT INTO seat (room, identity, override_template, override_version, override_scope,
         override_at) SELECT name, 'ana', 'speaker', 1, 'session', now() FROM room LIMIT 1`,
      'TRUNCATE stage_limit',
    );
    expect(await direct(since)).toMatchObject([
      { identity: 'ana', payload: { table: 'seat', operation: 'insert', isOwner: true } },
      { payload: { table: 'stage_limit', operation: 'truncate', isOwner: true } },
    ]);
  });

  it('is named also where it only says how far rights reach', async () => {
    const room = await app.newRoom();
    const all = { permission: { canPublish: true }, of: 'PA_1', givenTo: null };
    const bound = { id: 'a', ceiling: [['canSubscribe']], at: new Date().toISOString() };
    await psql.query(
      `INSERT INTO seat (room, identity, sid, admitted, last_issued_at)
       VALUES ($1, 'bob', 'PA_1', $2, NULL)`,
      [room, bound],
    );
    const set = (columns: string, ...values: unknown[]) =>
      psql.query(`UPDATE seat SET ${columns} WHERE room = $1 AND identity = 'bob'`, [
        room,
        ...values,
      ]);
    const awaited = { ...bound, id: 'b', from: bound.at, to: bound.at, notSid: null };
    const told: [string, unknown[], string[]][] = [
      ['brought = $2', [all], ['brought']],
      [`brought = brought || '{"givenTo": "PA_1"}'`, [], ['brought']],
      ['brought = NULL', [], ['brought']],
      ['before_scene = $2', [all.permission], ['before_scene']],
      [`admitted = jsonb_set(admitted, '{ceiling}', '[["canPublish"]]')`, [], ['admitted']],
      [`admitted = jsonb_set(admitted, '{at}', '"2020-01-01T00:00:00Z"')`, [], ['admitted']],
      ['admitted = NULL', [], ['admitted']],
      ['awaited = $2', [JSON.stringify([{ ...awaited, from: '2020-01-01' }])], ['awaited']],
      ['awaited = NULL', [], ['awaited']],
      [`peeks_at = 'carl'`, [], ['peeks_at']],
      ['proof_at = now(), admitted_at = now()', [], ['admitted_at', 'proof_at']],
      ['last_issued_at = now()', [], ['last_issued_at']],
      ['last_issued_at = NULL', [], ['last_issued_at']],
    ];
    for (const [columns, values, names] of told) {
      const since = await lastSeq();
      await set(columns, ...values);
      const found = await direct(since);
      expect([columns, found.map(({ payload }) => payload.columns)]).toEqual([columns, [names]]);
      expect(found[0]).toMatchObject({ room, identity: 'bob', payload: { table: 'seat' } });
    }
    // What takes something away is not; nor what only LiveKit reported.
    const since = await lastSeq();
    await set('admitted = $2, before_scene = NULL', bound);
    await set(`state = 'joining'`);
    expect(await direct(since)).toEqual([]);
  });

  it('counts as lifting a ceiling where its times are not the same to Postgres and to the server', async () => {
    const at = new Date().toISOString();
    const bound = { id: 'a', ceiling: [['canSubscribe']], from: at, to: at, notSid: null };
    const lifts = async (admitted: object | null, awaited: object | null) => {
      const { rows } = await psql.query<{ lifts: boolean }>(
        'SELECT seat_lifts_ceiling(NULL, $1, $2, $3) AS lifts',
        [JSON.stringify([bound]), admitted, awaited && JSON.stringify([awaited])],
      );
      return rows[0]?.lifts;
    };
    expect(await lifts(null, { ...bound, to: '2099-01-01T00:00:00.000Z' })).toBe(false);
    for (const to of [
      'infinity',
      '2099-01-01T00:00:00.000',
      '2099-01-01T00:00:60Z',
      '2099-01-01',
    ]) {
      expect([to, await lifts(null, { ...bound, to })]).toEqual([to, true]);
    }
    const admitted = { id: 'a', ceiling: bound.ceiling, at };
    expect(await lifts(admitted, null)).toBe(false);
    expect(await lifts({ ...admitted, at: 'infinity' }, null)).toBe(true);
    expect(await lifts({ ...admitted, issuedAt: 'infinity' }, null)).toBe(true);
  });

  it('is named where an act of the past gives something back', async () => {
    const room = await app.newRoom();
    const since = await lastSeq();
    await psql.query(
      `INSERT INTO seat_operation (room, identity, action, actor_kind, actor_label, before, after, epoch)
       VALUES ($1, 'bob', 'promote', 'operator', 'x', '{"override": null}', '{}', 1)`,
      [room],
    );
    expect(await direct(since)).toEqual([]);
    await psql.query(
      `UPDATE seat_operation SET before = '{"override": {"template": "host"}}' WHERE room = $1`,
      [room],
    );
    expect((await direct(since)).map(({ payload }) => payload.columns)).toEqual([['before']]);
  });

  it('hides what opens something', async () => {
    await psql.query(`UPDATE api_key SET key_hash = 'x'::bytea WHERE id = $1`, [
      (await app.newApiKey(['room.read'])).id,
    ]);
    await psql.query(`UPDATE operator SET password_hash = 'known' WHERE email = $1`, [
      app.admin.label,
    ]);
    const found = (await direct(0)).slice(-2);
    expect(found.map(({ payload }) => payload.after)).toEqual([
      { key_hash: 'hidden' },
      { password_hash: 'hidden' },
    ]);
  });

  it('is an alarm until somebody acknowledges it, which is an entry', async () => {
    const room = await app.newRoom({ name: 'town-hall' });
    await psql.query('UPDATE room SET is_closed = true WHERE name = $1', [room]);
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['town-*'] }]);
    const seen = (await app.inject<Json[]>('GET', '/api/v1/alarms', { as: limited })).body;
    expect(new Set(seen.map((one) => one.room))).toEqual(new Set([room]));
    const [alarm] = seen;
    const others = (await openAlarms()).filter((one) => one.room !== room);
    const acknowledge = (ids: string[], as = limited) =>
      app.inject('POST', '/api/v1/alarms/acknowledge', { as, body: { ids, note: 'A drill' } });
    // Another room's alarm is out of their reach.
    expect((await acknowledge([others[0].id])).body).toEqual({ acknowledged: 0 });
    expect((await acknowledge([alarm.id])).body).toEqual({ acknowledged: 1 });
    expect((await acknowledge([alarm.id])).body).toEqual({ acknowledged: 0 });
    expect((await app.ledger('alarm.acknowledged')).at(-1)).toMatchObject({
      room,
      reason: 'A drill',
      actor_label: limited.label,
      payload: { alarm: alarm.id, about: 'policy.changed_directly' },
    });
    const moderator = await app.newOperator([{ role: 'moderator' }]);
    expect((await acknowledge([alarm.id], moderator)).status).toBe(403);
    const { alarms } = (await app.inject('GET', '/api/v1/status', { as: app.admin })).body;
    expect(alarms.open).toBeGreaterThan(0);
    await until('the probe counts them', async () => {
      const { body } = await app.inject('GET', '/readyz');
      return body.alarms > 0;
    });
  });

  it('leaves entries that verify as all others', async () => {
    await new LedgerWorld(app).sealed();
    expect(await app.app.get(LedgerVerification).run(SYSTEM_ACTOR)).toMatchObject({
      finding: null,
    });
  });
});

describe('the watch over policy', () => {
  it('covers every column, or says that it does not', async () => {
    const ignored: Record<string, string[]> = {
      api_key: ['last_used_at', 'created_at'],
      app_user: ['looks_like', 'revision', 'created_at', 'updated_at'],
      installation: ['policy_logged_since'],
      assignment: ['room_like', 'revision', 'created_at'],
      ledger_hold: ['placed_at'],
      ledger_rule: ['rooms_like', 'at', 'acts_at'],
      operator: ['last_signed_in_at', 'revision', 'created_at'],
      operator_session: ['created_at', 'last_seen_at', 'ip', 'user_agent'],
      role_template: ['draft_updated_at', 'revision', 'created_at'],
      room: [
        ...['live_sid', 'live_since', 'last_seen_live_at', 'num_participants'],
        ...['revision', 'created_at', 'updated_at'],
      ],
      scene: ['revision', 'created_at', 'updated_at'],
      // What LiveKit reported, and how acts are shown.
      seat: [
        ...[
          'room',
          'identity',
          'epoch',
          'is_present',
          'sid',
          'state',
          'name',
          'kind',
          'permission',
        ],
        ...['tracks', 'joined_at', 'left_at', 'muted_tracks', 'is_unlisted', 'unlisted_sid'],
        'observed_at',
        ...['last_change', 'pending_operation'],
      ],
      seat_operation: [
        ...['reason', 'after', 'outcome', 'detail', 'ms', 'undo_until', 'undone_by', 'request_id'],
        ...['settled_at', 'watched_tracks', 'gone_at', 'gone_ms', 'bulk'],
      ],
    };
    const rows = await app.sql<{ table: string; definition: string; columns: string[] }>(
      `SELECT c.relname AS table, string_agg(pg_get_triggerdef(t.oid), '\n') AS definition,
         ARRAY(SELECT attname::text FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE '%noted_update'
       GROUP BY c.oid, c.relname`,
    );
    expect(rows.map(({ table }) => table).sort()).toEqual([...POLICY_TABLES]);
    for (const { table, definition, columns } of rows) {
      const unwatched = columns.filter((name) => !new RegExp(`old\\.${name}\\b`).test(definition));
      expect([table, unwatched.sort()]).toEqual([table, (ignored[table] ?? []).sort()]);
    }
  });

  it('raises an alarm when the owner turns it off, also if it is on again at once', async () => {
    const stopped = async () =>
      (await app.ledger('policy.watch_stopped')).map(({ payload }) => payload);
    await app.database.asOwner('ALTER TABLE assignment DISABLE TRIGGER assignment_noted_delete');
    await until('it is noticed', async () => (await stopped()).length === 1, 15_000);
    expect(await stopped()).toEqual([{ trigger: 'assignment_noted_delete', isOff: true }]);
    await app.database.asOwner(
      'ALTER TABLE assignment ENABLE TRIGGER assignment_noted_delete',
      `BEGIN;
       ALTER TABLE installation DISABLE TRIGGER installation_noted_update;
       UPDATE installation SET tokens_void_before = NULL;
       ALTER TABLE installation ENABLE TRIGGER installation_noted_update;
       COMMIT`,
    );
    await until('it is noticed', async () => (await stopped()).length === 2, 15_000);
    expect((await stopped())[1]).toEqual({ trigger: 'installation_noted_update', isOff: false });
    const { body } = await app.inject(
      'GET',
      '/api/v1/alarms?filter={"kind":"policy.watch_stopped","state":"open"}',
      { as: app.admin },
    );
    expect(body).toHaveLength(2);
  });

  it('knows the definition of each of its triggers', async () => {
    const rows = await app.sql<{ name: string; hash: string }>(
      `SELECT tgname AS name, ${TRIGGER_SHA256} AS hash FROM pg_trigger t WHERE tgname = ANY($1)`,
      [policyTriggers()],
    );
    expect(Object.fromEntries(rows.map(({ name, hash }) => [name, hash]))).toEqual(POLICY_TRIGGERS);
  });

  it('counts as off while a function has another body, or a trigger another condition', async () => {
    const [trigger] = await app.sql<{ definition: string }>(
      `SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgname = 'scene_noted_insert'`,
    );
    const never = trigger?.definition.replace(
      /( WHEN \(.*\))? EXECUTE /s,
      ' WHEN (false) EXECUTE ',
    );
    await app.database.asOwner(
      `CREATE OR REPLACE FUNCTION policy_report(of_table name, operation text, before jsonb,
         after jsonb, keys text[], own_kinds text[], relation oid) RETURNS void
       LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN; END $$`,
      'DROP TRIGGER scene_noted_insert ON scene',
      String(never),
    );
    const names = ['policy_report', 'scene_noted_insert'];
    const said = async () =>
      (await app.ledger('policy.watch_stopped')).filter(
        ({ payload }) => names.includes(payload.trigger) && payload.isOff,
      );
    await until('both are noticed', async () => (await said()).length === 2, 15_000);
  });
});
