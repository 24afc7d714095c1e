import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { UsersService } from './users.service.js';

const NAMES = ['a/b', '100%', 'a:b', 'with space', '🎤', 'مرحبا', '../..', '?x=1#y', 'tab\tline\n'];

describe('users', () => {
  let test: TestApp;
  let admin: Credential;

  beforeAll(async () => {
    test = await startTestApp();
    admin = test.admin;
  });
  afterAll(() => test?.stop());

  const create = (body: object, as = admin) => test.inject('POST', '/api/v1/users', { as, body });
  const list = async (filter: object, more = '', as = admin) => {
    const query = `filter=${encodeURIComponent(JSON.stringify(filter))}${more}`;
    return test.inject('GET', `/api/v1/users?${query}`, { as });
  };

  it('creates a user with an identity of the caller, and writes an entry', async () => {
    const answer = await create({
      identity: 'customer-17',
      name: 'Ana',
      attributes: { team: 'a' },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.body).toMatchObject({
      identity: 'customer-17',
      name: 'Ana',
      kind: 'standard',
      metadata: '',
      attributes: { team: 'a' },
      isSuspended: false,
    });
    const entry = (await test.ledger('user.created')).find((e) => e.identity === 'customer-17');
    expect(entry).toMatchObject({
      outcome: 'ok',
      actor_id: admin.id,
      payload: { user: answer.body.id, after: { name: 'Ana' } },
    });
    const again = await test.inject('GET', `/api/v1/users/${answer.body.id}`, { as: admin });
    expect(again.body).toEqual(answer.body);
  });

  it('makes a uuid where no identity is given, and the name is the identity where no name is', async () => {
    const { body } = await create({});
    expect(body.identity).toMatch(/^[0-9a-f]{8}-/);
    expect(body.name).toBe(body.identity);
  });

  it.each(NAMES)('takes the identity %j as it is', async (identity) => {
    const created = await create({ identity });
    expect(created.status).toBe(201);
    const found = await list({ identity });
    expect(found.body).toEqual([created.body]);
  });

  it.each([
    ['an empty identity', { identity: '' }, 'identity', /empty/],
    ['an identity of 257 bytes', { identity: 'x'.repeat(257) }, 'identity', /256 bytes/],
    [
      'an identity of 258 bytes in 129 letters',
      { identity: 'ä'.repeat(129) },
      'identity',
      /256 bytes/,
    ],
    ['NUL in an identity', { identity: 'nul\0' }, 'identity', /NUL/],
    ['a number for an identity', { identity: 5 }, 'identity', /string/],
    ['too long a name', { name: 'x'.repeat(300) }, 'name', /256 bytes/],
    ['an unknown kind', { kind: 'robot' }, 'kind', /standard or agent/],
    ['too much metadata', { metadata: 'x'.repeat(65_537) }, 'metadata', /65536/],
    ['an attribute that is no text', { attributes: { a: 1 } }, 'attributes.a', /string/],
    ['a list of attributes', { attributes: [] }, 'attributes', /./],
    ['text for a flag', { isSuspended: 'no' }, 'isSuspended', /boolean/],
    ['an unknown field', { nickname: 'x' }, 'nickname', /unknown field/],
  ])('refuses %s, names the field and does nothing', async (_, body, field, text) => {
    const before = (await test.ledger()).length;
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[field]).toMatch(text);
    expect((await test.ledger()).length).toBe(before);
  });

  it('refuses lone surrogates, which no name can carry', async () => {
    const answer = await test.inject('POST', '/api/v1/users', {
      as: admin,
      body: '{"identity":"\\ud800"}',
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.identity).toMatch(/Unicode/);
  });

  it('answers 401 without a sign-in and 403 without the permission', async () => {
    const user = await test.newUser();
    const auditor = await test.newOperator([{ role: 'auditor' }]);
    const requests: [string, string][] = [
      ['POST', '/api/v1/users'],
      ['PUT', `/api/v1/users/${user.id}`],
      ['DELETE', `/api/v1/users/${user.id}`],
    ];
    for (const [method, url] of requests) {
      expect((await test.inject(method, url, { body: {} })).status).toBe(401);
      expect((await test.inject(method, url, { as: auditor, body: {} })).status).toBe(403);
    }
    for (const url of ['/api/v1/users', `/api/v1/users/${user.id}`]) {
      expect((await test.inject('GET', url)).status).toBe(401);
      expect((await test.inject('GET', url, { as: auditor })).status).toBe(200);
    }
    const key = await test.newApiKey(['room.read']);
    expect((await list({}, '', key)).status).toBe(403);
  });

  it('lets nobody change users for all rooms whose access is limited to some', async () => {
    const user = await test.newUser();
    const limited = await test.newOperator([{ role: 'admin', rooms: ['town-*'] }]);
    const url = `/api/v1/users/${user.id}`;
    expect((await test.inject('GET', url, { as: limited })).status).toBe(200);
    const body = { isSuspended: true };
    expect((await test.inject('PUT', url, { as: limited, body })).status).toBe(403);
    // Nor adds somebody as suspended, whose identity may be in use in other rooms.
    const suspended = await create({ identity: 'in-no-list', ...body }, limited);
    expect(suspended).toMatchObject({ status: 403, body: { code: 'access.denied' } });
    expect((await create({ identity: 'in-no-list' }, limited)).status).toBe(201);
    const agent = await create({ identity: 'muted-only', kind: 'agent' }, limited);
    expect(agent).toMatchObject({ status: 403, body: { errors: { kind: expect.any(String) } } });
    expect((await test.inject('DELETE', url, { as: limited })).status).toBe(403);
  });

  it('filters, sorts and pages, and tells the total also past the end', async () => {
    for (const name of ['Zoë', 'Yves', 'Xaver']) await create({ identity: `page-${name}`, name });
    const sorted = await list({ q: 'page-' }, '&sort=["name","DESC"]&range=[0,1]');
    expect(sorted.body.map((user: { name: string }) => user.name)).toEqual(['Zoë', 'Yves']);
    expect(sorted.headers['content-range']).toBe('users 0-1/3');
    const past = await list({ q: 'page-' }, '&range=[10,20]');
    expect(past.body).toEqual([]);
    expect(past.headers['content-range']).toBe('users */3');
    expect((await list({ q: '%' })).body.map((u: { identity: string }) => u.identity)).toEqual([
      '100%',
    ]);
    expect((await list({ q: 'PAGE-zo' })).body).toHaveLength(1);
    expect((await list({ id: [sorted.body[0].id] })).body).toEqual([sorted.body[0]]);
    expect((await list({ colour: 'red' })).status).toBe(400);
    expect((await list({}, '&sort=["password","ASC"]')).status).toBe(400);
  });

  it('changes fields with an entry that shows both sides, and nothing else', async () => {
    const { body: user } = await create({ identity: 'changing', name: 'Before', metadata: 'm' });
    const url = `/api/v1/users/${user.id}`;
    const answer = await test.inject('PUT', url, {
      as: admin,
      body: { ...user, name: 'After', updatedAt: '2000-01-01T00:00:00.000Z' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: 'After', metadata: 'm' });
    expect(answer.headers.etag).toBe('"2"');
    const [entry] = (await test.ledger('user.updated')).slice(-1);
    expect(entry?.payload).toEqual({
      user: user.id,
      before: { name: 'Before' },
      after: { name: 'After' },
    });
    const same = await test.inject('PUT', url, { as: admin, body: { name: 'After' } });
    expect(same.headers.etag).toBe('"2"');
    expect(await test.ledger('user.updated')).toHaveLength(1);
  });

  it.each(['id', 'identity', 'createdAt', 'isDemo'])('refuses to change %s', async (field) => {
    const user = await test.newUser();
    const answer = await test.inject('PUT', `/api/v1/users/${user.id}`, {
      as: admin,
      body: { [field]: 'another' },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual({ [field]: 'cannot be changed' });
  });

  it('answers 412 with the current record when somebody else was faster', async () => {
    const user = await test.newUser();
    const url = `/api/v1/users/${user.id}`;
    const headers = { 'if-match': '"1"' };
    const put = (name: string) => test.inject('PUT', url, { as: admin, headers, body: { name } });
    expect((await put('first')).status).toBe(200);
    const second = await put('second');
    expect(second.status).toBe(412);
    expect(second.body).toMatchObject({ code: 'record.changed', current: { name: 'first' } });
    expect((await test.inject('DELETE', url, { as: admin, headers })).status).toBe(412);
  });

  it('records suspensions as suspensions, and asks for a sweep of the rooms of these users', async () => {
    const user = await test.newUser();
    const room = await test.newRoom();
    await test.sql('INSERT INTO seat (room, identity, is_present) VALUES ($1, $2, true)', [
      room,
      user.identity,
    ]);
    const url = `/api/v1/users/${user.id}`;
    await test.inject('PUT', url, { as: admin, body: { isSuspended: true, name: 'New' } });
    const [suspended] = (await test.ledger('user.suspended')).slice(-1);
    expect(suspended?.payload.after).toEqual({ isSuspended: true, name: 'New' });
    expect(test.hints).toContainEqual({
      topic: `room:${room}`,
      type: 'policy',
      key: user.identity,
    });
    await test.inject('PUT', url, { as: admin, body: { isSuspended: false } });
    expect((await test.ledger('user.unsuspended')).at(-1)).toMatchObject({
      identity: user.identity,
    });
  });

  it('hides who is deleted, ends their assignments with entries, and never reuses the identity', async () => {
    const { body: user } = await create({ identity: 'gone' });
    const assignment = await test.newAssignment({ user_id: user.id, template: 'viewer' });
    const url = `/api/v1/users/${user.id}`;
    expect((await test.inject('DELETE', url, { as: admin })).status).toBe(204);
    expect((await test.inject('GET', url, { as: admin })).status).toBe(404);
    expect((await test.inject('DELETE', url, { as: admin })).status).toBe(404);
    expect((await test.inject('PUT', url, { as: admin, body: {} })).status).toBe(404);
    expect((await list({ identity: 'gone' })).body).toEqual([]);
    expect((await test.ledger('user.deleted')).at(-1)).toMatchObject({ identity: 'gone' });
    expect((await test.ledger('assignment.deleted')).at(-1)).toMatchObject({
      identity: 'gone',
      payload: { assignment, before: { template: 'viewer' } },
    });
    expect(await test.sql('SELECT 1 FROM assignment WHERE id = $1', [assignment])).toEqual([]);
    const again = await create({ identity: 'gone' });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'user.identity_taken' });
    expect(again.body.errors.identity).toMatch(/never given out twice/);
  });

  it('gives an identity to one of two who ask at the same time', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => create({ identity: 'raced' })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409]);
    const entries = (await test.ledger('user.created')).filter((e) => e.identity === 'raced');
    expect(entries).toHaveLength(1);
  });

  it('answers 404 for an unknown user and 400 for what is no id', async () => {
    const unknown = '/api/v1/users/00000000-0000-4000-8000-000000000000';
    expect((await test.inject('GET', unknown, { as: admin })).status).toBe(404);
    expect((await test.inject('GET', '/api/v1/users/7', { as: admin })).status).toBe(400);
  });
});

describe('UsersService.ensure', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test?.stop());

  it('adds a user once, with one entry, when several requests come at the same time', async () => {
    const users = test.app.get(UsersService);
    await Promise.all([1, 2, 3, 4, 5].map(() => users.ensure(SYSTEM_ACTOR, 'Ana 🎤', 'Ana')));
    expect(await test.ledger('user.created')).toHaveLength(1);
    expect(await test.sql('SELECT name FROM app_user')).toEqual([{ name: 'Ana' }]);
    await test.sql('UPDATE app_user SET deleted_at = now()');
    await expect(users.ensure(SYSTEM_ACTOR, 'Ana 🎤')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'user.identity_taken',
    });
  });
});
