import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { Passwords } from '../credentials/passwords.js';
import { ALL_PERMISSIONS } from '../actor/permissions.js';
import { MODERATOR_CEILING } from '../grants/presets.js';

let app: TestApp;
let count = 0;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const post = (as: Credential, path: string, body: object) =>
  app.inject('POST', `/api/v1/${path}`, { as, body });
const put = (as: Credential, id: string, body: object) =>
  app.inject('PUT', `/api/v1/operators/${id}`, { as, body });
const create = (as: Credential, access: object[]) =>
  post(as, 'operators', { email: `escalation-${count++}@example.com`, name: 'New', access });
const accessOf = async (id: string) =>
  (await app.inject('GET', `/api/v1/operators/${id}`, { as: app.admin })).body.access;

describe('an admin who is disabled while a password waits to be hashed', () => {
  it('makes nobody, and changes nobody', async () => {
    const [leaving, other] = [await app.newOperator(), await app.newOperator([])];
    const passwords = app.app.get(Passwords);
    const line = { key: leaving.id, isKnown: true };
    const before = Array.from({ length: 8 }, () => passwords.hash('any', line));
    const waiting = [
      create(leaving, [{ role: 'admin' }]),
      put(leaving, other.id, { password: 'a password that they know' }),
    ];
    expect((await put(app.admin, leaving.id, { isDisabled: true })).status).toBe(200);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([401, 401]);
    await Promise.all(before);
  });
});

describe('a moderator', () => {
  it.each([
    ['the room is closed', 'rooms/ROOM/close', 'POST', {}],
    ['they are suspended', 'users/USER', 'PUT', { isSuspended: true }],
    ['they are blocked', 'rooms/ROOM/seats/WHO/block', 'POST', {}],
  ] as const)('touches nobody who has more, also while %s', async (_, change, method, body) => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const { id, identity } = await app.newUser();
    await app.newAssignment({ user_id: id, room_name: room, template: 'host' });
    await app.sql('INSERT INTO seat (room, identity) VALUES ($1, $2)', [room, identity]);
    const path = change.replace('ROOM', room).replace('USER', id).replace('WHO', identity);
    const changed = await app.inject(method, `/api/v1/${path}`, { as: app.admin, body });
    expect(changed.status).toBe(200);
    const moderator = await app.newOperator([{ role: 'moderator' }]);
    const act = (name: string, what: object) =>
      post(moderator, `rooms/${room}/seats/${identity}/${name}`, what);
    for (const answer of [
      await act('demote', { template: 'viewer' }),
      await act('block', { for: '1h' }),
      await act('hold', {}),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'seat.above_ceiling']);
    }
  });
});

describe('an admin of some rooms', () => {
  let limited: Credential;

  beforeAll(async () => {
    limited = await app.newOperator([{ role: 'admin', rooms: ['town-*', 'hall'] }]);
  });

  it.each([
    [[]],
    [[{ role: 'admin', rooms: ['town-*'] }]],
    [[{ role: 'moderator', rooms: ['town-hall', 'hall'] }]],
    [[{ role: 'auditor', rooms: ['town-*-east'] }]],
  ])('may make an operator with access %j', async (access) => {
    expect((await create(limited, access)).status).toBe(201);
  });

  it.each([
    [[{ role: 'admin' }]],
    [[{ role: 'auditor', rooms: null }]],
    [[{ role: 'moderator', rooms: ['*'] }]],
    [[{ role: 'moderator', rooms: ['town*'] }]],
    [[{ role: 'moderator', rooms: ['town-hall', 'other'] }]],
    [[{ role: 'auditor', rooms: ['town-*'] }, { role: 'auditor' }]],
    [[{ role: 'moderator', rooms: ['hall*'] }]],
    [[{ role: 'moderator', rooms: ['*hall'] }]],
  ])('may not make one with access %j', async (access) => {
    const before = await app.sql('SELECT FROM operator');
    const { status, body } = await create(limited, access);
    expect([status, body.code]).toEqual([403, 'access.escalation']);
    expect(await app.sql('SELECT FROM operator')).toHaveLength(before.length);
  });

  it.each([
    { name: 'Renamed' },
    { password: 'a password that they know' },
    { isDisabled: true },
    { access: [] },
  ])('may not change somebody who holds more: %j', async (change) => {
    const { status, body } = await put(limited, app.admin.id, change);
    expect([status, body.code]).toEqual([403, 'operator.holds_more']);
  });

  it('may not lift somebody that they may edit above themselves', async () => {
    const other = await app.newOperator([{ role: 'moderator', rooms: ['town-a'] }]);
    expect((await put(limited, other.id, { access: [{ role: 'admin' }] })).status).toBe(403);
    expect(await accessOf(other.id)).toEqual([{ role: 'moderator', rooms: ['town-a'] }]);
    const within = [{ role: 'moderator', rooms: ['town-b'] }];
    expect((await put(limited, other.id, { access: within })).status).toBe(200);
    expect(await accessOf(other.id)).toEqual(within);
  });

  it.each([
    { permissions: ['room.read'] },
    { permissions: ['room.read'], rooms: ['*'] },
    { permissions: ['room.read', 'seat.promote'], rooms: ['town-*', 'x'] },
  ])('may not make an API key with %j', async (key) => {
    const { status, body } = await post(limited, 'api-keys', { name: 'k', ...key });
    expect([status, body.code]).toEqual([403, 'access.escalation']);
  });

  it('may make and revoke keys within their rooms, and none beyond', async () => {
    const key = { name: 'k', permissions: ALL_PERMISSIONS, rooms: ['town-*'] };
    const made = await post(limited, 'api-keys', key);
    expect(made.status).toBe(201);
    const wide = await app.newApiKey(['room.read']);
    const revoke = async (id: string) =>
      (await app.inject('DELETE', `/api/v1/api-keys/${id}`, { as: limited })).status;
    expect([await revoke(made.body.id), await revoke(wide.id)]).toEqual([204, 403]);
    const headers = wide.headers;
    expect((await app.inject('GET', '/api/v1/rooms', { headers })).status).toBe(200);
  });
});

describe('an API key', () => {
  it('with operator.create alone makes operators who can do nothing', async () => {
    const key = await app.newApiKey(['operator.create', 'api_key.create']);
    expect((await create(key, [])).status).toBe(201);
    for (const role of ['admin', 'moderator', 'auditor']) {
      expect((await create(key, [{ role }])).status).toBe(403);
    }
    const more = await post(key, 'api-keys', {
      name: 'k',
      permissions: ['api_key.create', 'room.read'],
    });
    expect(more.status).toBe(403);
  });

  it('hands its ceiling on to the keys that it makes', async () => {
    const ceiling = MODERATOR_CEILING;
    const key = await app.newApiKey(['api_key.create', 'seat.promote', 'token.issue'], { ceiling });
    const made = await post(key, 'api-keys', { name: 'k', permissions: ['seat.promote'] });
    expect(made.body.ceiling).toEqual(ceiling);
    const [row] = await app.sql('SELECT ceiling FROM api_key WHERE id = $1', [made.body.id]);
    expect(row).toEqual({ ceiling });
  });

  it('does not lift the operator who made it: one’s own access is changed by others', async () => {
    const operator = await app.newOperator([{ role: 'admin' }]);
    const made = await post(operator, 'api-keys', { name: 'mine', permissions: ALL_PERMISSIONS });
    const key = { id: '', label: '', headers: { authorization: `Bearer ${made.body.key}` } };
    const demoted = [{ role: 'auditor' }];
    expect((await put(app.admin, operator.id, { access: demoted })).status).toBe(200);
    const { status } = await put(key, operator.id, { access: [{ role: 'admin' }] });
    expect([status, await accessOf(operator.id)]).toEqual([
      403,
      [{ role: 'auditor', rooms: null }],
    ]);
  });
});

describe('nobody', () => {
  it.each([
    { access: [] },
    { access: [{ role: 'admin' }, { role: 'auditor' }] },
    { isDisabled: true },
    { password: 'past the current one' },
  ])('changes their own access: %j', async (change) => {
    const admin = await app.newOperator();
    const { status, body } = await put(admin, admin.id, change);
    expect([status, body.code]).toEqual([403, 'operator.own_access']);
  });

  it('is kept from their own name', async () => {
    const admin = await app.newOperator();
    const { status, body } = await put(admin, admin.id, { name: 'Renamed' });
    expect([status, body.name]).toEqual([200, 'Renamed']);
  });

  it.each<Record<string, unknown>>([
    { passwordHash: 'x' },
    { revision: 7 },
    { email_key: 'x' },
    { isAdmin: true },
    { id: '00000000-0000-4000-8000-000000000000' },
    { email: 'other@example.com' },
    { createdAt: '2020-01-01T00:00:00.000Z' },
    { constructor: { prototype: {} } },
  ])('sets what is not theirs to set: %j', async (change) => {
    const other = await app.newOperator([]);
    const { status, body } = await put(app.admin, other.id, change);
    expect([status, Object.keys(body.errors ?? {})]).toEqual([400, Object.keys(change)]);
  });

  it('overwrites what another admin changed meanwhile, when they say what they saw', async () => {
    const other = await app.newOperator([]);
    const url = `/api/v1/operators/${other.id}`;
    const { headers } = await app.inject('GET', url, { as: app.admin });
    const ifMatch = { 'if-match': String(headers.etag) };
    const change = (name: string) =>
      app.inject('PUT', url, { as: app.admin, body: { name }, headers: ifMatch });
    const answers = await Promise.all([change('First'), change('Second')]);
    const winner = answers.find(({ status }) => status === 200)!;
    const loser = answers.find(({ status }) => status === 412)!;
    expect(loser.body.code).toBe('record.changed');
    expect((await app.inject('GET', url, { as: app.admin })).body.name).toBe(winner.body.name);
    const late = await change('Third');
    expect([late.status, late.body.current.name]).toEqual([412, winner.body.name]);
  });
});

describe('the last admin of every room', () => {
  it('stays, even when two admins disable each other at the same moment', async () => {
    const small = await startTestApp();
    try {
      for (let round = 0; round < 5; round++) {
        const second = await small.newOperator([{ role: 'admin' }]);
        await small.newOperator([{ role: 'admin', rooms: ['*'] }]);
        const disable = (as: Credential, id: string) =>
          small.inject('PUT', `/api/v1/operators/${id}`, { as, body: { isDisabled: true } });
        const answers = await Promise.all([
          disable(small.admin, second.id),
          disable(second, small.admin.id),
        ]);
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
        const left = await small.sql(`
          SELECT o.id FROM operator o JOIN operator_access a ON a.operator_id = o.id
          WHERE NOT o.is_disabled AND a.role = 'admin' AND a.rooms IS NULL`);
        expect(left).toHaveLength(1);
        if (left[0]!.id === small.admin.id) continue;
        // For the next round: the first one is back, with a session that still is there.
        await small.sql('UPDATE operator SET is_disabled = $2 WHERE id = $1', [
          small.admin.id,
          false,
        ]);
        await small.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [second.id]);
        return;
      }
    } finally {
      await small.stop();
    }
  });

  it('is not taken away by a key that may do everything', async () => {
    const small = await startTestApp();
    try {
      const key = await small.newApiKey(ALL_PERMISSIONS);
      for (const body of [
        { isDisabled: true },
        { access: [] },
        { access: [{ role: 'admin', rooms: ['*'] }] },
      ]) {
        const answer = await small.inject('PUT', `/api/v1/operators/${small.admin.id}`, {
          as: key,
          body,
        });
        expect([answer.status, answer.body.code]).toEqual([409, 'operator.last_admin']);
      }
    } finally {
      await small.stop();
    }
  });
});

describe('what concerns operators', () => {
  it('is in the log, refusals too, with who did it and without any secret', async () => {
    const before = (await app.ledger()).length;
    const made = await create(app.admin, [{ role: 'moderator', rooms: ['a'] }]);
    await put(app.admin, made.body.id, { name: 'Renamed' });
    await put(app.admin, made.body.id, { isDisabled: true });
    await put(app.admin, made.body.id, { isDisabled: false });
    await put(app.admin, made.body.id, { password: 'a password set again' });
    const auditor = await app.newOperator([{ role: 'auditor' }]);
    await put(auditor, made.body.id, { name: 'No' });
    const entries = (await app.ledger()).slice(before);
    expect(entries.map((entry) => [entry.kind, entry.outcome, entry.actor_label])).toEqual([
      ['operator.created', 'ok', app.admin.label],
      ['operator.updated', 'ok', app.admin.label],
      ['operator.disabled', 'ok', app.admin.label],
      ['operator.enabled', 'ok', app.admin.label],
      ['operator.password_reset', 'ok', app.admin.label],
      ['access.refused', 'refused', auditor.label],
    ]);
    expect(JSON.stringify(entries)).not.toContain(made.body.temporaryPassword);
  });
});
