import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startTestApp, type Credential, type TestApp } from '../../test/support/test-app.js';
import { parseConfig } from '../config/app-config.js';
import { KeyTrace } from '../auth/key-trace.js';
import { recordSettings } from '../start/record-settings.js';
import { LedgerReads } from './reads/ledger-reads.js';
import { Transactions } from './transactions.js';

let app: TestApp;
let auditor: Credential;
let ofTown: Credential;

beforeAll(async () => {
  app = await startTestApp();
  auditor = await app.newOperator([{ role: 'auditor' }]);
  ofTown = await app.newOperator([{ role: 'auditor', rooms: ['town-*'] }]);
  for (const name of ['town-hall', 'board']) await app.newRoom({ name });
  await app.newUser({ identity: 'ana' });
});
afterAll(() => app.stop());

const get = (url: string, as: Credential) => app.inject('GET', `/api/v1${url}`, { as });
const filterOf = (filter: object) => `filter=${encodeURIComponent(JSON.stringify(filter))}`;
const by = async (kind: string, { id }: Pick<Credential, 'id'>) =>
  (await app.ledger(kind)).filter(({ actor_id: actor }) => actor === id);

describe('who looks into the log', () => {
  it('is in the log also where they ask who was there, and who could come in', async () => {
    const other = await app.newOperator([{ role: 'auditor' }]);
    for (const url of ['/rooms/town-hall/sessions', '/exposure?identity=ana', '/exposure']) {
      expect([url, (await get(url, other)).status]).toEqual([url, 200]);
    }
    expect((await by('ledger.read', other)).map(({ payload }) => payload)).toEqual([
      { view: 'sessions', filter: { room: 'town-hall' } },
      { view: 'exposure', filter: { identity: 'ana' } },
    ]);
  });

  it('is in the log: the first look before its answer, what follows as a sum', async () => {
    const page = await get(`/ledger?${filterOf({ identity: 'ana' })}`, auditor);
    expect(page.status).toBe(200);
    expect((await by('ledger.read', auditor)).map(({ payload }) => payload)).toEqual([
      { view: 'activity', filter: { identity: 'ana' } },
    ]);
    for (let i = 0; i < 30; i++) {
      await get(`/ledger?${filterOf({ room: i % 2 ? 'board' : 'town-hall' })}`, auditor);
    }
    await get('/issuances', auditor);
    const [entry] = (await get('/ledger?limit=1', auditor)).body.data;
    await get(`/ledger/${entry.id}`, auditor);
    await app.inject('POST', '/api/v1/issuances/lookup', {
      as: auditor,
      body: { tokenHash: randomBytes(32).toString('hex') },
    });
    expect((await by('ledger.read', auditor)).map(({ payload }) => payload.view)).toEqual([
      'activity',
      'issuances',
      'entry',
      'token',
    ]);

    await app.app.get(LedgerReads).onModuleDestroy();
    const sums = (await by('ledger.read', auditor)).slice(4);
    expect(sums.map(({ payload }) => payload)).toEqual([
      {
        view: 'activity',
        filter: { identity: 'ana' },
        times: 31,
        since: expect.any(String),
        until: expect.any(String),
        also: [{ room: 'town-hall' }, { room: 'board' }],
      },
    ]);
  });

  it('opens its page with one entry, whatever the page asks for, and is told of each other search', async () => {
    const as = await app.newOperator([{ role: 'auditor' }]);
    const open = (query: string) =>
      Promise.all([
        ...['acts', 'facets', 'histogram'].map((part) => get(`/ledger/${part}?query=${query}`, as)),
        ...['/ledger/anomalies', '/ledger-reviews', '/ledger-views'].map((url) => get(url, as)),
      ]);
    const answers = await open('');
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await app.app.get(LedgerReads).onModuleDestroy();
    expect((await by('ledger.read', as)).map(({ payload }) => payload)).toEqual([
      { view: 'activity' },
    ]);
    await open('');
    await open('room:board');
    await app.app.get(LedgerReads).onModuleDestroy();
    const [, again, ...more] = (await by('ledger.read', as)).map(({ payload }) => payload);
    expect([again, more]).toEqual([
      { view: 'activity' },
      [expect.objectContaining({ times: 3, also: [{ query: 'room:board' }] })],
    ]);
  });

  it('cannot look while the ledger cannot be written', async () => {
    const as = await app.newOperator([{ role: 'auditor' }]);
    const holder = new pg.Client({ connectionString: app.database.ownerUrl });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE ledger_head IN ACCESS EXCLUSIVE MODE');
      expect((await get('/ledger', as)).status).toBe(503);
    } finally {
      await holder.end();
    }
    expect((await get('/ledger', as)).status).toBe(200);
    expect(await by('ledger.read', as)).toHaveLength(1);
  });

  it('asked what a token would be, and about whom', async () => {
    const preview = (body: object) =>
      app.inject('POST', '/api/v1/tokens/preview', { as: auditor, body });
    await preview({ room: 'board', identity: 'ana', template: 'speaker' });
    await preview({ room: 'board', identity: 'nobody' });
    await get('/explain?room=town-hall&identity=ana', auditor);
    await app.app.get(LedgerReads).onModuleDestroy();
    const entries = await by('token.previewed', auditor);
    expect(entries).toMatchObject([
      { room: 'board', identity: 'ana', payload: { template: 'speaker' } },
      {
        payload: {
          times: 2,
          also: [
            { room: 'board', identity: 'nobody' },
            { room: 'town-hall', identity: 'ana' },
          ],
        },
      },
    ]);
  });
});

describe('an API key that opens nothing', () => {
  it('is in the log: with its name when it was one, never with what was sent', async () => {
    const { body: key } = await app.inject('POST', '/api/v1/api-keys', {
      as: app.admin,
      body: { name: 'old bot', permissions: ['room.read'] },
    });
    await app.inject('DELETE', `/api/v1/api-keys/${key.id}`, { as: app.admin });
    const send = (secret: string) =>
      app.inject('GET', '/api/v1/rooms', { headers: { authorization: `Bearer ${secret}` } });
    const guess = `rck_${randomBytes(32).toString('base64url')}`;
    for (const secret of [key.key, guess, guess, key.key]) {
      expect((await send(secret)).status).toBe(401);
    }
    await app.app.get(KeyTrace).onModuleDestroy();
    const entries = await app.ledger('api_key.refused');
    expect(entries.map(({ actor_label: label, payload }) => [label, payload.because])).toEqual([
      ['old bot', 'revoked'],
      ['unknown key', 'unknown'],
      ['old bot', 'revoked'],
      ['unknown key', 'unknown'],
    ]);
    expect(entries.slice(2).map(({ payload }) => payload.times)).toEqual([1, 1]);
    expect(JSON.stringify(await app.ledger())).not.toMatch(new RegExp(`${guess}|${key.key}`));
  });
});

describe('settings', () => {
  it('are in the log once, without secrets, and again only when they differ', async () => {
    const gateSecret = 'a secret of the gate';
    const start = (environment: Record<string, string>) =>
      app.app.get(Transactions).run((tx) =>
        recordSettings(
          tx,
          parseConfig({
            DATABASE_URL: app.database.appUrl,
            ROLECALL_HOME: app.database.home,
            PUBLIC_URL: app.config.publicUrl,
            ...environment,
          }),
        ),
      );
    await start({});
    await start({});
    await start({ ROLECALL_GATE_SECRET: gateSecret.replaceAll(' ', '-'), ROLECALL_WHIP: 'on' });
    const entries = await app.ledger('settings.changed');
    expect(entries.map(({ payload }) => payload)).toEqual([
      { before: null, after: expect.objectContaining({ whip: false, tokenTtl: 600 }) },
      { before: { forwardAuth: false, whip: false }, after: { forwardAuth: true, whip: true } },
    ]);
  });
});

describe('reviews', () => {
  const add = (as: Credential, body: object) =>
    app.inject('POST', '/api/v1/ledger-reviews', { as, body });
  const open = async (as: Credential) => (await get('/ledger-reviews', as)).body.unreviewed;

  it('cover the log from its beginning, and what comes later is not reviewed', async () => {
    const [before] = await open(auditor);
    expect(before).toMatchObject({ from: null, until: null });
    expect(before.entries).toBeGreaterThan(5);
    const [entry] = (await get('/ledger?limit=1', auditor)).body.data;
    const review = await add(auditor, {
      note: 'everything until now',
      findings: [{ entry: entry.id, text: 'why was this <b>read</b>?' }],
    });
    expect([review.status, review.body]).toEqual([
      201,
      expect.objectContaining({ from: null, rooms: null, by: auditor.label }),
    ]);
    expect(await open(auditor)).toEqual([]);
    expect((await app.ledger('ledger.reviewed')).at(-1)).toMatchObject({
      actor_id: auditor.id,
      payload: { note: 'everything until now', treeSize: expect.any(Number) },
    });

    await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: 'later' } });
    expect(await open(auditor)).toEqual([
      { from: review.body.until, until: null, entries: 1, isMore: false },
    ]);
    const next = await add(auditor, {});
    expect(next.body).toMatchObject({ from: review.body.until, findings: [] });
    expect(await open(auditor)).toEqual([]);
  });

  it('of somebody who sees some rooms are about these only', async () => {
    for (const name of ['town-square', 'cellar']) {
      await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name } });
    }
    const review = await add(ofTown, {});
    expect(review.body).toMatchObject({ rooms: ['town-*'] });
    expect(await open(ofTown)).toEqual([]);
    expect(await open(auditor)).toMatchObject([{ isMore: false }]);
    const seen = (await get('/ledger-reviews', ofTown)).body.data;
    expect(seen.map(({ id }: { id: string }) => id)).toEqual([review.body.id]);
  });

  it('are refused with a reason, and cannot be changed by the application', async () => {
    const moderator = await app.newOperator([{ role: 'moderator' }]);
    expect((await add(moderator, {})).status).toBe(403);
    expect((await add(auditor, { until: '2100-01-01T00:00:00Z' })).body.errors).toEqual({
      until: expect.any(String),
    });
    expect(
      (await add(auditor, { from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' })).body
        .errors,
    ).toEqual({
      from: expect.any(String),
    });
    const [ofBoard] = (await get(`/ledger?limit=1&${filterOf({ room: 'board' })}`, auditor)).body
      .data;
    const foreign = await add(ofTown, { findings: [{ entry: ofBoard.id, text: 'x' }] });
    expect(foreign.body.errors).toEqual({ 'findings.0.entry': expect.any(String) });
    await expect(app.sql(`UPDATE ledger_review SET note = 'other'`)).rejects.toThrow(/only grows/);
  });
});
