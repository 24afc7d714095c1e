import { HEALTH_ROOM } from '../livekit/livekit.health.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { MODERATOR_CEILING, PRESETS } from '../grants/presets.js';
import { completeGrants } from '../grants/role-grants.js';
import type { PolicyRoom } from '../policy/policy-facts.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { LiveRooms } from './live-rooms.js';
import { RoomClosing } from './room-closing.js';
import { RoomsService } from './rooms.service.js';

const NAMES = [
  'a/b',
  '100%',
  'a:b',
  'with space',
  '🎤',
  'مرحبا',
  '../..',
  '?x=1#y',
  'tab\tline\n',
  '%2F',
];
const url = (room: string, verb = '') => `/api/v1/rooms/${encodeURIComponent(room)}${verb}`;

describe('rooms', () => {
  let test: TestApp;
  let admin: Credential;

  beforeAll(async () => {
    test = await startTestApp();
    admin = test.admin;
  });
  afterAll(() => test?.stop());

  const create = (body: object, as = admin) => test.inject('POST', '/api/v1/rooms', { as, body });
  const put = (room: string, body: object, as = admin, headers = {}) =>
    test.inject('PUT', url(room), { as, body, headers });
  const list = (filter: object, more = '', as = admin) =>
    test.inject(
      'GET',
      `/api/v1/rooms?filter=${encodeURIComponent(JSON.stringify(filter))}${more}`,
      { as },
    );
  const names = (answer: { body: { name: string }[] }) => answer.body.map((room) => room.name);

  it('creates a room with LiveKit’s own defaults, and writes an entry', async () => {
    const answer = await create({ name: 'plain' });
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.body).toEqual({
      id: 'plain',
      name: 'plain',
      title: '',
      emptyTimeout: 300,
      departureTimeout: 20,
      maxParticipants: 0,
      metadata: '',
      defaultTemplate: null,
      promoteTemplate: null,
      unlistedParticipants: 'allow',
      isClosed: false,
      isDemo: false,
      numParticipants: 0,
      liveSince: null,
      scene: null,
      silence: { count: 0, p50: null, p95: null },
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(await test.ledger('room.created')).toMatchObject([
      { room: 'plain', actor_id: admin.id, outcome: 'ok', payload: { after: { name: 'plain' } } },
    ]);
    expect((await create({ name: 'plain' })).body).toMatchObject({
      status: 409,
      code: 'room.name_taken',
      errors: { name: expect.any(String) },
    });
  });

  it.each(NAMES)('takes the name %j everywhere', async (name) => {
    expect((await create({ name, title: 'x' })).status).toBe(201);
    expect((await test.inject('GET', url(name), { as: admin })).body.name).toBe(name);
    expect((await put(name, { title: 'y' })).body).toMatchObject({ id: name, title: 'y' });
    expect((await test.inject('POST', url(name, '/close'), { as: admin })).status).toBe(200);
    expect((await test.inject('POST', url(name, '/open'), { as: admin })).status).toBe(200);
    expect(names(await list({ name }))).toEqual([name]);
    expect((await test.inject('DELETE', url(name), { as: admin })).status).toBe(204);
    expect((await test.inject('GET', url(name), { as: admin })).status).toBe(404);
  });

  it.each([
    ['no name', {}, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a name of 257 bytes', { name: 'x'.repeat(257) }, 'name'],
    ['NUL in a name', { name: 'a\0' }, 'name'],
    ['a name that is no text', { name: ['a'] }, 'name'],
    ['a negative time-out', { name: 'bad', emptyTimeout: -1 }, 'emptyTimeout'],
    ['a time-out of over a day', { name: 'bad', departureTimeout: 86_401 }, 'departureTimeout'],
    ['a time-out with a fraction', { name: 'bad', departureTimeout: 1.5 }, 'departureTimeout'],
    ['a time-out as text', { name: 'bad', emptyTimeout: '300' }, 'emptyTimeout'],
    ['too many participants', { name: 'bad', maxParticipants: 100_001 }, 'maxParticipants'],
    ['too much metadata', { name: 'bad', metadata: 'x'.repeat(65_537) }, 'metadata'],
    ['an unknown policy', { name: 'bad', unlistedParticipants: 'ban' }, 'unlistedParticipants'],
    ['a template that is not there', { name: 'bad', defaultTemplate: 'nope' }, 'defaultTemplate'],
    ['a template key that is none', { name: 'bad', promoteTemplate: 'No Key' }, 'promoteTemplate'],
    ['an unknown field', { name: 'bad', colour: 'red' }, 'colour'],
    ['a field that is set elsewhere', { name: 'bad', isClosed: true }, 'isClosed'],
  ])('refuses %s, names the field and does nothing', async (_, body, field) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.errors)).toEqual([field]);
    expect((await list({ name: 'bad' })).body).toEqual([]);
  });

  it('refuses a template that is archived or has no version yet', async () => {
    const archived = await test.newTemplate(completeGrants({ roomJoin: true }));
    await test.sql('UPDATE role_template SET is_archived = true WHERE key = $1', [archived]);
    await test.sql(`INSERT INTO role_template (key, name) VALUES ('only-a-draft', 'x')`);
    for (const [key, text] of [
      [archived, /archived/],
      ['only-a-draft', /no published version/],
    ] as const) {
      const answer = await create({ name: 'bad', promoteTemplate: key });
      expect(answer.status).toBe(400);
      expect(answer.body.errors.promoteTemplate).toMatch(text);
    }
  });

  it('lets nobody give by a room what they may not hand out', async () => {
    const key = await test.newApiKey(['room.create', 'room.update', 'room.read'], {
      ceiling: MODERATOR_CEILING,
    });
    const answer = await create({ name: 'beyond', defaultTemplate: 'host' }, key);
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('access.beyond_ceiling');
    expect((await create({ name: 'within', defaultTemplate: 'presenter' }, key)).status).toBe(201);
    expect((await put('within', { promoteTemplate: 'host' }, key)).status).toBe(403);
    // What others have given stays when something else changes.
    await put('within', { promoteTemplate: 'host' });
    const { body } = await test.inject('GET', url('within'), { as: key });
    expect((await put('within', { ...body, title: 'new' }, key)).status).toBe(200);
  });

  it('answers 401 without a sign-in and 403 without the permission, before it validates the body', async () => {
    const room = await test.newRoom();
    const auditor = await test.newOperator([{ role: 'auditor' }]);
    const requests: [string, string][] = [
      ['POST', '/api/v1/rooms'],
      ['PUT', url(room)],
      ['DELETE', url(room)],
      ['POST', url(room, '/close')],
      ['POST', url(room, '/open')],
    ];
    for (const [method, path] of requests) {
      const body = { nonsense: true };
      expect((await test.inject(method, path, { body })).status).toBe(401);
      expect((await test.inject(method, path, { as: auditor, body })).status).toBe(403);
    }
    for (const path of ['/api/v1/rooms', url(room)]) {
      expect((await test.inject('GET', path)).status).toBe(401);
      expect((await test.inject('GET', path, { as: auditor })).status).toBe(200);
    }
    expect((await list({}, '', await test.newApiKey(['user.read']))).status).toBe(403);
  });

  it('shows who is limited to some rooms only those, with the right total', async () => {
    for (const name of ['lim-a', 'lim-b', 'limXc', 'lim%d', 'lim_e']) await test.newRoom({ name });
    const limited = await test.newOperator([{ role: 'admin', rooms: ['lim-*', 'lim_e'] }]);
    const answer = await list({ q: 'lim' }, '&range=[0,1]', limited);
    expect(names(answer)).toEqual(['lim_e', 'lim-a']);
    expect(answer.headers['content-range']).toBe('rooms 0-1/3');
    expect(names(await list({ id: ['limXc', 'lim_e'] }, '', limited))).toEqual(['lim_e']);
    const missing = await test.inject('GET', url('no-such'), { as: limited });
    for (const [method, path] of [
      ['GET', url('limXc')],
      ['PUT', url('limXc')],
      ['DELETE', url('limXc')],
      ['POST', url('limXc', '/close')],
    ] as const) {
      const hidden = await test.inject(method, path, { as: limited, body: {} });
      expect(hidden.status).toBe(404);
      expect(hidden.body.detail).toBe(missing.body.detail);
    }
    const outside = await create({ name: 'elsewhere' }, limited);
    expect(outside.status).toBe(403);
    expect(outside.body.errors.name).toMatch(/limited/);
    // Whether the other room exists is not told.
    expect((await create({ name: 'limXc' }, limited)).status).toBe(403);
    expect((await create({ name: 'lim-new' }, limited)).status).toBe(201);
    expect((await put('lim-a', { title: 'mine' }, limited)).status).toBe(200);
  });

  it('reads a star in a limit as the only wildcard, and a backslash as what escapes it', async () => {
    for (const name of ['star*x', 'starYx', 'pct%z', 'pctQz']) await test.newRoom({ name });
    const limited = await test.newOperator([{ role: 'admin', rooms: ['star\\*x', 'pct%*'] }]);
    expect(names(await list({}, '', limited)).sort()).toEqual(['pct%z', 'star*x']);
  });

  it('filters and sorts', async () => {
    await test.newRoom({
      name: 'sift-live',
      title: 'Ana’s',
      live_sid: 'RM_1',
      num_participants: 7,
    });
    await test.newRoom({ name: 'sift-closed', is_closed: true });
    await test.newRoom({ name: 'sift-plain' });
    expect(names(await list({ q: 'sift-', isLive: true }))).toEqual(['sift-live']);
    expect(names(await list({ q: 'sift-', isLive: false }))).toEqual(['sift-closed', 'sift-plain']);
    expect(names(await list({ q: 'sift-', isClosed: true }))).toEqual(['sift-closed']);
    expect(names(await list({ q: 'ANA’S' }))).toEqual(['sift-live']);
    expect(names(await list({ q: 'sift-' }, '&sort=["numParticipants","DESC"]'))[0]).toBe(
      'sift-live',
    );
    expect((await list({ isLive: 'yes' })).status).toBe(400);
    expect((await list({}, '&sort=["secret","ASC"]')).status).toBe(400);
    expect((await list({}, '&range=[0,5000]')).status).toBe(400);
  });

  it('changes what is sent and nothing else, with both sides in the entry', async () => {
    const room = await test.newRoom({ title: 'Before', empty_timeout: 77 });
    const seen = (await test.inject('GET', url(room), { as: admin })).body;
    const answer = await put(room, { ...seen, title: 'After', numParticipants: 99 });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ title: 'After', emptyTimeout: 77, numParticipants: 0 });
    expect(answer.body).not.toHaveProperty('appliesAtNextStart');
    expect((await test.ledger('room.updated')).at(-1)).toMatchObject({
      room,
      outcome: 'ok',
      payload: { before: { title: 'Before' }, after: { title: 'After' } },
    });
    const before = (await test.ledger('room.updated')).length;
    await put(room, { title: 'After' });
    expect((await test.ledger('room.updated')).length).toBe(before);
    expect(test.hints).toContainEqual({ topic: 'rooms', type: 'room', key: room });
    expect(test.hints).toContainEqual({ topic: `room:${room}`, type: 'policy', key: null });
  });

  it.each(['id', 'name', 'isClosed', 'isDemo', 'createdAt'])(
    'refuses to change %s by PUT',
    async (field) => {
      const room = await test.newRoom();
      const answer = await put(room, { [field]: 'another' });
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual({ [field]: 'cannot be changed' });
    },
  );

  it('answers 412 with the current record when somebody else was faster', async () => {
    const room = await test.newRoom();
    const headers = { 'if-match': '"1"' };
    expect((await put(room, { title: 'first' }, admin, headers)).status).toBe(200);
    const second = await put(room, { title: 'second' }, admin, headers);
    expect(second.status).toBe(412);
    expect(second.body.current).toMatchObject({ title: 'first' });
    for (const [method, verb] of [
      ['DELETE', ''],
      ['POST', '/close'],
      ['POST', '/open'],
    ] as const) {
      expect((await test.inject(method, url(room, verb), { as: admin, headers })).status).toBe(412);
    }
    const left = await test.inject('GET', url(room), { as: admin });
    expect(left.body).toMatchObject({ title: 'first', isClosed: false });
  });

  it('closes and opens, each with its entries; without LiveKit nothing runs, so it is done', async () => {
    const room = await test.newRoom();
    const closed = await test.inject('POST', url(room, '/close'), {
      as: admin,
      body: { reason: 'over for today' },
    });
    expect(closed.body).toMatchObject({ isClosed: true, outcome: 'applied' });
    const entries = (await test.ledger('room.closed')).filter((entry) => entry.room === room);
    expect(entries).toMatchObject([
      {
        outcome: 'intent',
        reason: 'over for today',
        payload: { operationId: closed.body.operationId },
      },
      { outcome: 'applied', payload: { operationId: closed.body.operationId } },
    ]);
    expect((await test.inject('POST', url(room, '/open'), { as: admin })).body.isClosed).toBe(
      false,
    );
    await test.inject('POST', url(room, '/open'), { as: admin });
    expect((await test.ledger('room.opened')).filter((entry) => entry.room === room)).toHaveLength(
      1,
    );
    const wrong = await test.inject('POST', url(room, '/close'), { as: admin, body: { force: 1 } });
    expect(wrong.body.errors).toEqual({ force: 'unknown field' });
  });

  it('deletes with the room its seats and the assignments for it alone, and keeps the ledger', async () => {
    const room = await test.newRoom();
    const user = await test.newUser();
    await test.sql('INSERT INTO seat (room, identity) VALUES ($1, $2)', [room, user.identity]);
    const own = await test.newAssignment({ room_name: room, user_id: user.id, template: 'viewer' });
    const wide = await test.newAssignment({ room_pattern: `${room}*`, template: 'viewer' });
    expect((await test.inject('DELETE', url(room), { as: admin })).status).toBe(204);
    expect((await test.inject('DELETE', url(room), { as: admin })).status).toBe(404);
    expect(await test.sql('SELECT 1 FROM seat WHERE room = $1', [room])).toEqual([]);
    const left = await test.sql('SELECT id FROM assignment WHERE id = ANY($1)', [[own, wide]]);
    expect(left).toEqual([{ id: wide }]);
    const entries = (await test.ledger()).filter((entry) => entry.room === room);
    expect(entries.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'room.deleted intent',
      'assignment.deleted ok',
      'room.deleted applied',
    ]);
    expect(entries[1]?.payload.assignment).toBe(own);
    // The name is free again, and brings nothing back.
    expect((await create({ name: room })).status).toBe(201);
  });

  it('gives a name to one of several who ask at the same time', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => create({ name: 'raced' })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409]);
    const rooms = test.app.get(RoomsService);
    await Promise.all([1, 2, 3, 4].map(() => rooms.ensure(SYSTEM_ACTOR, 'ensured ❤')));
    const created = (await test.ledger('room.created')).map((entry) => entry.room);
    expect(created.filter((name) => name === 'raced')).toHaveLength(1);
    expect(created.filter((name) => name === 'ensured ❤')).toHaveLength(1);
  });

  it('has the presets that promotion and defaults name', () => {
    expect(PRESETS.map((preset) => preset.key)).toEqual(
      expect.arrayContaining(['speaker', 'viewer']),
    );
  });
});

/** What the services here call; the sweep calls more. */
const OURS = new Set(['CreateRoom', 'DeleteRoom', 'UpdateRoomMetadata']);

/** LiveKit's address, where nobody answers as LiveKit would: what is tested here is its failing. */
describe('rooms while LiveKit fails', () => {
  let test: TestApp;
  let server: Server;
  let calls: string[];
  let status = 503;

  beforeAll(async () => {
    calls = [];
    server = createServer((request, response) => {
      const call = request.url?.split('/').at(-1) ?? '';
      if (OURS.has(call)) calls.push(call);
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (body.includes(HEALTH_ROOM)) {
          response.writeHead(200, { 'content-type': 'application/protobuf' }).end();
          return;
        }
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ code: 'internal', msg: 'broken' }));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    test = await startTestApp({
      environment: {
        LIVEKIT_URL: `ws://127.0.0.1:${port}`,
        LIVEKIT_API_KEY: 'key',
        LIVEKIT_API_SECRET: 'a secret of at least 32 characters',
      },
    });
  });
  afterAll(async () => {
    await test?.stop();
    await new Promise((done) => server?.close(done));
  });
  beforeEach(() => {
    calls = [];
    status = 503;
  });

  const room = async (fields: object = {}) =>
    test.newRoom({ live_sid: 'RM_live', num_participants: 2, ...fields });
  const entriesOf = async (name: string, kind: string) =>
    (await test.ledger(kind)).filter((entry) => entry.room === name);

  it('closes for good and answers pending; later the sweep ends it and gives the outcome', async () => {
    const name = await room();
    const closed = await test.inject('POST', url(name, '/close'), { as: test.admin });
    expect(closed.status).toBe(200);
    expect(closed.body).toMatchObject({ isClosed: true, outcome: 'pending' });
    const outcomes = async () =>
      (await entriesOf(name, 'room.closed')).map((entry) => entry.outcome);
    const rooms = test.app.get(RoomClosing);
    await rooms.completePending([]);
    expect(await outcomes()).toEqual(['intent', 'pending']);
    status = 404; // LiveKit knows no such room: it is ended
    await rooms.completePending([name]);
    calls = [];
    await rooms.completePending([name]);
    expect(calls).toEqual([]);
    const entries = await entriesOf(name, 'room.closed');
    expect(entries.map((entry) => entry.outcome)).toEqual(['intent', 'pending', 'applied']);
    expect(new Set(entries.map((entry) => entry.payload.operationId)).size).toBe(1);
  });

  it('keeps a live room that it cannot end, closed, and deletes it the next time', async () => {
    const name = await room();
    const refused = await test.inject('DELETE', url(name), { as: test.admin });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBeDefined();
    const left = await test.inject('GET', url(name), { as: test.admin });
    expect(left.body.isClosed).toBe(true);
    status = 404;
    expect((await test.inject('DELETE', url(name), { as: test.admin })).status).toBe(204);
    const entries = await entriesOf(name, 'room.deleted');
    expect(entries.map((entry) => entry.outcome)).toEqual([
      'intent',
      'failed',
      'intent',
      'applied',
    ]);
  });

  it('deletes a room that does not run also while LiveKit cannot be asked', async () => {
    const name = await room({ live_sid: null });
    expect((await test.inject('DELETE', url(name), { as: test.admin })).status).toBe(204);
  });

  it('says which options wait for the next start of a live room', async () => {
    const name = await room();
    const answer = await test.inject('PUT', url(name), {
      as: test.admin,
      body: { emptyTimeout: 5, maxParticipants: 9, title: 't', metadata: 'new' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.appliesAtNextStart).toEqual(['emptyTimeout', 'maxParticipants', 'metadata']);
    const entries = await entriesOf(name, 'room.updated');
    expect(entries.map((entry) => entry.outcome)).toEqual(['intent', 'failed']);
  });

  const policyRoom = async (name: string) => {
    const { room: found } = await test.app.get(PolicyReader).read({ room: name, identity: 'x' });
    return found as PolicyRoom;
  };

  it('throws unavailable when a room must run and cannot, with one call for all who ask', async () => {
    const live = test.app.get(LiveRooms);
    const wanted = await policyRoom(await room({ live_sid: null }));
    status = 400;
    const all = await Promise.allSettled([1, 2, 3].map(() => live.ensure(wanted)));
    for (const one of all) {
      expect(one).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
    }
    expect(calls).toEqual(['CreateRoom']);
  });

  it('starts a room that no sweep has seen for a while, and leaves one alone that was seen', async () => {
    const live = test.app.get(LiveRooms);
    const name = await room();
    status = 400;
    await test.sql('UPDATE room SET last_seen_live_at = now() WHERE name = $1', [name]);
    await live.ensureSoon(await policyRoom(name));
    expect(calls).toEqual([]);
    await test.sql(
      `UPDATE room SET last_seen_live_at = now() - interval '1 minute' WHERE name = $1`,
      [name],
    );
    await live.ensureSoon(await policyRoom(name));
    expect(calls).toEqual(['CreateRoom']);
  });

  it('goes on without the room when it need not run, and does not ask again at once', async () => {
    const live = test.app.get(LiveRooms);
    const wanted = await policyRoom(await room({ live_sid: null }));
    status = 400;
    await live.ensureSoon(wanted);
    const asked = calls.length;
    await live.ensureSoon(wanted);
    expect(calls).toHaveLength(asked);
    await until('it asks again later', async () => {
      await live.ensureSoon(wanted);
      return calls.length > asked;
    });
  });
});
