import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { Crowd } from '../../test/support/crowd.js';
import { whileHeld } from '../../test/support/held-row.js';
import { ALL_RIGHTS, type Permission } from '../../test/support/livekit-double/model.js';
import { WHOLE_PAYLOAD } from '../../test/support/ledger-sql.js';
import { until } from '../../test/support/until.js';
import { Transactions } from '../ledger/transactions.js';
import { RoomSessions } from '../presence/room-sessions.js';

describe('scenes', () => {
  let world: DoubleWorld;
  let livekit: DoubleWorld['livekit'];
  let app: DoubleWorld['app'];
  let crowd: Crowd;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '2s' }, { latencyMs: 3, webhookUrl: null });
    ({ livekit, app } = world);
    crowd = new Crowd(app, livekit);
  });

  afterEach(() => livekit.heal());

  afterAll(() => world?.stop());

  const call = async (method: string, path: string, body?: unknown, headers = {}) => {
    const response = await fetch(app.url + path, {
      method,
      headers: {
        cookie: app.cookie,
        origin: app.url,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();

    return { status: response.status, body: text ? JSON.parse(text) : null };
  };

  const enter = async (room: string, body: object) => {
    const answer = await call('POST', `/api/v1/rooms/${room}/scene`, body);
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return { ...answer.body, view: await crowd.end(answer.body.operationId) };
  };

  const leave = async (room: string) => {
    const answer = await call('DELETE', `/api/v1/rooms/${room}/scene`);
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return { ...answer.body, view: await crowd.end(answer.body.operationId) };
  };

  const permissions = (room: string): Record<string, Permission> =>
    Object.fromEntries(
      livekit.people(room).map(({ identity, permission }) => [identity, { ...permission }]),
    );

  const promote = (room: string, identity: string, template: string) =>
    app.post(`/api/v1/rooms/${room}/seats/${identity}/promote`, { template });

  const entries = (room: string, kind: string) =>
    app.sql<{ actor_label: string; payload: Record<string, unknown> }>(
      `SELECT actor_label, ${WHOLE_PAYLOAD} FROM ledger_entry WHERE room = $1 AND kind = $2
       ORDER BY at, shard, seq`,
      [room, kind],
    );

  describe('a lock', () => {
    it('leaves nobody but hosts with a voice, and gives back exactly what everybody had', async () => {
      const { name } = await crowd.room(12);
      await promote(name, 'p-0000', 'host');
      await promote(name, 'p-0001', 'speaker');
      await promote(name, 'p-0002', 'camera-only');
      await promote(name, 'p-0003', 'presenter');
      livekit.person(name, 'p-0001').publish('MICROPHONE');
      await crowd.look(name);
      const before = permissions(name);

      const lock = await enter(name, { lock: {}, reason: 'noise' });
      expect(lock.scene).toMatchObject({ id: null, name: 'Lock', by: 'admin@localhost' });
      expect(lock.view).toMatchObject({ action: 'scene', total: 11, applied: 11, failed: 0 });
      for (const { identity, permission, tracks } of livekit.people(name)) {
        expect(permission).toMatchObject({
          canPublish: identity === 'p-0000',
          canPublishData: identity === 'p-0000',
          canSubscribe: true,
        });
        expect(tracks).toEqual([]);
      }
      expect((await app.get(`/api/v1/rooms/${name}`)).body.scene).toMatchObject({
        name: 'Lock',
        reason: 'noise',
      });

      const back = await leave(name);
      expect(back.view).toMatchObject({ total: 11, applied: 11 });
      expect(permissions(name)).toEqual(before);
      expect((await app.get(`/api/v1/rooms/${name}`)).body.scene).toBeNull();
      expect(await entries(name, 'scene.entered')).toMatchObject([
        { actor_label: 'admin@localhost', payload: { operationId: lock.operationId } },
      ]);
      expect(await entries(name, 'scene.left')).toHaveLength(1);
      expect(await entries(name, 'drift.detected')).toEqual([]);
    });

    it('calls LiveKit for nobody who loses nothing', async () => {
      const { name } = await crowd.room(8, { columns: { default_template: 'hidden-observer' } });
      await until('everybody has what they should', async () => {
        const seats = (await app.get(`/api/v1/rooms/${name}/seats`)).body as { inSync: boolean }[];
        return seats.every(({ inSync }) => inSync);
      });
      await promote(name, 'p-0003', 'speaker');
      const before = crowd.changes(name).length;
      const lock = await enter(name, { lock: { keep: [] } });
      expect(lock.total).toBe(1);
      expect(crowd.changes(name)).toHaveLength(before + 1);
    });

    it('holds for who joins meanwhile, and not for who is brought up during it', async () => {
      const { name } = await crowd.room(3);
      await enter(name, { lock: {} });
      await promote(name, 'p-0001', 'speaker');
      expect(crowd.publishers(name)).toEqual(['p-0001']);
      await app.sql(
        `INSERT INTO seat (room, identity, last_issued_at) VALUES ($1, 'late', now())`,
        [name],
      );
      livekit.join({ room: name, identity: 'late', permission: ALL_RIGHTS });
      await until(
        'who joined is silent',
        () => !livekit.person(name, 'late').permission.canPublishData,
        20_000,
      );
      expect((await leave(name)).view.failed).toBe(0);
      expect(crowd.publishers(name)).toEqual(['p-0001']);
      expect(livekit.person(name, 'late').permission).toMatchObject({ canPublishData: true });
    });

    it('takes rights from people without a rule, and gives back what they came with', async () => {
      const { name, identities } = await crowd.room(3, {
        columns: { default_template: null },
        permission: () => ALL_RIGHTS,
        isIssued: false,
      });
      const before = permissions(name);
      await enter(name, { lock: {} });
      expect(crowd.publishers(name)).toEqual([]);
      // Another scene on top keeps what they had before the first.
      await enter(name, { lock: { keep: [] } });
      await leave(name);
      const after = permissions(name);
      for (const identity of identities) {
        expect(after[identity]).toMatchObject({ canPublish: true, canPublishData: true });
        expect(after[identity]?.canSubscribe).toBe(before[identity]?.canSubscribe);
      }
    });

    it('who publishes is silent before anybody else is told', async () => {
      const { name, identities } = await crowd.room(200);
      const speakers = identities.filter((_, i) => i % 20 === 0);
      await crowd.run(name, { action: 'promote', template: 'speaker', identities: speakers });
      for (const identity of speakers) livekit.person(name, identity).publish('MICROPHONE');
      await crowd.look(name);
      const from = livekit.history.length;
      const lock = await enter(name, { lock: {} });
      expect(lock.total).toBe(200);
      const told = livekit.history
        .slice(from)
        .filter(({ room, kind }) => room === name && kind === 'permission')
        .map(({ identity }) => identity);
      expect(told.slice(0, speakers.length).sort()).toEqual(speakers);
      expect(told).toHaveLength(200);
    });

    it('everybody is told once, who publishes first, however slow LiveKit is', async () => {
      const { name, identities } = await crowd.room(200);
      const speakers = identities.filter((_, i) => i % 7 === 0);
      await crowd.run(name, { action: 'promote', template: 'speaker', identities: speakers });
      for (const identity of speakers) livekit.person(name, identity).publish('MICROPHONE');
      await crowd.look(name);
      // Slower than a reading of a seat stays fresh, and sweeps go by.
      const asked: string[] = [];
      const slow = { on: 'UpdateParticipant', room: name, latencyMs: 200 };
      for (const identity of identities) {
        livekit.inject({ ...slow, identity, onStrike: () => void asked.push(identity) });
      }
      const lock = await enter(name, { lock: {} });
      expect(lock.view).toMatchObject({ total: 200, applied: 200 });
      // Calls that are in flight together, 32 at most, may arrive in another order.
      expect(asked.slice(0, speakers.length + 32)).toEqual(expect.arrayContaining(speakers));
      expect(asked.toSorted()).toEqual(identities);
      expect(await entries(name, 'drift.detected')).toEqual([]);
    });

    it('while LiveKit is away the lock holds, and people are told when it is back', async () => {
      const { name } = await crowd.room(20);
      livekit.inject({ on: 'UpdateParticipant', room: name, then: 'fail' });
      const lock = await enter(name, { lock: {} });
      expect(lock.view).toMatchObject({ status: 'done', pending: 20, applied: 0 });
      livekit.heal();
      await until(
        'everybody is told, and counted',
        async () => (await crowd.operation(lock.operationId)).applied === 20,
        30_000,
      );
      expect(livekit.people(name).some(({ permission }) => permission.canPublishData)).toBe(false);
    });

    it('ends with the session of the room, with an entry', async () => {
      const { name } = await crowd.room(2);
      await enter(name, { lock: {} });
      const [row] = await app.sql<{ live_sid: string }>(
        `UPDATE room SET live_sid = 'RM_1' WHERE name = $1 RETURNING live_sid`,
        [name],
      );
      await app.app
        .get(Transactions)
        .run((tx) => app.app.get(RoomSessions).finished(tx, name, row?.live_sid ?? '', new Date()));
      expect((await app.get(`/api/v1/rooms/${name}`)).body.scene).toBeNull();
      expect(await entries(name, 'scene.left')).toMatchObject([
        { actor_label: 'LiveKit', payload: { because: 'the session of the room ended' } },
      ]);
    });
  });

  describe('who may', () => {
    const key = async (permissions: string[], ceiling: string | null) => {
      const { body } = await app.post('/api/v1/api-keys', { name: 'key', permissions });
      if (ceiling) {
        await app.sql(
          `UPDATE api_key SET ceiling =
             (SELECT grants FROM role_template_version WHERE template = $2 LIMIT 1) WHERE id = $1`,
          [body.id, ceiling],
        );
      }
      return { authorization: `Bearer ${body.key}`, cookie: '' };
    };

    it('an operator cannot take roles above their ceiling, and the answer names them', async () => {
      const { name } = await crowd.room(3);
      await promote(name, 'p-0000', 'host');
      await promote(name, 'p-0001', 'presenter');
      const headers = await key(['seat.read', 'scene.read', 'scene.enter'], 'presenter');
      const path = `/api/v1/rooms/${name}/scene`;
      const lock = await call('POST', path, { lock: { keep: [] } }, headers);
      expect(lock.status).toBe(202);
      expect(lock.body.kept).toContain('host');
      await crowd.end(lock.body.operationId);
      expect(crowd.publishers(name)).toEqual(['p-0000']);
      expect((await call('DELETE', path, undefined, headers)).status).toBe(202);
    });

    it('nobody gives by a scene, or gives back, what goes beyond their ceiling', async () => {
      const { name } = await crowd.room(2);
      const headers = await key(['seat.read', 'scene.read', 'scene.enter'], 'speaker');
      const { body: scene } = await call('POST', '/api/v1/scenes', {
        name: `up ${name}`,
        rules: [{ from: 'viewer', to: 'presenter' }],
      });
      const path = `/api/v1/rooms/${name}/scene`;
      const up = await call('POST', path, { scene: scene.id }, headers);
      expect(up).toMatchObject({ status: 403, body: { code: 'scene.above_ceiling' } });
      await enter(name, { lock: { keep: [] } });
      const down = await call('DELETE', path, undefined, headers);
      expect(down).toMatchObject({ status: 403, body: { code: 'scene.above_ceiling' } });
      expect(await entries(name, 'access.refused')).toHaveLength(2);
    });

    it('nobody gives back by another scene what they could not give back by leaving', async () => {
      const { name } = await crowd.room(2);
      await promote(name, 'p-0000', 'host');
      await promote(name, 'p-0001', 'speaker');
      const headers = await key(['seat.read', 'scene.read', 'scene.enter'], 'presenter');
      const path = `/api/v1/rooms/${name}/scene`;
      await enter(name, { lock: { keep: [] } });
      expect(crowd.publishers(name)).toEqual([]);
      for (const keep of [['host', 'speaker'], ['speaker']]) {
        const lock = await call('POST', path, { lock: { keep } }, headers);
        expect(lock.status).toBe(202);
        expect(lock.body.kept.includes('host')).toBe(keep.includes('host'));
        await crowd.end(lock.body.operationId);
        expect(crowd.publishers(name)).toEqual(['p-0001']);
      }
      expect((await call('DELETE', path, undefined, headers)).status).toBe(403);
    });

    it('nobody leaves a scene above their ceiling that is entered while they ask', async () => {
      const { name } = await crowd.room(1);
      const headers = await key(['seat.read', 'scene.read', 'scene.enter'], 'speaker');
      const path = `/api/v1/rooms/${name}/scene`;
      const rules = [{ from: 'speaker', to: 'viewer' }];
      const { body: scene } = await call('POST', '/api/v1/scenes', { name: `low ${name}`, rules });
      await enter(name, { scene: scene.id });
      const answers = await whileHeld(
        app,
        'SELECT FROM room WHERE name = $1',
        [name],
        [
          () => call('POST', path, { lock: { keep: [] } }),
          () => call('DELETE', path, undefined, headers),
        ],
      );
      expect(answers.map(({ status }) => status)).toEqual([202, 403]);
      expect(await entries(name, 'access.refused')).toHaveLength(1);
      expect(await entries(name, 'scene.left')).toEqual([]);
    });

    it('needs the permission, in the room', async () => {
      const { name } = await crowd.room(1);
      const path = `/api/v1/rooms/${name}/scene`;
      const reader = await key(['seat.read', 'scene.read'], null);
      expect((await call('POST', path, { lock: {} }, reader)).status).toBe(403);
      expect((await call('DELETE', path, undefined, reader)).status).toBe(403);
      expect((await call('POST', path, { lock: {} }, { cookie: '' })).status).toBe(401);
      expect((await call('POST', '/api/v1/rooms/none/scene', { lock: {} })).status).toBe(404);
      expect((await call('DELETE', path)).body.code).toBe('scene.not_playing');
      expect((await call('POST', path, {})).status).toBe(400);
      expect((await call('POST', path, { lock: {}, scene: 'x' })).status).toBe(400);
    });
  });

  describe('saved ones', () => {
    it('are made, read, changed, entered and deleted, each with an entry', async () => {
      const { name } = await crowd.room(4, { columns: { default_template: 'speaker' } });
      const made = await call('POST', '/api/v1/scenes', {
        room: name,
        name: 'Quiet',
        rules: [{ from: 'speaker', to: 'viewer' }],
      });
      expect(made).toMatchObject({ status: 201, body: { room: name, isBuiltIn: false } });
      const path = `/api/v1/scenes/${made.body.id}`;
      const changed = await call('PUT', path, { ...made.body, description: 'for talks' });
      expect(changed).toMatchObject({ status: 200, body: { description: 'for talks' } });
      const stale = await call('PUT', path, { name: 'x' }, { 'if-match': '"1"' });
      expect(stale.status).toBe(412);

      const entered = await enter(name, { scene: made.body.id });
      expect(entered.scene).toMatchObject({ id: made.body.id, name: 'Quiet' });
      expect(crowd.publishers(name)).toEqual([]);
      expect((await call('DELETE', path)).status).toBe(204);
      expect((await call('GET', path)).status).toBe(404);
      // The room plays it as it was entered.
      expect((await app.get(`/api/v1/rooms/${name}`)).body.scene.name).toBe('Quiet');
      await leave(name);
      expect(crowd.publishers(name)).toHaveLength(4);
      for (const kind of ['scene.created', 'scene.updated', 'scene.deleted']) {
        expect(await entries(name, kind)).toHaveLength(1);
      }
    });

    it('three are there from the start, and cannot be changed', async () => {
      const filter = encodeURIComponent('{"isBuiltIn":true}');
      const { body } = await call('GET', `/api/v1/scenes?filter=${filter}`);
      expect(body.map((scene: { name: string }) => scene.name)).toEqual(['Keynote', 'Lock', 'Q&A']);
      const path = `/api/v1/scenes/${body[0].id}`;
      expect((await call('PUT', path, { name: 'x' })).body.code).toBe('scene.built_in');
      expect((await call('DELETE', path)).body.code).toBe('scene.built_in');
      const { name } = await crowd.room(2, { columns: { default_template: 'speaker' } });
      await enter(name, { scene: body[0].id });
      expect(crowd.publishers(name)).toEqual([]);
    });

    it('of another room cannot be entered, and of a room out of reach not be seen', async () => {
      const one = await crowd.room(1);
      const other = await crowd.room(1);
      const { body: scene } = await call('POST', '/api/v1/scenes', {
        room: one.name,
        name: 'Only here',
        rules: [{ from: '*', to: null }],
      });
      const path = `/api/v1/rooms/${other.name}/scene`;
      const wrong = await call('POST', path, { scene: scene.id });
      expect(wrong).toMatchObject({ status: 409, body: { code: 'scene.of_another_room' } });
      const { body: limited } = await app.post('/api/v1/api-keys', {
        name: 'limited',
        permissions: ['scene.read', 'scene.write'],
        rooms: [other.name],
      });
      const headers = { authorization: `Bearer ${limited.key}`, cookie: '' };
      expect((await call('GET', `/api/v1/scenes/${scene.id}`, undefined, headers)).status).toBe(
        404,
      );
      const everywhere = { name: 'Everywhere', rules: [{ from: '*', to: null }] };
      expect((await call('POST', '/api/v1/scenes', everywhere, headers)).status).toBe(403);
    });

    it('have names of their own, everywhere or in their room', async () => {
      const { name: room } = await crowd.room(1);
      const rules = [{ from: 'viewer', to: null }];
      for (const where of [{}, { room }]) {
        const scene = { ...where, name: 'Twice', rules };
        expect((await call('POST', '/api/v1/scenes', scene)).status).toBe(201);
        const again = await call('POST', '/api/v1/scenes', scene);
        expect([again.status, again.body.code]).toEqual([409, 'scene.name_taken']);
        expect(Object.keys(again.body.errors)).toEqual(['name']);
      }
    });

    it('name templates that exist, once each', async () => {
      const wrong = async (rules: unknown) =>
        (await call('POST', '/api/v1/scenes', { name: 'wrong', rules })).status;
      expect(await wrong([])).toBe(400);
      expect(await wrong([{ from: 'viewer', to: 'none' }])).toBe(400);
      const twice = { from: 'viewer', to: null };
      expect(await wrong([twice, twice])).toBe(400);
      expect(await wrong([{ from: 'viewer', to: null, more: 1 }])).toBe(400);
    });
  });
});
