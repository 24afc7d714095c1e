import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { MODERATOR_CEILING } from '../grants/presets.js';
import { completeGrants } from '../grants/role-grants.js';

const PATH = '/api/v1/assignments';
const NAMES = ['a/b', '100%', 'a:b', 'with space', '🎤', 'مرحبا', 'star*', 'back\\slash'];
const WRITES = ['assignment.read', 'assignment.create', 'assignment.update', 'assignment.delete'];

describe('assignments', () => {
  let test: TestApp;
  let admin: Credential;
  let ana: { id: string; identity: string };

  beforeAll(async () => {
    test = await startTestApp();
    admin = test.admin;
    ana = await test.newUser({ identity: 'ana', name: 'Ana' });
    for (const name of ['town-hall', 'town-square', 'lobby']) await test.newRoom({ name });
  });
  afterAll(() => test?.stop());

  const create = (body: object, as = admin) => test.inject('POST', PATH, { as, body });
  const put = (id: string, body: object, as = admin, headers = {}) =>
    test.inject('PUT', `${PATH}/${id}`, { as, body, headers });
  const list = (filter: object, more = '', as = admin) =>
    test.inject('GET', `${PATH}?filter=${encodeURIComponent(JSON.stringify(filter))}${more}`, {
      as,
    });
  const ids = (answer: { body: { id: string }[] }) => answer.body.map((one) => one.id).sort();
  const lastEntry = async (kind: string) => (await test.ledger(kind)).at(-1);

  it('gives a user a template in a room, and writes an entry', async () => {
    const answer = await create({
      subject: { user: ana.id },
      scope: { room: 'town-hall' },
      template: 'speaker',
      validUntil: '2999-01-01T12:00:00+02:00',
      reason: 'she asked',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.body).toEqual({
      id: expect.any(String),
      subject: { user: ana.id },
      subjectLabel: 'Ana',
      scope: { room: 'town-hall' },
      template: 'speaker',
      priority: 0,
      validFrom: null,
      validUntil: '2999-01-01T10:00:00.000Z',
      reason: 'she asked',
      status: 'active',
      createdBy: admin.label,
      createdByKind: 'operator',
      createdAt: expect.any(String),
    });
    expect(await lastEntry('assignment.created')).toMatchObject({
      room: 'town-hall',
      identity: 'ana',
      reason: 'she asked',
      actor_id: admin.id,
      payload: {
        assignment: answer.body.id,
        after: { subject: { user: ana.id }, scope: { room: 'town-hall' }, template: 'speaker' },
      },
    });
    const { body } = await test.inject('GET', `${PATH}/${answer.body.id}`, { as: admin });
    expect(body).toEqual(answer.body);
  });

  it.each([
    [{ everyone: true }, { pattern: 'town-*' }],
    [{ everyone: true }, { all: true }],
  ])('takes %j in %j', async (subject, scope) => {
    const answer = await create({ subject, scope, template: 'viewer' });
    expect(answer.body).toMatchObject({ subject, scope, subjectLabel: 'Everyone' });
  });

  it.each(NAMES)('takes the room %j as its name and nothing more', async (name) => {
    await test.newRoom({ name });
    const user = await test.newUser();
    const { body } = await create({
      subject: { user: user.id },
      scope: { room: name },
      template: 'viewer',
    });
    expect(body.scope).toEqual({ room: name });
    expect(ids(await list({ user: user.id, room: name }))).toEqual([body.id]);
    expect(ids(await list({ user: user.id, room: `${name}x` }))).toEqual([]);
  });

  const good = () => ({
    subject: { user: ana.id },
    scope: { room: 'lobby' },
    template: 'viewer',
  });

  it.each([
    ['no subject', { subject: undefined }, 'subject', /must be \{"user"/],
    ['a subject that is text', { subject: 'everyone' }, 'subject', /must be \{"user"/],
    ['two subjects', { subject: { user: 'x', everyone: true } }, 'subject', /must be \{"user"/],
    ['a user who is no id', { subject: { user: 'ana' } }, 'subject.user', /must be a UUID/],
    ['everyone: false', { subject: { everyone: false } }, 'subject', /everyone: must be true/],
    [
      'an unknown user',
      { subject: { user: '00000000-0000-4000-8000-000000000000' } },
      'subject',
      /no user/,
    ],
    ['no scope', { scope: undefined }, 'scope', /must be \{"room"/],
    ['two scopes', { scope: { room: 'lobby', all: true } }, 'scope', /must be \{"room"/],
    ['an unknown scope', { scope: { building: 'x' } }, 'scope', /must be \{"room"/],
    ['a room that is no text', { scope: { room: 5 } }, 'scope', /room: /],
    ['an empty room', { scope: { room: '' } }, 'scope.room', /must not be empty/],
    [
      'a room of 257 bytes',
      { scope: { room: 'x'.repeat(257) } },
      'scope.room',
      /must be at most 256/,
    ],
    ['a room that is not there', { scope: { room: 'nowhere' } }, 'scope', /no room has this name/],
    ['an empty pattern', { scope: { pattern: '' } }, 'scope.pattern', /must not be empty/],
    [
      'a pattern of 513 bytes',
      { scope: { pattern: 'x'.repeat(513) } },
      'scope.pattern',
      /at most 512/,
    ],
    ['a template that is not there', { template: 'nope' }, 'template', /no role template/],
    ['a priority with a fraction', { priority: 1.5 }, 'priority', /whole/],
    ['too high a priority', { priority: 1e9 }, 'priority', /at most/],
    ['a time without an offset', { validFrom: '2026-01-01T00:00:00' }, 'validFrom', /offset/],
    ['a time as a number', { validUntil: 5 }, 'validUntil', /./],
    [
      'a window that ends before it starts',
      { validFrom: '2026-02-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' },
      'validUntil',
      /later than validFrom/,
    ],
    ['too long a reason', { reason: 'x'.repeat(1_001) }, 'reason', /1000/],
    ['an unknown field', { colour: 'red' }, 'colour', /unknown field/],
  ])('refuses %s, names the field and does nothing', async (_, wrong, field, text) => {
    const before = (await test.ledger()).length;
    const answer = await create({ ...good(), ...wrong });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.errors)).toEqual([field]);
    expect(answer.body.errors[field]).toMatch(text);
    expect((await test.ledger()).length).toBe(before);
  });

  it('refuses a template that is archived, has no version, or a user who is deleted', async () => {
    const archived = await test.newTemplate(completeGrants({ roomJoin: true }));
    await test.sql('UPDATE role_template SET is_archived = true WHERE key = $1', [archived]);
    await test.sql(`INSERT INTO role_template (key, name) VALUES ('only-a-draft', 'x')`);
    for (const template of [archived, 'only-a-draft']) {
      const answer = await create({ ...good(), template });
      expect(answer.body.errors.template).toMatch(/archived|no published version/);
    }
    const gone = await test.newUser();
    await test.sql('UPDATE app_user SET deleted_at = now() WHERE id = $1', [gone.id]);
    const answer = await create({ ...good(), subject: { user: gone.id } });
    expect(answer.body.errors.subject).toMatch(/no user has this id/);
  });

  it('answers 401 without a sign-in and 403 without the permission', async () => {
    const id = await test.newAssignment({ user_id: ana.id, template: 'viewer' });
    const auditor = await test.newOperator([{ role: 'auditor' }]);
    const moderator = await test.newOperator([{ role: 'moderator' }]);
    for (const [method, path] of [
      ['POST', PATH],
      ['PUT', `${PATH}/${id}`],
      ['DELETE', `${PATH}/${id}`],
    ] as const) {
      const body = { nonsense: true };
      expect((await test.inject(method, path, { body })).status).toBe(401);
      expect((await test.inject(method, path, { as: auditor, body })).status).toBe(403);
      expect((await test.inject(method, path, { as: moderator, body })).status).toBe(403);
    }
    expect((await test.inject('GET', PATH)).status).toBe(401);
    expect((await list({}, '', auditor)).status).toBe(200);
    expect((await list({}, '', moderator)).status).toBe(403);
    expect((await test.inject('GET', `${PATH}/${id}`, { as: moderator })).status).toBe(403);
  });

  it('lets nobody give, change or end what exceeds their own ceiling', async () => {
    const key = await test.newApiKey(WRITES, { ceiling: MODERATOR_CEILING });
    const beyond = await create({ ...good(), template: 'host' }, key);
    expect(beyond.status).toBe(403);
    expect(beyond.body).toMatchObject({ code: 'access.beyond_ceiling' });
    const mine = await create({ ...good(), template: 'presenter' }, key);
    expect(mine.status).toBe(201);
    const raised = await put(mine.body.id, { template: 'host' }, key);
    expect(raised.body).toMatchObject({ status: 403, code: 'access.beyond_ceiling' });

    const theirs = await test.newAssignment({ user_id: ana.id, template: 'host' });
    for (const body of [
      { validUntil: '2999-01-01T00:00:00Z' },
      { template: 'viewer' },
      { priority: 9 },
    ]) {
      expect((await put(theirs, body, key)).body.code).toBe('access.beyond_ceiling');
    }
    const ended = await test.inject('DELETE', `${PATH}/${theirs}`, { as: key });
    expect(ended.body.code).toBe('access.beyond_ceiling');
    expect((await list({ id: [theirs] })).body).toMatchObject([{ template: 'host', priority: 0 }]);
  });

  it('lets nobody reach beyond the rooms that their access is limited to', async () => {
    const limited = await test.newOperator([{ role: 'admin', rooms: ['town-*', 'tower'] }]);
    const give = (scope: object) => create({ ...good(), scope }, limited);
    for (const scope of [{ room: 'town-hall' }, { pattern: 'town-h*' }, { pattern: 'tower' }]) {
      expect((await give(scope)).status).toBe(201);
    }
    const hidden = await give({ room: 'lobby' });
    const missing = await give({ room: 'nowhere' });
    expect(hidden.status).toBe(400);
    expect(hidden.body.errors).toEqual(missing.body.errors);
    for (const scope of [
      { pattern: 'town*' },
      { pattern: '*' },
      { pattern: 'tower*' },
      { all: true },
    ]) {
      const answer = await give(scope);
      expect(answer.status).toBe(400);
      expect(answer.body.errors.scope).toMatch(/beyond the rooms/);
    }
    const { body: mine } = await give({ room: 'town-square' });
    expect((await put(mine.id, { scope: { all: true } }, limited)).status).toBe(400);
    expect((await put(mine.id, { scope: { pattern: 'town-s*' } }, limited)).status).toBe(200);
  });

  it('shows only what lies within the limit, with the right total', async () => {
    const user = await test.newUser();
    const make = (fields: object) =>
      test.newAssignment({ user_id: user.id, template: 'viewer', ...fields });
    const within = [
      await make({ room_name: 'town-hall' }),
      await make({ room_pattern: 'town-h*' }),
      await make({ room_pattern: 'town-*-x' }),
    ];
    const beyond = [
      await make({ room_name: 'lobby' }),
      await make({ room_pattern: 'town*' }),
      await make({ room_pattern: '*' }),
      await make({}),
    ];
    const limited = await test.newOperator([{ role: 'auditor', rooms: ['town-*'] }]);
    const answer = await list({ user: user.id }, '&range=[0,1]&sort=["id","ASC"]', limited);
    expect(answer.headers['content-range']).toBe('assignments 0-1/3');
    expect(ids(await list({ user: user.id }, '', limited))).toEqual(within.sort());
    expect(ids(await list({ user: user.id }))).toEqual([...within, ...beyond].sort());
    for (const id of beyond) {
      expect((await test.inject('GET', `${PATH}/${id}`, { as: limited })).status).toBe(404);
    }
    const writer = await test.newOperator([{ role: 'admin', rooms: ['town-*'] }]);
    for (const id of beyond) {
      expect((await put(id, { priority: 1 }, writer)).status).toBe(404);
      expect((await test.inject('DELETE', `${PATH}/${id}`, { as: writer })).status).toBe(404);
    }
  });

  it('lets who reads everywhere but writes in some rooms change nothing elsewhere', async () => {
    const mixed = await test.newOperator([
      { role: 'auditor' },
      { role: 'admin', rooms: ['town-*'] },
    ]);
    const id = await test.newAssignment({ user_id: ana.id, template: 'viewer' });
    expect((await test.inject('GET', `${PATH}/${id}`, { as: mixed })).status).toBe(200);
    expect((await put(id, { priority: 1 }, mixed)).status).toBe(403);
    expect((await test.inject('DELETE', `${PATH}/${id}`, { as: mixed })).status).toBe(403);
  });

  it('shows who may create but not read what they created', async () => {
    const key = await test.newApiKey(['assignment.create']);
    expect((await create(good(), key)).body).toMatchObject({ template: 'viewer' });
  });

  it('finds by text, room, template and status', async () => {
    const user = await test.newUser({ name: 'Needle 50%' });
    const make = (fields: object) => test.newAssignment({ user_id: user.id, ...fields });
    const room = await make({ room_name: 'lobby', template: 'viewer' });
    const like = await make({
      room_pattern: 'lob*',
      template: 'speaker',
      valid_until: '2020-01-01',
    });
    const all = await make({ template: 'host', valid_from: '2999-01-01' });
    await make({ room_name: 'town-hall', template: 'viewer' });
    const of = (filter: object) => list({ user: user.id, ...filter });
    expect(ids(await list({ q: 'needle 50%' }))).toHaveLength(4);
    expect(ids(await list({ q: 'needle%0' }))).toHaveLength(0);
    expect(ids(await of({ room: 'lobby' }))).toEqual([room, like, all].sort());
    expect(ids(await of({ room: 'lobbY' }))).toEqual([like, all].sort());
    expect(ids(await of({ template: 'speaker' }))).toEqual([like]);
    expect(ids(await of({ status: 'expired' }))).toEqual([like]);
    expect(ids(await of({ status: 'upcoming' }))).toEqual([all]);
    expect(ids(await of({ status: 'active' }))).toHaveLength(2);
    const sorted = await list({ user: user.id }, '&sort=["template","ASC"]&range=[0,0]');
    expect(sorted.body).toMatchObject([{ template: 'host', status: 'upcoming' }]);
    expect((await list({ status: 'gone' })).status).toBe(400);
    expect((await list({ user: 'ana' })).status).toBe(400);
  });

  it('changes what is sent, with both sides in the entry, and refuses another subject', async () => {
    const { body: made } = await create({ ...good(), validUntil: '2999-01-01T00:00:00Z' });
    const answer = await put(made.id, {
      ...made,
      template: 'speaker',
      validUntil: null,
      scope: { pattern: 'lob*' },
      status: 'expired',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.etag).toBe('"2"');
    expect(answer.body).toMatchObject({
      template: 'speaker',
      validUntil: null,
      scope: { pattern: 'lob*' },
      status: 'active',
    });
    expect((await lastEntry('assignment.updated'))?.payload).toEqual({
      assignment: made.id,
      subject: { user: ana.id },
      before: {
        scope: { room: 'lobby' },
        template: 'viewer',
        validUntil: '2999-01-01T00:00:00.000Z',
      },
      after: { scope: { pattern: 'lob*' }, template: 'speaker', validUntil: null },
      // All of it, so that the log alone says what applied from then on.
      record: expect.objectContaining({
        subject: { user: ana.id },
        scope: { pattern: 'lob*' },
        template: 'speaker',
        priority: 0,
        createdAt: made.createdAt,
        createdBy: made.createdBy,
      }),
    });
    const count = (await test.ledger()).length;
    expect((await put(made.id, answer.body)).headers.etag).toBe('"2"');
    expect((await test.ledger()).length).toBe(count);
    const other = await put(made.id, { subject: { everyone: true } });
    expect(other.body.errors).toEqual({ subject: 'cannot be changed' });
  });

  it('answers 412 with the current record when somebody else was faster', async () => {
    const { body: made } = await create(good());
    const headers = { 'if-match': '"1"' };
    expect((await put(made.id, { priority: 1 }, admin, headers)).status).toBe(200);
    const second = await put(made.id, { priority: 2 }, admin, headers);
    expect(second.status).toBe(412);
    expect(second.body.current).toMatchObject({ priority: 1 });
    const path = `${PATH}/${made.id}`;
    expect((await test.inject('DELETE', path, { as: admin, headers })).status).toBe(412);
  });

  it('ends with an entry that says what was', async () => {
    const { body: made } = await create(good());
    const path = `${PATH}/${made.id}`;
    expect((await test.inject('DELETE', path, { as: admin })).status).toBe(204);
    expect((await test.inject('DELETE', path, { as: admin })).status).toBe(404);
    expect(await lastEntry('assignment.deleted')).toMatchObject({
      room: 'lobby',
      identity: 'ana',
      payload: { assignment: made.id, before: { template: 'viewer', scope: { room: 'lobby' } } },
    });
  });

  it('asks for a sweep of the live rooms in scope, before and after the change', async () => {
    for (const name of ['live-1', 'live-2', 'off-1']) {
      await test.newRoom({ name, live_sid: name.startsWith('live') ? `RM_${name}` : null });
    }
    const told = () =>
      test.hints
        .splice(0)
        .filter((hint) => hint.type === 'policy')
        .map((hint) => `${hint.topic} ${hint.key}`)
        .sort();
    told();
    const { body: made } = await create({ ...good(), scope: { room: 'live-1' } });
    expect(told()).toEqual(['room:live-1 ana']);
    await put(made.id, { scope: { pattern: '*-2' } });
    expect(told()).toEqual(['room:live-1 ana', 'room:live-2 ana']);
    await create({ ...good(), subject: { everyone: true }, scope: { pattern: '*-1' } });
    expect(told()).toEqual(['room:live-1 null']);
    await test.inject('DELETE', `${PATH}/${made.id}`, { as: admin });
    expect(told()).toEqual(['room:live-2 ana']);
  });

  it('never leaves an assignment for somebody who is deleted at the same time', async () => {
    for (let i = 0; i < 5; i++) {
      const user = await test.newUser();
      const [made, gone] = await Promise.all([
        create({ ...good(), subject: { user: user.id } }),
        test.inject('DELETE', `/api/v1/users/${user.id}`, { as: admin }),
      ]);
      expect(gone.status).toBe(204);
      expect([201, 400]).toContain(made.status);
      expect(await test.sql('SELECT 1 FROM assignment WHERE user_id = $1', [user.id])).toEqual([]);
    }
  });
});
