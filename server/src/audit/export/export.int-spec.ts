import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { HOSTILE_TEXTS, UNSAFE } from '../../../test/support/hostile-text.js';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { runNode } from '../../../test/support/run-cli.js';
import { type Credential, startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { Actor, SYSTEM_ACTOR } from '../../actor/actor.js';
import { DossierMaker } from '../../ledger/dossier/dossier-maker.js';
import { LogExport } from '../../ledger/export/log-export.js';
import { entriesBetween, type Where } from '../../ledger/export/leaf-entries.js';
import { makeVerifier } from '../../ledger/export/single-file.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import { parseQuery } from '../../ledger/query/index.js';

const folder = mkdtempSync(join(tmpdir(), 'rolecall-log-export-'));
const verifier = join(folder, 'verify.mjs');
let app: TestApp;
let ledger: LedgerWorld;
let auditor: Credential;
let url: string;
let key: string;
let count = 0;

const newFile = (text: string) => {
  const file = join(folder, `export-${++count}.ndjson`);
  writeFileSync(file, text);
  return file;
};
const verify = (...args: string[]) => runNode([verifier, ...args]);
const get = (as: Credential, query: Record<string, string>) =>
  app.inject('GET', `/api/v1/ledger/export?${new URLSearchParams(query)}`, { as });
interface Line {
  leaf: number;
  id: string;
  entry: { room: string | null; kind: string };
  actor?: { part: { label: string } };
  subject?: { part: { identity: string; reason: string } };
}
const entriesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"leaf":'))
    .map((line) => JSON.parse(line) as Line);

/** Records of a CSV as RFC 4180 has them. */
function records(text: string): string[][] {
  const all: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
  )) {
    if (end === '' && quoted === undefined && plain === '') break;
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    all.push(row);
    row = [];
  }
  return all;
}

/** Leaves after `bytes`, as somebody whose connection breaks. */
function cutAfter(as: Credential, query: Record<string, string>, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { headers: as.headers };
    const path = `${url}/api/v1/ledger/export?${new URLSearchParams(query)}`;
    const asked = request(path, options, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (Buffer.byteLength(text) < bytes) return;
        asked.destroy();
        resolve(text);
      });
      response.once('end', () => reject(new Error('it ended before it was cut')));
      response.on('error', () => undefined);
    });
    asked.on('error', () => undefined);
    asked.end();
  });
}

beforeAll(async () => {
  app = await startTestApp();
  ledger = new LedgerWorld(app);
  auditor = await app.newOperator([{ role: 'auditor' }]);
  await ledger.write(700);
  const service = app.app.get(LedgerService);
  for (const text of HOSTILE_TEXTS) {
    await service.appendDurably({
      kind: 'participant.changed_elsewhere',
      outcome: 'ok',
      actor: new Actor('participant', text, text, [], text, '203.0.113.9'),
      room: text,
      identity: text,
      reason: text,
      payload: { before: { [text.slice(0, 100)]: text }, after: { metadata: text } },
    });
  }
  await ledger.sealed();
  await app.app.listen(0, '127.0.0.1');
  url = await app.app.getUrl();
  const keys = (await app.inject('GET', '/api/v1/ledger/keys')).body.keys as { vkey: string }[];
  key = keys.map(({ vkey }) => vkey).sort((a, b) => a.length - b.length)[0]!;
  writeFileSync(verifier, await makeVerifier());
});
afterAll(async () => {
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('an export over HTTP', () => {
  it('proves itself anywhere, whole, and every change of it', async () => {
    const { status, text, headers } = await get(app.admin, {});
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
    const proved = await verify(newFile(text), '--key', key);
    expect(proved).toMatchObject({
      status: 0,
      out: expect.stringMatching(/none of these leaves is left out/),
    });
    const { id } = entriesOf(text)[300]!;
    for (const [change, found] of [
      [(line: string) => line.replace('"outcome":"ok"', '"outcome":"no"'), id],
      [(line: string) => line.replace('"salt":"', '"salt":"00'), id],
      [() => null, 'leaf 300: .*missing'],
      [(line: string) => `${line}\n${line}`, id],
    ] as const) {
      const changed = text
        .split('\n')
        .map((line) => (line.includes(`"id":"${id}"`) ? change(line) : line))
        .filter((line) => line !== null);
      const wrong = await verify(newFile(changed.join('\n')), '--key', key);
      expect([wrong.status, wrong.out]).toEqual([1, expect.stringMatching(found)]);
    }
    const claim = text.replace(/"manifest":"(.*?)"entries\\":/, '"manifest":"$1"entries\\":1');
    expect(claim).not.toBe(text);
    expect(await verify(newFile(claim))).toMatchObject({ status: 1 });
  });

  it('is in the log before it begins, and summed up when it ends', async () => {
    const { text } = await get(auditor, { query: 'room:"room 5"' });
    const [started] = (await app.ledger('ledger.export_started')).slice(-1);
    const [ended] = (await app.ledger('ledger.exported')).slice(-1);
    expect(started).toMatchObject({
      actor_id: auditor.id,
      payload: { format: 'ndjson', hasPeople: false, filter: { query: 'room:"room 5"' } },
    });
    const lines = text.split('\n').filter((line) => line.startsWith('{"leaf":'));
    const sum = createHash('sha256')
      .update(`${lines.join('\n')}\n`)
      .digest('hex');
    expect(ended?.payload).toMatchObject({ entries: 1, entriesSha256: sum });
    expect(lines).toHaveLength(1);
    await app.sql('ALTER TABLE ledger_head RENAME TO ledger_head_away');
    try {
      const { status, text: refused } = await get(auditor, {});
      expect(status).toBeGreaterThanOrEqual(500);
      expect(refused).not.toContain('"leaf"');
    } finally {
      await app.sql('ALTER TABLE ledger_head_away RENAME TO ledger_head');
    }
  });

  it('is none where only its headers are asked for', async () => {
    const before = (await app.ledger('ledger.export_started')).length;
    const { status, text } = await app.inject('HEAD', '/api/v1/ledger/export', { as: auditor });
    expect([status, text]).toEqual([200, '']);
    expect(await app.ledger('ledger.export_started')).toHaveLength(before);
  });

  it('leaves out people without the permission, and is proved all the same', async () => {
    const masked = await get(auditor, {});
    expect(masked.text).not.toMatch(/"salt"|person 2|203\.0\.113\.9|admin@example/);
    const { status, out } = await verify(newFile(masked.text), '--key', key);
    expect([status, out]).toEqual([0, expect.stringMatching(/people: 0 parts proved, \d+ erased/)]);
    expect((await get(auditor, { people: 'true' })).status).toBe(403);
    const asked = await get(app.admin, { people: 'false' });
    expect(asked.text).not.toMatch(/"salt"/);
    const csv = await get(auditor, { format: 'csv' });
    expect(csv.text).not.toMatch(/person 2|203\.0\.113\.9|admin@example/);
  });

  it('has only the rooms of somebody who is limited to some, and people where they may', async () => {
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['room 1*'] }]);
    const { text } = await get(limited, {});
    const rooms = entriesOf(text).map(({ entry }) => entry.room);
    expect(rooms.length).toBe(111);
    expect(rooms.every((room) => room?.startsWith('room 1'))).toBe(true);
    expect(await verify(newFile(text), '--key', key)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/not proved: that the filter/),
    });
    const both = await app.newOperator([
      { role: 'auditor' },
      { role: 'admin', rooms: ['room 2*'] },
    ]);
    const lines = entriesOf((await get(both, { query: 'kind:room.created' })).text);
    const named = lines.filter(({ subject }) => subject).map(({ entry }) => entry.room);
    expect(named.length).toBeGreaterThan(40);
    expect(named.every((room) => room?.startsWith('room 2'))).toBe(true);
  });

  it('that was cut off says so, and is proved when it was continued', async () => {
    const query = { query: 'before:2100-01-01' };
    const whole = await get(app.admin, query);
    const cut = await cutAfter(app.admin, query, 150_000);
    expect(cut).not.toContain('"manifest"');
    const stopped = await until('that it was cut off is in the log', async () =>
      (await app.ledger('ledger.export_stopped')).at(-1),
    );
    expect(stopped.payload).toMatchObject({ why: 'reader_left' });

    const file = newFile(cut.slice(0, -7)); // within a line
    const told = await verify(file, '--key', key);
    const after = /after=(\S+)/.exec(told.out)?.[1] ?? '';
    expect([told.status, told.out]).toEqual([1, expect.stringMatching(/was cut off/)]);
    const rest = await get(app.admin, { ...query, after });
    expect(entriesOf(rest.text)[0]!.leaf).toBeGreaterThan(100);

    const parts = await verify(file, newFile(rest.text), '--key', key);
    expect([parts.status, parts.out]).toEqual([
      0,
      expect.stringMatching(/of leaves 0 to \d+[^]*2 parts[^]*none of these leaves is left out/),
    ]);
    appendFileSync(file, rest.text);
    expect((await verify(file, '--key', key)).status).toBe(0);
    const ids = (text: string) => new Set(text.match(/(?<="id":")[0-9a-z-]+(?=","entry")/g));
    const joined = ids(readFileSync(file, 'utf8'));
    expect([...ids(whole.text)].filter((id) => !joined.has(id))).toEqual([]);

    const lost = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('{"leaf":50,'));
    expect(await verify(newFile(lost.join('\n')), '--key', key)).toMatchObject({
      status: 1,
      out: expect.stringMatching(/leaf 50: .*missing/),
    });
  });

  it('is refused where it is asked for wrongly, or while another one of theirs runs', async () => {
    const other = await app.newOperator([{ role: 'auditor' }]);
    expect((await get(other, { after: 'zzz-1-99999' })).status).toBe(404);
    expect((await get(other, { format: 'parquet' })).status).toBe(400);
    expect((await get(other, { query: 'rom:x' })).status).toBe(400);
    const nobody = await app.newApiKey(['room.read']);
    expect((await get(nobody, {})).status).toBe(403);

    // More than a connection holds that nobody reads from.
    const metadata = 'x'.repeat(65_536);
    await Promise.all(
      Array.from({ length: 300 }, () =>
        app.app.get(LedgerService).appendDurably({
          kind: 'room.changed_elsewhere',
          outcome: 'ok',
          actor: SYSTEM_ACTOR,
          payload: { metadata },
        }),
      ),
    );
    await ledger.sealed();
    const stuck = request(`${url}/api/v1/ledger/export`, { headers: app.admin.headers });
    const isGone = once(stuck, 'close');
    stuck.on('error', () => undefined).end();
    await once(stuck, 'response'); // whose body nobody reads
    const { status, headers } = await get(app.admin, {});
    expect([status, headers['retry-after']]).toEqual([503, '10']);
    expect((await get(other, {})).status).toBe(200);
    stuck.destroy();
    await isGone;
    await until('their next one begins', async () => (await get(app.admin, {})).status === 200);
  });

  it('is cut off when whoever asked for it may no longer', async () => {
    const { query } = parseQuery('');
    const stream = await app.app.get(LogExport).start(SYSTEM_ACTOR, {
      search: { query, from: null, to: null, rooms: null, actors: new Map(), token: null },
      text: '',
      zone: 'UTC',
      format: 'csv',
      after: null,
      hasPeople: true,
      isStillAllowed: () => Promise.resolve(false),
    });
    const now = performance.now.bind(performance);
    let text = '';
    const later = jest.spyOn(performance, 'now');
    try {
      await expect(
        (async () => {
          for await (const chunk of stream) {
            text += String(chunk);
            later.mockImplementation(() => now() + 60_000);
          }
        })(),
      ).rejects.toThrow(/may not any longer/);
    } finally {
      later.mockRestore();
    }
    expect(text).not.toContain('#manifest');
    const stopped = await until('it is in the log', async () =>
      (await app.ledger('ledger.export_stopped')).find(({ payload }) => payload.why === 'failed'),
    );
    expect(stopped.actor_kind).toBe('system');
  });

  it('has one line for each entry, whatever is written in it', async () => {
    const query = 'kind:participant.changed_elsewhere';
    const { text } = await get(app.admin, { query });
    expect(UNSAFE.test(text)).toBe(false);
    const lines = entriesOf(text);
    expect(lines).toHaveLength(HOSTILE_TEXTS.length);
    const stored = HOSTILE_TEXTS.map((one) => one.replaceAll('\u0000', '\ufffd').toWellFormed());
    expect(lines.map(({ subject }) => subject?.part.reason)).toEqual(stored);
    expect(await verify(newFile(text), '--key', key)).toMatchObject({ status: 0 });

    const csv = await get(app.admin, { query, format: 'csv' });
    expect(UNSAFE.test(csv.text.replaceAll('\r\n', '\n'))).toBe(false);
    const rows = records(csv.text);
    const columns = rows[0]!;
    expect(columns).toHaveLength(16);
    expect(rows).toHaveLength(HOSTILE_TEXTS.length + 2);
    for (const row of rows.slice(1, -1)) {
      expect(row).toHaveLength(columns.length);
      for (const field of row) expect(field).not.toMatch(/^\s*[=+\-@＝]/u);
    }
    const [end, note] = rows.at(-1)!;
    expect(end).toBe('#manifest');
    const manifest = JSON.parse(note!.split('\n')[1]!) as Record<string, unknown>;
    const body = csv.text.slice(0, csv.text.indexOf('#manifest'));
    expect(manifest).toMatchObject({
      entries: HOSTILE_TEXTS.length,
      entriesSha256: createHash('sha256').update(body).digest('hex'),
    });
  });
});

describe('entries that are long', () => {
  const LENGTH = 250_000;
  const COUNT = 40;
  /** Of its own: nothing here has to wait for a shard that an earlier test lost. */
  let own: TestApp;
  let address: string;

  beforeAll(async () => {
    own = await startTestApp();
    await own.app.listen(0, '127.0.0.1');
    address = await own.app.getUrl();
    const service = own.app.get(LedgerService);
    const begin = { kind: 'room.started', outcome: 'ok', room: 'long' } as const;
    await service.appendDurably({ ...begin, actor: SYSTEM_ACTOR, payload: { sid: 'RM_1' } });
    for (let i = 0; i < COUNT; i++) {
      await service.appendDurably({
        kind: 'participant.changed_elsewhere',
        outcome: 'ok',
        actor: SYSTEM_ACTOR,
        room: 'long',
        payload: { after: { metadata: 'x'.repeat(LENGTH) } },
      });
    }
    await new LedgerWorld(own).sealed();
  });
  afterAll(() => own?.stop());

  it('are read a few at a time, also after a long stretch without a match', async () => {
    const client = new pg.Client({ connectionString: own.database.appUrl });
    await client.connect();
    const where: Where = (parameter) => [`room = ${parameter('long')}`];
    let [found, most] = [0, 0];
    try {
      const end = await new LedgerWorld(own).entries();
      for await (const { rows } of entriesBetween(client, { first: 0, end }, where)) {
        found += rows.length;
        most = Math.max(most, rows.length * LENGTH);
      }
    } finally {
      await client.end();
    }
    expect(found).toBe(COUNT + 1);
    expect(most).toBeGreaterThan(LENGTH);
    expect(most).toBeLessThan(5 * 1024 * 1024);
  });

  it('make a page of the log shorter, and the next one goes on', async () => {
    const ids: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const query = new URLSearchParams({
        query: 'room:long',
        limit: '100',
        ...(cursor && { cursor }),
      });
      const { status, body } = await own.inject('GET', `/api/v1/ledger/acts?${query}`, {
        as: own.admin,
      });
      expect(status).toBe(200);
      ids.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.pageInfo.next;
    }
    expect(new Set(ids).size).toBe(COUNT + 1);
    expect(pages).toBeGreaterThan(1);
  });

  it('are refused in a dossier that they make too long, before they are read', async () => {
    const maker = own.app.get(DossierMaker);
    const { mostBytes } = maker;
    maker.mostBytes = (COUNT / 2) * LENGTH;
    const { body } = await own.inject('GET', '/api/v1/rooms/long/sessions', { as: own.admin });
    const route = `/api/v1/rooms/long/sessions/${body.data[0].id}/dossier`;
    expect(await own.inject('GET', route, { as: own.admin })).toMatchObject({
      status: 413,
      body: { code: 'dossier.too_large' },
    });
    maker.mostBytes = mostBytes;
    expect((await own.inject('GET', route, { as: own.admin })).status).toBe(200);
  });

  it('are cut off when nobody takes them, so that the place is free again', async () => {
    const exports = own.app.get(LogExport);
    const { pace } = exports;
    exports.pace = { bytesPerSecond: 1e9, graceMs: 300 };
    try {
      const path = `${address}/api/v1/ledger/export?query=room:long`;
      const asked = request(path, { headers: own.admin.headers });
      asked.on('error', () => undefined);
      asked.end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      response.on('error', () => undefined);
      response.pause();
      await until('it was cut off', async () => {
        const [stopped] = (await own.ledger('ledger.export_stopped')).slice(-1);
        return stopped?.payload['why'] === 'reader_too_slow';
      });
      asked.destroy();
    } finally {
      exports.pace = pace;
    }
  });
});
