import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Certificate, makeCertificate } from '../../../test/support/certificates.js';
import { HOSTILE_TEXTS, UNSAFE } from '../../../test/support/hostile-text.js';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import {
  type RolecallProcess,
  startRolecallProcess,
} from '../../../test/support/rolecall-process.js';
import { HttpsSiem, SyslogSiem } from '../../../test/support/siem-doubles.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { Actor, SYSTEM_ACTOR } from '../../actor/actor.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerStreams } from './ledger-streams.js';

const folder = mkdtempSync(join(tmpdir(), 'rolecall-streams-'));
const tokenFile = join(folder, 'token');
let certificate: Certificate;
let siem: HttpsSiem;
let syslog: SyslogSiem;
const apps: TestApp[] = [];

async function startWith(
  to: Record<string, string>,
  more: Parameters<typeof startTestApp>[0] = {},
): Promise<{ app: TestApp; ledger: LedgerWorld; all: () => Promise<number> }> {
  const list = Object.entries(to).map(([name, url]) => `${name}=${url}`);
  const app = await startTestApp({
    ...more,
    environment: {
      ROLECALL_LOG: 'silent', // failures are what these tests make
      ROLECALL_LEDGER_STREAM_TO: list.join(','),
      ROLECALL_LEDGER_STREAM_CA_FILE: certificate.file,
      ...more.environment,
    },
  });
  apps.push(app);
  const ledger = new LedgerWorld(app);
  return { app, ledger, all: async () => (await ledger.sealed()).size };
}

const viewOf = (app: TestApp, name: string) =>
  app.app.get(LedgerStreams).views.find((view) => view.name === name)!;

beforeAll(() => {
  certificate = makeCertificate(folder);
  writeFileSync(tokenFile, 'first-token\n');
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  await siem?.down();
  await syslog?.down();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the stream to a SIEM over HTTPS', () => {
  it('has every sealed entry in order, with its hash and without people, and goes on', async () => {
    siem = await new HttpsSiem(certificate).up();
    const { app, ledger, all } = await startWith(
      { siem: siem.url },
      { environment: { ROLECALL_LEDGER_STREAM_TOKEN_FILE: `siem=${tokenFile}` } },
    );
    await ledger.write(600);
    const size = await all();
    await until('the SIEM has all', () => siem.hasAll(size));
    expect(siem.events.map(({ unmapped }) => unmapped.leaf)).toEqual(
      Array.from({ length: size }, (_, leaf) => leaf),
    );
    expect(siem.authorization).toBe('Bearer first-token');
    expect(JSON.stringify(siem.events)).not.toMatch(/person 2|admin@example/);
    const rows = await app.sql<{ hash: string }>(
      `SELECT encode(leaf_hash, 'hex') AS hash FROM ledger_entry`,
    );
    const hashes = new Set(rows.map(({ hash }) => hash));
    expect(siem.events.every(({ unmapped }) => hashes.has(unmapped.leaf_hash))).toBe(true);

    writeFileSync(tokenFile, 'second-token');
    await ledger.write(3);
    const more = await all();
    await until('it has the new ones', () => siem.hasAll(more));
    expect(siem.authorization).toBe('Bearer second-token');
    await until('status says so', () => viewOf(app, 'siem').position >= more);
    const { body } = await app.inject('GET', '/api/v1/status', { as: app.admin });
    expect(body.ledger.streams).toMatchObject([{ name: 'siem', to: siem.url, failure: null }]);
  });

  it('loses nothing to one that is down, fails, answers garbage, sends elsewhere, is cut or slow', async () => {
    siem = await new HttpsSiem(certificate).up();
    const { url } = siem;
    await siem.down();
    const { app, ledger, all } = await startWith({ siem: url });
    const failing = () =>
      until('it is noted as failing', () => viewOf(app, 'siem').failingSince !== null);
    await ledger.write(20);
    await failing();
    const { position } = viewOf(app, 'siem');
    expect(position).toBe(0);
    const { body } = await app.inject('GET', '/readyz');
    expect(body.ledger.streams).toEqual([
      { name: 'siem', behind: expect.any(Number), refused: 0, isFailing: true },
    ]);
    await siem.up();
    for (const answer of ['failing', 'garbage', 'elsewhere', 'cut', 'slow'] as const) {
      await until('it has all again', () => all().then((size) => siem.hasAll(size)), 30_000);
      siem.answer = answer;
      const { requests } = siem;
      await ledger.write(10);
      await until(`${answer} was met`, () => siem.requests > requests, 30_000);
      if (answer !== 'slow') await failing();
      siem.answer = 'taken';
    }
    const size = await all();
    await until('nothing is lost', () => siem.hasAll(size), 30_000);
    // Sent again from where it was, never from elsewhere.
    const leaves = siem.events.map(({ unmapped }) => unmapped.leaf);
    let next = 0;
    for (const leaf of leaves) {
      expect(leaf).toBeLessThanOrEqual(next);
      next = Math.max(next, leaf + 1);
    }
    await until('it fails no longer', () => viewOf(app, 'siem').failingSince === null);
  });

  it('puts aside only what it refuses alone, says so, and tries it again', async () => {
    siem = await new HttpsSiem(certificate).up();
    siem.refuses = ({ metadata, unmapped }) =>
      metadata.event_code === 'room.created' && unmapped.leaf % 50 === 7;
    const { app, ledger, all } = await startWith({ siem: siem.url });
    await ledger.write(200);
    const size = await all();
    const isRefused = (leaf: number) => leaf % 50 === 7 && leaf >= 50;
    await until('it has the rest', () => siem.leaves.includes(size - 1));
    const missing = Array.from({ length: size }, (_, leaf) => leaf).filter(
      (leaf) => !siem.leaves.includes(leaf),
    );
    expect(missing.length).toBeGreaterThanOrEqual(3);
    expect(missing.filter(isRefused).length).toBeGreaterThanOrEqual(3);
    await until('it is counted', () => viewOf(app, 'siem').refused === missing.length);
    const problems = app.app.get(LedgerStreams).problems();
    expect(problems).toEqual([
      { code: 'stream_refused', detail: expect.stringMatching(/siem does not take \d+ entries/) },
    ]);
    const { body } = await app.inject('GET', '/api/v1/ledger/integrity', { as: app.admin });
    expect(body.streams).toMatchObject([{ name: 'siem', refused: missing.length }]);

    siem.refuses = () => false;
    await app.sql(`UPDATE ledger_stream_refused SET tried_at = now() - interval '1 hour'`);
    await until('it has them as well', () => siem.hasAll(size));
    await until('nothing is aside', () => viewOf(app, 'siem').refused === 0);
  });

  it('goes on past any number of entries that it refuses, while it takes others', async () => {
    siem = await new HttpsSiem(certificate).up();
    const { ledger, all } = await startWith({ siem: siem.url });
    await ledger.write(5);
    const first = await all();
    await until('it has some', () => siem.hasAll(first));
    siem.refuses = ({ unmapped }) => unmapped.leaf >= first && unmapped.leaf < first + 220;
    await ledger.write(240);
    const last = (await all()) - 1;
    const has = () => siem.events.some(({ unmapped }) => unmapped.leaf === last);
    await until('it has what came after them', has, 30_000);
  });

  it('does not put the whole log aside for one that takes nothing', async () => {
    siem = await new HttpsSiem(certificate).up();
    siem.refuses = () => true;
    const { app, ledger, all } = await startWith({ siem: siem.url });
    await ledger.write(150);
    const size = await all();
    await until(
      'it stops',
      () => viewOf(app, 'siem').failure?.includes('refuses every entry'),
      60_000,
    );
    const [row] = await app.sql<{ position: string; n: string }>(
      `SELECT position, (SELECT count(*) FROM ledger_stream_refused) AS n FROM ledger_stream`,
    );
    expect(Number(row!.n)).toBe(100);
    expect(Number(row!.position)).toBeLessThan(size);
    siem.refuses = () => false;
    await app.sql(`UPDATE ledger_stream_refused SET tried_at = now() - interval '1 hour'`);
    await until('it has all', () => siem.hasAll(size), 60_000);
  });

  it('is sent by one of two servers, and by the other one when that is killed', async () => {
    siem = await new HttpsSiem(certificate).up();
    const { app, ledger } = await startWith({});
    const env = {
      ROLECALL_LEDGER_STREAM_TO: `siem=${siem.url}`,
      ROLECALL_LEDGER_STREAM_CA_FILE: certificate.file,
      ROLECALL_LOG: 'error',
    };
    const livekit = { url: 'ws://127.0.0.1:1', apiKey: 'key', apiSecret: 's'.repeat(32) };
    const servers: RolecallProcess[] = [];
    try {
      for (let i = 0; i < 2; i++) {
        servers.push(await startRolecallProcess({ livekit, database: app.database, env }));
      }
      const senders = () =>
        app.sql<{ n: string }>(
          `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'rolecall-stream-reader'`,
        );
      // Each is killed once, so the one that sends is killed as well.
      for (let round = 0; round < 2; round++) {
        const writing = ledger.write(800);
        await until('it is sending', () => siem.events.length > round * 600 + 50);
        expect(Number((await senders())[0]!.n)).toBeLessThanOrEqual(1);
        // In the middle of a batch as a rule.
        await servers[round]!.kill9();
        await writing;
        const { size } = await ledger.sealed();
        await until('nothing is lost', () => siem.hasAll(size), 40_000);
        await servers[round]!.start();
      }
    } finally {
      for (const server of servers) await server.stop();
    }
  });
});

describe('the stream to syslog over TLS', () => {
  it('has one message for each entry, whatever is written in it', async () => {
    syslog = await new SyslogSiem(certificate).up();
    const { app, all } = await startWith(
      { logs: syslog.url },
      { environment: { ROLECALL_LEDGER_STREAM_PEOPLE: 'on' } },
    );
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
    const size = await all();
    await until('it has all', () => syslog.hasAll(size));
    expect(syslog.messages).toHaveLength(size);
    expect(syslog.messages.some((message) => UNSAFE.test(message) || /\n/.test(message))).toBe(
      false,
    );
    const stored = HOSTILE_TEXTS.map((one) => one.replaceAll('\u0000', '\ufffd').toWellFormed());
    const reasons = syslog.events
      .filter(({ metadata }) => metadata.event_code === 'participant.changed_elsewhere')
      .map(({ unmapped }) => unmapped.reason);
    expect(reasons).toEqual(stored);
  });

  it('counts as taken what was read to its end, and sends again what was cut', async () => {
    syslog = await new SyslogSiem(certificate).up();
    const { app, ledger, all } = await startWith({ logs: syslog.url });
    await ledger.write(50);
    await until('it has all', () => all().then((size) => syslog.hasAll(size)));
    syslog.answer = 'cut';
    await ledger.write(200);
    await until('it is noted', () => viewOf(app, 'logs').failingSince !== null);
    const { position } = viewOf(app, 'logs');
    expect(position).toBeLessThan(await all());
    syslog.answer = 'bare';
    const size = await all();
    await until('nothing is lost', () => syslog.hasAll(size));
    const { connections } = syslog;
    await until('its position is kept', () => viewOf(app, 'logs').position >= size);
    await service(app);
    const more = await all();
    await until('the next one comes', () => syslog.hasAll(more));
    await until('its position is kept', () => viewOf(app, 'logs').position >= more);
    expect(syslog.connections - connections).toBeLessThan(5);
  });
});

async function service(app: TestApp): Promise<void> {
  await app.app
    .get(LedgerService)
    .appendDurably({ kind: 'room.created', outcome: 'ok', actor: SYSTEM_ACTOR, payload: {} });
}

describe('the settings of streams', () => {
  it('are refused where they say where to only by half', async () => {
    for (const [to, problem] of [
      ['https://siem.example.com', /must be NAME=ADDRESS/],
      ['a=http://siem.example.com', /must be https/],
      ['a=https://user:pw@siem.example.com', /no password/],
      ['a=https://x.example,a=https://y.example', /has a name twice/],
      ['a=syslog+tls://x.example/path', /must be only syslog/],
    ] as const) {
      await expect(
        startTestApp({ environment: { ROLECALL_LEDGER_STREAM_TO: to } }),
      ).rejects.toThrow(problem);
    }
  });
});
