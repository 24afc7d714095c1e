import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { newTokenId } from '../../common/token-id.js';
import type { LedgerEntryInput } from '../../ledger/ledger-entry.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import { ANOMALY_NAMES } from './anomalies.schemas.js';

jest.setTimeout(120_000);

let app: TestApp;
let auditor: Credential;

beforeAll(async () => {
  app = await startTestApp();
  auditor = await app.newOperator([{ role: 'auditor' }]);
});
afterAll(() => app?.stop());

type Written = Partial<Omit<LedgerEntryInput, 'kind'>> & { kind: string };

async function write(...entries: Written[]): Promise<void> {
  const ledger = app.app.get(LedgerService);
  for (const entry of entries) {
    const whole = { outcome: 'ok', actor: SYSTEM_ACTOR, payload: {}, ...entry };
    await ledger.appendDurably(whole as LedgerEntryInput);
  }
}

/** As if it had been written then: past the append function, as its owner. */
function writeThen(
  ago: string,
  entry: { kind: string; room: string; identity: string; actor: Credential; template: string },
) {
  return app.sql(
    `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, room, identity, payload)
     VALUES (0, 0, clock_timestamp() - $1::interval, $2, 'ok', 'operator', $3, $4, $5, $6, $7)`,
    [
      ago,
      entry.kind,
      entry.actor.id,
      entry.actor.label,
      entry.room,
      entry.identity,
      { template: entry.template },
    ],
  );
}

async function get(path: string, as = auditor): Promise<Json> {
  const { status, body } = await app.inject<Json>('GET', `/api/v1/ledger/anomalies${path}`, { as });
  expect([path, status]).toEqual([path, 200]);
  return body;
}

const issued = (room: string, identity: string, jti: string, isOver = true): Written => ({
  kind: 'token.issued',
  room,
  identity,
  payload: {
    jti,
    template: 'viewer',
    expiresAt: new Date(Date.now() + (isOver ? -120_000 : 60_000)).toISOString(),
  },
});
const connect = (room: string, identity: string, jti: string, ip: string): Written => ({
  kind: 'gate.admitted',
  room,
  identity,
  actor: { kind: 'system', id: null, label: 'Gate', ip },
  payload: { jti, issuedJti: jti, template: 'viewer' },
});

describe('what stands out', () => {
  const jtis = Array.from({ length: 6 }, () => newTokenId(new Date()));
  const [unused, used, joined, living, moved, steady] = jtis as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];

  beforeAll(async () => {
    const { admin } = app;
    const operator = { kind: 'operator', id: admin.id, label: admin.label } as const;
    await write(
      issued('a', 'unused', unused),
      issued('a', 'used', used),
      connect('a', 'used', used, '203.0.113.1'),
      issued('a', 'living', living, false),
      issued('b', 'moved', moved),
      connect('b', 'moved', moved, '203.0.113.1'),
      connect('b', 'moved', moved, '198.51.100.9'),
      connect('b', 'moved', moved, '198.51.100.9'),
      issued('b', 'steady', steady),
      connect('b', 'steady', steady, '203.0.113.1'),
      connect('b', 'steady', steady, '203.0.113.1'),
      { kind: 'participant.joined', room: 'a', identity: 'joined' },
      ...['brief', 'longer'].map((identity) => ({
        kind: 'seat.promoted',
        outcome: 'applied' as const,
        actor: operator,
        room: 'a',
        identity,
        payload: { after: { template: 'speaker' } },
      })),
      { kind: 'seat.demoted', outcome: 'applied', actor: operator, room: 'a', identity: 'brief' },
      ...Array.from({ length: 5 }, () => ({
        kind: 'gate.refused',
        outcome: 'refused' as const,
        room: 'a',
        identity: 'stubborn',
        payload: { refusal: 'seat.blocked' },
      })),
      ...Array.from({ length: 4 }, () => ({
        kind: 'gate.refused',
        outcome: 'refused' as const,
        room: 'a',
        identity: 'patient',
        payload: { refusal: 'seat.blocked' },
      })),
      { kind: 'seat.muted', outcome: 'applied', actor: operator, room: 'a', identity: admin.label },
      ...['drifter', 'drifter', 'once'].map((identity) => ({
        kind: 'drift.detected',
        room: 'b',
        identity,
      })),
    );
    // A token that no gate saw, whose holder came while it was valid.
    await write({
      ...issued('a', 'joined', joined),
      payload: {
        jti: joined,
        template: 'viewer',
        expiresAt: new Date(Date.now() - 61_000).toISOString(),
      },
    });
    const usual = {
      kind: 'token.issued',
      room: 'usual',
      identity: 'x',
      template: 'viewer',
      actor: admin,
    };
    for (let i = 0; i < 20; i++) await writeThen(`${3 + (i % 5)} days`, usual);
    await write(
      { ...issued('usual', 'y', newTokenId(new Date()), false), actor: operator },
      { ...issued('never-before', 'y', newTokenId(new Date()), false), actor: operator },
    );
  });

  const rowsOf = async (name: string, as = auditor): Promise<Json[]> => {
    const { data, count } = await get(`/${name}`, as);
    expect(count).toBe(data.length);
    return data;
  };

  it.each([
    [
      'used-from-two-addresses',
      ['moved'],
      {
        query: `jti:${moved}`,
        count: 2,
        parts: { addresses: ['198.51.100.9', '203.0.113.1'] },
      },
    ],
    [
      'roles-under-a-minute',
      ['brief'],
      {
        role: { key: 'speaker' },
        parts: { seconds: expect.any(Number), then: 'seat.demoted' },
      },
    ],
    [
      'repeated-refusals',
      ['stubborn'],
      {
        count: 5,
        query: 'identity:stubborn room:a outcome:refused',
        parts: { kind: 'gate.refused', code: 'seat.blocked' },
      },
    ],
    ['drift-came-back', ['drifter'], { count: 2, parts: {} }],
  ])('finds %s, with the rows and their entries', async (name, identities, row) => {
    const rows = await rowsOf(name);
    expect(rows.map(({ identity }) => identity)).toEqual(identities);
    expect(rows[0]).toMatchObject({ ...row, text: expect.any(String) });
    for (const id of rows[0].entries) {
      const { status } = await app.inject('GET', `/api/v1/ledger/${id}`, { as: auditor });
      expect(status).toBe(200);
    }
    const { status, body } = await app.inject<Json>(
      'GET',
      `/api/v1/ledger/acts?${new URLSearchParams({ query: rows[0].query })}`,
      { as: auditor },
    );
    expect([name, status, body.data?.length > 0]).toEqual([name, 200, true]);
  });

  it('finds tokens that nobody came with, neither through a gate nor past one', async () => {
    const rows = await rowsOf('tokens-never-used');
    expect(rows.map(({ identity }) => identity)).toContain('unused');
    for (const identity of ['used', 'living', 'moved']) {
      expect(rows.map((row) => row.identity)).not.toContain(identity);
    }
  });

  it('finds what operators do elsewhere than usual, and to themselves', async () => {
    const elsewhere = await rowsOf('issued-outside-usual');
    expect(elsewhere.map(({ room }) => room)).toEqual(['never-before']);
    const own = await rowsOf('acts-on-oneself');
    expect(own.map(({ identity }) => identity)).toEqual([app.admin.label]);
    const looks = await rowsOf('looks-by-operator');
    expect(looks.map(({ people }) => people.actor.id)).toContain(auditor.id);
  });

  it('tells a reader of some rooms nothing of what operators usually do in others', async () => {
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['never-before'] }]);
    expect(await rowsOf('issued-outside-usual', limited)).toEqual([]);
    // With the rooms that it is about they see what everybody sees.
    const rooms = ['usual', 'never-before'];
    const wider = await app.newOperator([{ role: 'auditor', rooms }]);
    const rows = await rowsOf('issued-outside-usual', wider);
    expect(rows.map(({ room }) => room)).toEqual(['never-before']);
  });

  it('proposes the widest role that somebody used of what they hold', async () => {
    const [host, viewer] = await Promise.all([app.newUser(), app.newUser()]);
    for (const { id } of [host, viewer]) {
      const assignment = await app.newAssignment({
        user_id: id,
        template: 'host',
        created_by_label: 'x',
      });
      await app.sql(`UPDATE assignment SET created_at = now() - interval '40 days' WHERE id = $1`, [
        assignment,
      ]);
    }
    const actor = app.admin;
    const issuedAs = (identity: string, template: string, ago: string) =>
      writeThen(ago, { kind: 'token.issued', room: 'a', identity, template, actor });
    await issuedAs(host.identity, 'host', '10 days');
    await issuedAs(viewer.identity, 'viewer', '10 days');
    await issuedAs(viewer.identity, 'speaker', '9 days');
    await issuedAs(viewer.identity, 'host', '35 days');
    const rows = await rowsOf('more-than-used');
    expect(rows).toEqual([
      expect.objectContaining({
        identity: viewer.identity,
        role: expect.objectContaining({ key: 'host' }),
        proposed: expect.objectContaining({ key: 'speaker' }),
      }),
    ]);
  });

  it('names to a reader of some rooms no role that was used in others', async () => {
    const user = await app.newUser();
    await app.newRoom({ name: 'b' });
    const id = await app.newAssignment({
      user_id: user.id,
      room_name: 'b',
      template: 'host',
    });
    await app.sql(`UPDATE assignment SET created_at = now() - interval '40 days' WHERE id = $1`, [
      id,
    ]);
    const used = (room: string, template: string) =>
      writeThen('8 days', {
        kind: 'token.issued',
        room,
        identity: user.identity,
        template,
        actor: app.admin,
      });
    await used('a', 'speaker');
    await used('b', 'viewer');
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['b'] }]);
    const keys = async (as: Credential) =>
      (await rowsOf('more-than-used', as))
        .filter(({ identity }) => identity === user.identity)
        .map(({ role, proposed }) => [role.key, proposed?.key]);
    expect(await keys(auditor)).toEqual([['host', 'speaker']]);
    expect(await keys(limited)).toEqual([['host', 'viewer']]);
    expect(JSON.stringify(await rowsOf('more-than-used', limited))).not.toMatch(/speaker/i);
  });

  it('counts each view as it lists it, and keeps to the rooms of its reader', async () => {
    const { data } = await get('');
    expect(data.map(({ name }: Json) => name)).toEqual([...ANOMALY_NAMES]);
    for (const { name, count } of data) {
      if (name !== 'looks-by-operator')
        expect([name, (await rowsOf(name)).length]).toEqual([name, count]);
    }
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['b'] }]);
    for (const { name, count } of (await get('', limited)).data) {
      const rows = await rowsOf(name, limited);
      expect([name, rows.length]).toEqual([name, count]);
      expect(rows.map(({ room }) => room).every((room) => room === 'b')).toBe(true);
    }
  });
});

describe('saved views', () => {
  const send = async (method: string, path: string, body?: object, as = auditor) => {
    const answer = await app.inject<Json>(method, `/api/v1/ledger-views${path}`, { as, body });
    return { status: answer.status, body: answer.body };
  };

  it('are kept for the team, and every change of them is in the log', async () => {
    const name = 'Refused\u202e “today”, ёж';
    const query = 'outcome:refused "a\\nb"';
    const { status, body: view } = await send('POST', '', { name, query });
    expect([status, view]).toEqual([201, expect.objectContaining({ name, query, note: '' })]);
    const colleague = await app.newOperator([{ role: 'auditor', rooms: ['b'] }]);
    expect((await send('GET', '', undefined, colleague)).body.data).toEqual([
      { ...view, mayChange: false },
    ]);
    expect((await send('POST', '', { name, query: '' })).body.code).toBe('ledger_view.name_taken');
    const changed = await send('PATCH', `/${view.id}`, { ...view, note: 'Look each morning' });
    expect(changed.body).toMatchObject({ name, query, note: 'Look each morning' });
    expect((await send('DELETE', `/${view.id}`)).status).toBe(204);
    expect((await send('DELETE', `/${view.id}`)).body.code).toBe('ledger_view.not_found');
    expect((await send('GET', '')).body.data).toEqual([]);
    const written = (await app.ledger()).filter(({ kind }) => kind.startsWith('ledger.view_'));
    expect(
      written.map(({ kind, payload }) => [kind, payload['before']?.note, payload['after']?.note]),
    ).toEqual([
      ['ledger.view_created', undefined, ''],
      ['ledger.view_updated', '', 'Look each morning'],
      ['ledger.view_deleted', 'Look each morning', undefined],
    ]);
  });

  it('of others are not changed with a room limit, nor seen where they name other rooms', async () => {
    const [limited, other] = await Promise.all([
      app.newOperator([{ role: 'auditor', rooms: ['b', 'b-*'] }]),
      app.newOperator([{ role: 'auditor', rooms: ['b'] }]),
    ]);
    const views: Json[] = [];
    for (const query of [
      'outcome:refused',
      'room:b,b-1',
      'room:b-*',
      'room:b,a',
      '-room:a',
      'room:*',
    ]) {
      views.push((await send('POST', '', { name: query, query })).body);
    }
    const own = (await send('POST', '', { name: 'mine', query: 'room:b' }, limited)).body;
    expect(own.mayChange).toBe(true);
    const seen = async (as: Credential) =>
      ((await send('GET', '', undefined, as)).body.data as Json[])
        .map(({ name, mayChange }) => (mayChange ? `${name} (own)` : name))
        .sort();
    expect(await seen(limited)).toEqual([
      'mine (own)',
      'outcome:refused',
      'room:b,b-1',
      'room:b-*',
    ]);
    expect(await seen(other)).toEqual(['mine', 'outcome:refused']);

    const [shared, , , hidden] = views as [Json, Json, Json, Json];
    const refused = await send('PATCH', `/${shared.id}`, { name: 'taken over' }, limited);
    expect([refused.status, refused.body.code]).toEqual([403, 'ledger_view.not_yours']);
    expect((await send('DELETE', `/${own.id}`, undefined, other)).status).toBe(403);
    expect((await send('DELETE', `/${hidden.id}`, undefined, limited)).status).toBe(404);
    expect((await send('PATCH', `/${own.id}`, { note: 'each day' }, limited)).status).toBe(200);
    expect((await send('DELETE', `/${own.id}`, undefined, limited)).status).toBe(204);
    for (const { id } of views) expect((await send('DELETE', `/${id}`)).status).toBe(204);
  });

  it('take only searches that can be read, from who reads the log', async () => {
    const wrong = await send('POST', '', { name: 'x', query: 'rom:x' });
    expect([wrong.status, wrong.body.errors.query]).toEqual([
      400,
      expect.stringContaining('no field rom'),
    ]);
    const key = await app.newApiKey(['token.issue']);
    expect((await send('GET', '', undefined, key)).status).toBe(403);
  });
});
