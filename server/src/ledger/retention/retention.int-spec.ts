import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { oldEntry, writeOldEntries } from '../../../test/support/old-entries.js';
import { rawAppend } from '../../../test/support/raw-append.js';
import { runCli } from '../../../test/support/run-cli.js';
import { type Json, startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { LedgerEraser } from '../ledger-eraser.js';
import { ledgerId } from '../ledger-entry.js';
import { checkExport } from '../export/check-export.js';
import { readExportFile } from '../export/export-file.js';
import { TreeStore } from '../sealing/tree-store.js';
import { sha256 } from '../tree/sha256.js';
import { LedgerVerification } from '../verify/verification.js';
import { ArchiveStore } from './archive-store.js';
import { ArchivesService } from './archives.service.js';
import { archiveFile, bitsOf, leavesText } from './forgotten-note.js';
import { Retention } from './retention.js';
import { RETENTION_ACTOR, RetentionRun } from './retention-run.js';

const NOBODY = '11111111-0000-4000-8000-000000000001';

let app: TestApp;
let world: LedgerWorld;
let owner: pg.Client;
const folder = mkdtempSync(join(tmpdir(), 'rolecall-archive-'));

beforeAll(async () => {
  app = await startTestApp({ environment: { ROLECALL_LEDGER_ARCHIVE: folder } });
  // The test says when there is a pass.
  await app.app.get(Retention).onModuleDestroy();
  world = new LedgerWorld(app);
  owner = new pg.Client({ connectionString: app.database.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await owner?.end();
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const api = (method: string, path: string, body?: unknown, as = app.admin) =>
  app.inject<Json>(method, `/api/v1/ledger/${path}`, {
    as,
    ...(body === undefined ? {} : { body }),
  });

const pass = (gathers = false) =>
  app.app.get(RetentionRun).pass({
    folder,
    by: RETENTION_ACTOR,
    goesOn: () => true,
    isMine: async () => true,
    restFactor: 0,
    gathers,
  });

const cli = (...args: string[]) =>
  runCli(app, ['ledger', ...args], { ROLECALL_LEDGER_ARCHIVE: folder });
const verify = () => app.app.get(LedgerVerification).run(SYSTEM_ACTOR);
const files = () => readdirSync(folder).sort();

/** As if the last change of a rule, and the last lift of a hold, were long ago. */
async function letTimePass(): Promise<void> {
  await app.sql('ALTER TABLE ledger_rule DISABLE TRIGGER USER');
  await app.sql(`UPDATE ledger_rule SET acts_at = now() - interval '1 hour'`);
  await app.sql('ALTER TABLE ledger_rule ENABLE TRIGGER USER');
  await app.sql('ALTER TABLE ledger_hold DISABLE TRIGGER USER');
  await app.sql(`UPDATE ledger_hold SET lifted_at = lifted_at - interval '2 days'`);
  await app.sql('ALTER TABLE ledger_hold ENABLE TRIGGER USER');
}

/** `count` entries of a room, and as many as fill their tile, so that all of them are in full ones. */
async function writeOld(days: number, count: number, fields: object): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) =>
    oldEntry({
      kind: 'participant.joined',
      identity: `p${i % 5}`,
      personal: { name: 'P' },
      ...fields,
    }),
  );
  await writeOldEntries(app, days, entries);
  await world.sealed();
  await world.write(256);
  await world.sealed();
}

async function addRule(rule: object): Promise<Json> {
  const { status, body } = await api('POST', 'retention/rules', rule);
  expect([status, body.code]).toEqual([201, undefined]);
  return body;
}

async function removeRules(): Promise<void> {
  for (const { id } of (await api('GET', 'retention')).body.rules) {
    await api('DELETE', `retention/rules/${id}`);
  }
}

const inRoom = (room: string) =>
  app.sql<{ shard: number; seq: string; at_us: string }>(
    `SELECT shard, seq, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us
     FROM ledger_entry WHERE room = $1 AND kind = 'participant.joined' ORDER BY at, shard, seq`,
    [room],
  );

describe('rules', () => {
  it('let go what is older, a day after they were set: into an archive, with the tree whole', async () => {
    await writeOld(40, 300, { room: 'lab-1' });
    await writeOld(40, 5, { room: 'hall' });
    const [first] = await inRoom('lab-1');
    const id = ledgerId({ shard: first!.shard, seq: Number(first!.seq), atMicros: first!.at_us });
    const rule = await addRule({
      group: 'presence',
      rooms: 'lab-*',
      keepDays: 30,
      reason: 'Works council',
    });
    await addRule({ group: 'presence', rooms: 'lab-*', keepDays: 7 });
    const preview = (await api('POST', 'retention/preview', {})).body;
    expect(preview).toMatchObject({ entries: 300, held: 0, isComplete: true });
    expect(preview.rooms).toEqual([{ room: 'lab-1', entries: 300 }]);
    expect(preview.rules).toEqual([{ rule: rule.id, entries: 300 }]); // the longest decides
    expect(await pass()).toEqual({ archives: 0, entries: 0 });

    await letTimePass();
    const counted = await app.sql('SELECT ledger_recount()');
    expect(counted).toHaveLength(1);
    expect(await pass()).toEqual({ archives: 1, entries: 300 });
    expect(await inRoom('lab-1')).toEqual([]);
    expect(await inRoom('hall')).toHaveLength(5);
    const report = await verify();
    expect(report).toMatchObject({ finding: null, problems: [], isProved: true });
    expect(report.forgotten).toMatchObject([{ entries: 300 }]);
    expect(report.forgotten[0]?.rule).toContain(`${rule.id} (presence in lab-*, 30 days)`);

    const { data } = (await api('GET', 'archives')).body;
    expect(data).toMatchObject([{ state: 'forgotten', entries: 300, rule: { id: rule.id } }]);
    expect(data[0].entry).toBe(report.forgotten[0]?.entry);
    expect((await api('POST', `archives/${data[0].id}/verify`)).body).toMatchObject({
      isProved: true,
      problems: [],
    });
    for (const path of [id, `${id}/proof`]) {
      const { status, body } = await api('GET', path);
      expect([path, status, body.code]).toEqual([path, 410, 'ledger.forgotten']);
      expect(body.forgotten).toMatchObject({ archive: data[0].id, rule: { keepDays: 30 } });
    }
    expect((await api('GET', `${id}9999`)).status).toBe(404);
    // An export of everything is proved to be whole, and says what is not in it.
    const { text } = await app.inject('GET', '/api/v1/ledger/export', { as: app.admin });
    const exported = join(folder, 'export.ndjson');
    writeFileSync(exported, text);
    const checked = await checkExport(await readExportFile([exported]), sha256, {
      vkeys: (await app.app.get(TreeStore).keys()).map(({ vkey }) => vkey),
      policy: null,
    });
    expect(checked).toMatchObject({ finding: null, problems: [], isWhole: true, forgotten: 300 });
    rmSync(exported);
    // The counts beside the log are of what is there.
    const before = await app.sql('SELECT * FROM ledger_count ORDER BY 1, 2, 3, 4');
    await app.sql('SELECT ledger_recount()');
    const kinds = (rows: object[]) =>
      JSON.stringify(rows.filter((row: Json) => row.kind.startsWith('participant')));
    expect(kinds(before)).toBe(
      kinds(await app.sql('SELECT * FROM ledger_count ORDER BY 1, 2, 3, 4')),
    );
    await removeRules();
  });

  it('let go a few entries once a day, as each archive has an entry of its own', async () => {
    await writeOld(30, 10, { room: 'few' });
    await addRule({ rooms: 'few', keepDays: 30 });
    await letTimePass();
    expect(await pass(true)).toEqual({ archives: 0, entries: 0 });
    await removeRules();
    await addRule({ rooms: 'few', keepDays: 29 });
    await letTimePass();
    expect(await pass(true)).toEqual({ archives: 1, entries: 10 });
    await removeRules();
  });

  it('let go a whole month as one', async () => {
    await writeOld(100, 260, { room: 'gone' });
    const part = await app.sql<{ name: string }>(
      `SELECT DISTINCT tableoid::regclass::text AS name FROM ledger_entry WHERE room = 'gone'`,
    );
    await addRule({ rooms: 'gone', keepDays: 60 });
    await letTimePass();
    const dry = await cli('retain', '--dry-run');
    expect(dry.out).toContain('260 entries would go');
    expect(dry.out).toContain('gone: 260');
    expect((await cli('retain')).out).toBe('260 entries went into 1 archives');
    expect(await app.sql('SELECT to_regclass($1) AS it', [part[0]!.name])).toEqual([{ it: null }]);
    expect(await verify()).toMatchObject({ finding: null, isProved: true });
    await removeRules();
  });

  it('are not for who may only look, nor for who sees some rooms', async () => {
    const auditor = await app.newOperator([{ role: 'auditor' }]);
    expect((await api('GET', 'retention', undefined, auditor)).status).toBe(200);
    expect((await api('GET', 'holds', undefined, auditor)).status).toBe(200);
    const rule = { keepDays: 30 };
    expect((await api('POST', 'retention/rules', rule, auditor)).status).toBe(403);
    expect(
      (await api('POST', 'holds', { on: 'room', name: 'x', reason: 'y' }, auditor)).status,
    ).toBe(403);
    const limited = await app.newOperator([{ role: 'admin', rooms: ['lab-*'] }]);
    for (const path of ['retention', 'holds', 'archives', 'forgotten']) {
      expect([path, (await api('GET', path, undefined, limited)).status]).toEqual([path, 403]);
    }
    expect((await api('POST', 'retention/rules', rule, limited)).status).toBe(403);
    const { status, body } = await api('POST', 'retention/rules', { keepDays: 6 });
    expect([status, Object.keys(body.errors)]).toEqual([400, ['keepDays']]);
    const forEver = { kinds: ['ledger.forgotten'], keepDays: 30 };
    expect((await api('POST', 'retention/rules', forEver)).body.errors).toHaveProperty('kinds');
  });
});

describe('legal holds', () => {
  it('keep entries from rules and from erasing, until they are lifted', async () => {
    await writeOld(40, 20, { room: 'court' });
    await addRule({ rooms: 'court', keepDays: 30 });
    await letTimePass();
    const hold = (await api('POST', 'holds', { on: 'person', name: 'p1', reason: 'Case 1' })).body;
    expect((await api('POST', 'retention/preview', {})).body).toMatchObject({
      entries: 16,
      held: 4,
    });
    expect(await pass()).toMatchObject({ entries: 16 });
    expect(await inRoom('court')).toHaveLength(4);
    const erase = (id: string) =>
      app.app
        .get(LedgerEraser)
        .erase(app.database.ownerUrl, SYSTEM_ACTOR, { of: 'identity', id, before: null });
    await expect(erase('p1')).rejects.toMatchObject({
      code: 'ledger.held',
      options: { extra: { holds: [hold.id] } },
    });
    // Not even the owner, by hand.
    await expect(
      app.sql(`UPDATE ledger_entry e SET identity = NULL, personal = NULL, reason = NULL, subject_salt = NULL,
        subject_commitment = (ledger_erased(e, false, true)).subject_commitment WHERE room = 'court'`),
    ).rejects.toMatchObject({ code: '42501' });
    const lift = () => api('POST', `holds/${hold.id}/lift`, { reason: 'Closed' });
    expect((await lift()).status).toBe(200);
    expect((await lift()).body.code).toBe('ledger.hold_lifted');
    expect(await pass()).toMatchObject({ entries: 0 }); // for another day
    await letTimePass();
    expect(await pass()).toMatchObject({ entries: 4 });
    expect((await erase('p1')).entries).toBeGreaterThan(0);
    const { data } = (await api('GET', 'holds')).body;
    expect(data).toMatchObject([{ id: hold.id, name: null, reason: '' }]);
    expect(await verify()).toMatchObject({ finding: null, isProved: true });
    await removeRules();
  });

  it('that are placed between archiving and forgetting win', async () => {
    await writeOld(40, 10, { room: 'race' });
    await addRule({ rooms: 'race', keepDays: 30 });
    await letTimePass();
    const store = app.app.get(ArchiveStore);
    const forget = store.forget.bind(store);
    const app2 = new pg.Client({ connectionString: app.database.appUrl });
    await app2.connect();
    store.forget = async (...given) => {
      // Not committed yet, then committed: the archive waits, and then finds it.
      await app2.query('BEGIN');
      await app2.query(
        `INSERT INTO ledger_hold (id, held, name, reason, placed_by)
         VALUES (gen_random_uuid(), 'room', 'race', 'Case 2', 'test')`,
      );
      await expect(forget(...given)).rejects.toMatchObject({ code: '55P03' });
      await app2.query('COMMIT');
      return forget(...given);
    };
    try {
      expect(await pass()).toEqual({ archives: 0, entries: 0 });
    } finally {
      store.forget = forget;
      await app2.end();
    }
    expect(await inRoom('race')).toHaveLength(10);
    expect(await app.sql('SELECT FROM ledger_archive WHERE forgotten_at IS NULL')).toEqual([]);
    await removeRules();
  });
});

describe('archiving that is cut off', () => {
  it('loses nothing, at whatever step', async () => {
    await writeOld(40, 30, { room: 'crash', identity: 'quinn' });
    await addRule({ rooms: 'crash', keepDays: 30 });
    await letTimePass();
    const store = app.app.get(ArchiveStore);
    const [abandon, finish, forget] = [store.abandon, store.finish, store.forget];
    const before = files();
    // A process that is killed runs nothing afterwards, either.
    const killed = () => Promise.reject(new Error('killed'));
    try {
      store.abandon = killed;
      store.finish = killed;
      await expect(pass()).rejects.toThrow('killed');
      store.finish = finish.bind(store);
      store.forget = killed;
      store.abandon = abandon.bind(store);
      await expect(pass()).rejects.toThrow('killed');
      expect(await inRoom('crash')).toHaveLength(30);
      // Archived and not dropped; now its file is gone, or is not what it was.
      const [added] = files().filter((name) => !before.includes(name));
      const path = join(folder, added!);
      writeFileSync(path, readFileSync(path).subarray(0, -10));
    } finally {
      Object.assign(store, { abandon, finish, forget });
    }
    expect(await pass()).toMatchObject({ entries: 0 }); // it is written again
    // Somebody is erased while their entries are archived, and not dropped yet: once more.
    store.forget = killed;
    await expect(pass()).rejects.toThrow('killed');
    store.forget = forget;
    expect(
      readFileSync(
        join(
          folder,
          files().find((name) => !before.includes(name))!,
        ),
        'utf8',
      ),
    ).toContain('quinn');
    const erasure = { of: 'identity', id: 'quinn', before: null } as const;
    await app.app.get(LedgerEraser).erase(app.database.ownerUrl, SYSTEM_ACTOR, erasure);
    expect(await pass()).toMatchObject({ entries: 30 });
    expect(await inRoom('crash')).toEqual([]);
    expect(files().length).toBe(before.length + 1);
    const reports = await app.app.get(ArchivesService).verifyFolder(SYSTEM_ACTOR, folder);
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
    // A line that no sum of the export covers is covered by that of the file.
    const [last] = files().filter((name) => !before.includes(name));
    const whole = readFileSync(join(folder, last!));
    expect(whole.toString()).not.toContain('quinn');
    writeFileSync(join(folder, last!), Buffer.concat([whole, Buffer.from('{"progress":1}\n')]));
    writeFileSync(join(folder, `ledger-000000000000-${randomUUID()}.ndjson`), whole);
    const tampered = await cli('verify', '--archive', folder);
    expect(tampered.status).toBe(1);
    expect(tampered.out).toMatch(/its SHA-256 is [0-9a-f]{64}, the log has signed [0-9a-f]{64}/);
    expect(tampered.out).toContain('no archive of this log has this file');
    writeFileSync(join(folder, last!), whole);
    expect(await verify()).toMatchObject({ finding: null, isProved: true });
    await removeRules();
  });
});

describe('what nobody may do', () => {
  it('is refused to the server’s role: to drop what is not due, or was not archived', async () => {
    await writeOld(40, 10, { room: 'safe' });
    const server = new pg.Client({ connectionString: app.database.appUrl });
    await server.connect();
    try {
      for (const sql of [
        `DELETE FROM ledger_entry WHERE room = 'safe'`,
        'DELETE FROM ledger_archive',
        `UPDATE ledger_archive SET forgotten_in = '1'`,
        'DELETE FROM ledger_hold',
        'SELECT ledger_lower_counts(NULL, NULL, NULL, NULL, NULL)',
      ]) {
        await expect(server.query(sql)).rejects.toMatchObject({ code: '42501' });
      }
      const [{ leaf }] = (await app.sql<{ leaf: string }>(
        `SELECT r.first_index / 256 * 256 AS leaf FROM ledger_entry e JOIN ledger_range r
           ON r.shard = e.shard AND r.first_seq <= e.seq AND r.first_seq + r.count > e.seq
         WHERE room = 'safe' LIMIT 1`,
      )) as [{ leaf: string }];
      const first = Number(leaf);
      const bits = Buffer.alloc(32, 255);
      const { rows } = await server.query(
        `SELECT ledger_archive_begin($4, $5, gen_random_uuid(), '{}', $1, $2, $3, 256) AS done`,
        [first, first + 256, bits, NOBODY, archiveFile(NOBODY, first)],
      );
      expect(rows).toEqual([{ done: false }]); // no rule is about them
      // A rule of its own is named, and lets nothing go for a day.
      await server.query(
        `INSERT INTO ledger_rule (id, keep_days, by_label, acts_at) VALUES (gen_random_uuid(), 7, 'x', '2000-01-01')`,
      );
      expect(await app.ledger('policy.changed_directly')).toContainEqual(
        expect.objectContaining({ payload: expect.objectContaining({ table: 'ledger_rule' }) }),
      );
      expect(await pass()).toEqual({ archives: 0, entries: 0 });
      await server.query('DELETE FROM ledger_rule');
    } finally {
      await server.end();
    }
    expect(await inRoom('safe')).toHaveLength(10);
  });

  it('is refused to it whatever it sets in its session, and whatever it says of an archive', async () => {
    await writeOld(40, 4, { room: 'old' });
    const server = new pg.Client({ connectionString: app.database.appUrl });
    await server.connect();
    const victim = join(folder, '..', `${basename(folder)}-victim`);
    writeFileSync(victim, '');
    try {
      const leavesOf = async (room: string) =>
        (
          await app.sql<{ leaf: string }>(
            `SELECT r.first_index + e.seq - r.first_seq AS leaf FROM ledger_entry e JOIN ledger_range r
               ON r.shard = e.shard AND r.first_seq <= e.seq AND r.first_seq + r.count > e.seq
             WHERE room = $1 ORDER BY 1`,
            [room],
          )
        ).map(({ leaf }) => Number(leaf));
      const begin = async (id: string, leaves: number[], entries: number, name?: string) => {
        const firstLeaf = Math.floor(leaves[0]! / 256) * 256;
        const endLeaf = Math.floor(leaves.at(-1)! / 256) * 256 + 256;
        const { rows } = await server.query(
          `SELECT ledger_archive_begin($1, $2, $3, '{}', $4, $5, $6, $7) AS done`,
          [
            ...[id, name ?? archiveFile(id, firstLeaf), NOBODY, firstLeaf, endLeaf],
            ...[Buffer.from(bitsOf(leaves, firstLeaf, endLeaf)), entries],
          ],
        );
        return rows[0].done;
      };
      const addOwnRule = (rooms: string | null) =>
        server.query(
          `INSERT INTO ledger_rule (id, rooms, keep_days, by_label) VALUES ($1, $2, 7, 'x')`,
          [NOBODY, rooms],
        );
      const old = await leavesOf('old');
      const young = await leavesOf('room 1');

      // In a zone of one's own a week ago may be a week ahead.
      const zoneIn = async (isOdd: string) => {
        for (let day = 1; day < 366; day++) {
          const rest = `J${day}/0,J${((day + 180) % 365) + 1}/0`;
          for (const zone of [`AAA+160BBB-160,${rest}`, `AAA-160BBB+160,${rest}`]) {
            await server.query(`SET TimeZone = '${zone}'`);
            if ((await server.query(`SELECT ${isOdd} AS it`)).rows[0].it) return;
          }
        }
        throw new Error(`no zone in which ${isOdd}`);
      };
      await addOwnRule(null);
      await letTimePass();
      await zoneIn(`clock_timestamp() - interval '7 days' > clock_timestamp()`);
      expect(await begin(randomUUID(), young, young.length)).toBe(false);
      await server.query('RESET TimeZone');
      await server.query('DELETE FROM ledger_rule');

      await addOwnRule('old');
      await letTimePass();
      await expect(begin(randomUUID(), old, 4, `../${basename(victim)}`)).rejects.toThrow(
        'is not described',
      );
      const more = [...old, ...young].sort((a, b) => a - b);
      await expect(begin(randomUUID(), more, 4)).rejects.toThrow('is not described');
      expect(await begin(randomUUID(), more, more.length)).toBe(false);
      await server.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await expect(begin(randomUUID(), old, 4)).rejects.toThrow('READ COMMITTED');
      await server.query('ROLLBACK');

      // What was held since the archive was finished, and is no longer, waits for a day.
      const id = randomUUID();
      expect(await begin(id, old, 4)).toBe(true);
      await server.query(`SELECT ledger_archive_finish($1, 1, '', '', 'note', $2)`, [
        id,
        JSON.stringify({ archive: id, note: 'note' }),
      ]);
      await server.query(
        `INSERT INTO ledger_hold (id, held, name, reason, placed_by) VALUES ($1, 'room', 'old', 'x', 'x')`,
        [NOBODY],
      );
      await server.query('UPDATE ledger_hold SET lifted_at = now() WHERE id = $1', [NOBODY]);
      await expect(
        server.query('UPDATE ledger_hold SET name = NULL WHERE id = $1', [NOBODY]),
      ).rejects.toMatchObject({ code: '42501' });
      const { rows } = await server.query(
        `SELECT ledger_forget(ARRAY[$1::uuid], NULL, 'system', NULL, 'x', NULL, NULL) AS done`,
        [id],
      );
      expect(rows).toEqual([{ done: false }]);

      // Not even a row that names another file takes it away.
      await app.sql('UPDATE ledger_archive SET file = $1, is_abandoned = true WHERE id = $2', [
        `../${basename(victim)}`,
        id,
      ]);
      await pass();
      expect(existsSync(victim)).toBe(true);
      expect(await leavesOf('old')).toEqual(old);
      await server.query('DELETE FROM ledger_rule');
    } finally {
      await server.end();
      rmSync(victim, { force: true });
    }
  });

  it('is found when the owner does it, with the triggers off', async () => {
    const [victim] = await inRoom('safe');
    const tampered = async (...statements: string[]) => {
      await world.tamper(...statements);
      return verify();
    };
    const where = `shard = ${victim!.shard} AND seq = ${victim!.seq}`;
    const found = await tampered(
      `CREATE TABLE kept AS SELECT * FROM ledger_entry WHERE ${where}`,
      `DELETE FROM ledger_entry WHERE ${where}`,
    );
    expect(found.finding).toMatchObject({
      problem: expect.stringContaining('the entry is missing'),
    });
    // A forged entry says that a rule let it go: only the log's key can sign that.
    const { rows } = await owner.query<{ payload: Json }>(
      `SELECT payload FROM ledger_entry WHERE kind = 'ledger.forgotten' LIMIT 1`,
    );
    const said = rows[0]?.payload;
    const [statement, json, ...signature] = String(said.note).split('\n');
    const [{ leaf }] = (await app.sql<{ leaf: string }>(
      `SELECT first_index + $2::bigint - first_seq AS leaf FROM ledger_range
       WHERE shard = $1 AND first_seq <= $2 AND first_seq + count > $2`,
      [victim!.shard, victim!.seq],
    )) as [{ leaf: string }];
    const firstLeaf = Math.floor(Number(leaf) / 256) * 256;
    const leaves = leavesText(bitsOf([Number(leaf)], firstLeaf, firstLeaf + 256));
    const forgery = {
      ...JSON.parse(json!),
      firstLeaf,
      endLeaf: firstLeaf + 256,
      leaves,
      entries: 1,
    };
    const note = [statement, JSON.stringify(forgery), ...signature].join('\n');
    await rawAppend(owner, 0, 0, [
      oldEntry({ kind: 'ledger.forgotten', payload: { archive: said.archive, note } }),
    ]);
    await world.sealed();
    const forged = await verify();
    expect(forged.isProved).toBe(false);
    expect(forged.problems).toEqual([
      expect.stringMatching(/says that entries were forgotten: the signature of .* is wrong/),
    ]);
    expect(forged.finding).toMatchObject({
      problem: expect.stringContaining('the entry is missing'),
    });
    await tampered('INSERT INTO ledger_entry SELECT * FROM kept');
    // What was forgotten, put back.
    const [archived] = files();
    expect(readFileSync(join(folder, archived!), 'utf8')).toContain('participant.joined');
  });
});
