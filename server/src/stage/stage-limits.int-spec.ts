import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { stageTools, startStageApp } from '../../test/support/stage.js';
import { until } from '../../test/support/until.js';

let app: TestApp;
let moderator: Credential;

beforeAll(async () => {
  ({ app, moderator } = await startStageApp());
});
afterAll(() => app?.stop());

const { inRoom, me, raised, newRoom, stage, act, limit, speakers } = stageTools(() => ({
  app,
  moderator,
}));

describe('the places of a role', () => {
  it('are never more than the limit, however many moderators promote at once', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 6);
    const people = Array.from({ length: 20 }, (_, i) => `p${String(i).padStart(2, '0')}`);
    await inRoom(room, ...people);
    const answers = await Promise.all(
      people.map((identity) => act(room, `seats/${identity}/promote`, { template: 'speaker' })),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(6);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['409 stage.full']),
    );
    expect(refused[0]?.body).toMatchObject({ template: 'speaker', slots: 6, taken: 6 });
    expect(await speakers(room)).toHaveLength(6);
    expect((await stage(room)).limits).toEqual([
      { template: 'speaker', slots: 6, taken: 6, free: 0 },
    ]);
  });

  it('hold for hands, invitations, promotions and tokens that are asked for at once', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 2);
    await raised(room, 'h1', 'h2');
    await inRoom(room, 'i1', 'i2', 'p1', 'p2');
    for (const identity of ['i1', 'i2']) {
      expect((await act(room, `seats/${identity}/invite`)).status).toBe(200);
    }
    const { hands } = await stage(room);
    await Promise.all([
      ...hands.map(({ id }: Json) => act(room, `stage/${id}/approve`)),
      ...['i1', 'i2'].map((identity) => me(room, identity, 'accept')),
      ...['p1', 'p2'].map((identity) => act(room, `seats/${identity}/promote`)),
      ...['t1', 't2'].map((identity) =>
        app.inject('POST', '/api/v1/tokens', {
          as: app.admin,
          body: { room, identity, template: 'speaker', createUser: true, createRoom: false },
        }),
      ),
    ]);
    expect(await speakers(room)).toHaveLength(2);
  });

  it('bind a token for the role, with no entry of a token that was not issued', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 0);
    const refused = await app.inject('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity: 'tok', template: 'speaker', createUser: true, createRoom: false },
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'stage.full', slots: 0 } });
    expect((await app.ledger('token.issued')).filter((entry) => entry.room === room)).toEqual([]);
  });

  it('bind undo, unblocking and a lease that has run out', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 1);
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/promote');
    const demoted = await act(room, 'seats/ana/demote');
    expect((await act(room, 'seats/bo/promote')).status).toBe(200);
    const undo = `/api/v1/operations/${demoted.body.operationId}/undo`;
    expect(await app.inject('POST', undo, { as: moderator })).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });

    await act(room, 'seats/bo/block');
    expect((await act(room, 'seats/ana/promote')).status).toBe(200);
    expect(await act(room, 'seats/bo/unblock')).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    await act(room, 'seats/bo/demote');
    expect((await act(room, 'seats/bo/unblock')).status).toBe(200);

    await act(room, 'seats/ana/demote');
    await act(room, 'seats/ana/promote', { for: 60 });
    expect((await act(room, 'seats/ana/extend', { for: 60 })).status).toBe(200);
    await limit(room, 'speaker', 0);
    expect(await act(room, 'seats/ana/extend', { for: 120 }, app.admin)).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    await limit(room, 'speaker', 1);
    await app.sql(
      `UPDATE seat SET override_until = now() - interval '1 second' WHERE room = $1 AND identity = 'ana'`,
      [room],
    );
    await app.sql(
      `UPDATE seat SET override_template = 'speaker', override_version = 1, override_scope = 'session',
         override_at = now(), override_by = 'test' WHERE room = $1 AND identity = 'bo'`,
      [room],
    );
    expect(await act(room, 'seats/ana/promote', { for: 120 })).toMatchObject({ status: 409 });
  });

  it('are taken by who has the role by a rule as well, while they are there', async () => {
    const room = await newRoom();
    const { id: user_id, identity } = await app.newUser();
    await app.newAssignment({ user_id, room_name: room, template: 'speaker' });
    await limit(room, 'speaker', 1);
    expect((await stage(room)).limits[0]).toMatchObject({ taken: 0, free: 1 });
    await inRoom(room, identity, 'ana');
    expect(await act(room, 'seats/ana/promote')).toMatchObject({ status: 409 });
    await app.sql(`UPDATE seat SET is_present = false WHERE room = $1 AND identity = $2`, [
      room,
      identity,
    ]);
    expect((await act(room, 'seats/ana/promote')).status).toBe(200);
  });

  it('bind many at once: as many as fit come up, and their hands go down', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 2);
    await raised(room, 'a', 'b', 'c', 'd');
    const { status, body } = await act(room, 'seats/bulk', {
      action: 'promote',
      template: 'speaker',
      identities: ['a', 'b', 'c', 'd'],
    });
    expect(status).toBe(202);
    await until('it has ended', async () => {
      const operation = await app.inject('GET', `/api/v1/operations/${body.operationId}`, {
        as: moderator,
      });
      return operation.body.finishedAt !== null;
    });
    expect(await speakers(room)).toHaveLength(2);
    const { hands } = await stage(room);
    const up = await speakers(room);
    expect(hands.map(({ identity }: Json) => identity).sort()).toEqual(
      ['a', 'b', 'c', 'd'].filter((identity) => !up.includes(identity)),
    );

    const free = await newRoom();
    await raised(free, 'a', 'b', 'c');
    await act(free, 'seats/bulk', { action: 'promote', identities: ['a', 'b', 'c'] });
    await until('all hands are down', async () => (await stage(free)).hands.length === 0);
    const entries = (await app.ledger('stage.hand_approved')).filter((e) => e.room === free);
    expect(new Set(entries.map(({ payload }) => payload.operationId)).size).toBe(3);
  });

  it('keep a scene from making more of them', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 2);
    await inRoom(room, 'ana', 'bo', 'cy');
    const saved = await app.inject('POST', '/api/v1/scenes', {
      as: app.admin,
      body: {
        room,
        name: 'Everybody speaks',
        description: '',
        rules: [{ from: 'viewer', to: 'speaker' }],
      },
    });
    expect(saved.status).toBe(201);
    const play = () => act(room, 'scene', { scene: saved.body.id }, app.admin);
    expect(await play()).toMatchObject({
      status: 409,
      body: { code: 'stage.full', slots: 2, taken: 3 },
    });
    const [row] = await app.sql('SELECT active_scene FROM room WHERE name = $1', [room]);
    expect(row).toEqual({ active_scene: null });
    await limit(room, 'speaker', 3);
    expect((await play()).status).toBe(202);
    expect((await stage(room)).limits[0]).toMatchObject({ taken: 3, free: 0 });
    await inRoom(room, 'dee');
    expect(await act(room, 'seats/dee/promote', { template: 'speaker' })).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
  });

  it('hold with two servers on one database', async () => {
    const other = await startTestApp({ database: app.database });
    try {
      const room = await newRoom();
      await limit(room, 'speaker', 3);
      const people = Array.from({ length: 12 }, (_, i) => `p${i}`);
      await inRoom(room, ...people);
      const answers = await Promise.all(
        people.map((identity, i) =>
          (i % 2 ? other : app).inject('POST', `/api/v1/rooms/${room}/seats/${identity}/promote`, {
            as: moderator,
            body: {},
          }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
      expect(await speakers(room)).toHaveLength(3);
    } finally {
      await other.stop();
    }
  });

  it('never prevent a demotion or a hold', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo', 'cy');
    for (const identity of ['ana', 'bo', 'cy']) await act(room, `seats/${identity}/promote`);
    expect((await limit(room, 'speaker', 1)).body).toEqual({
      template: 'speaker',
      slots: 1,
      taken: 3,
      free: 0,
    });
    expect((await act(room, 'seats/ana/hold')).status).toBe(200);
    expect((await act(room, 'seats/bo/block', { for: 60 })).status).toBe(200);
    expect((await act(room, 'seats/cy/demote')).status).toBe(200);
  });

  it('say who is next in line when one becomes free', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 1);
    await inRoom(room, 'ana');
    await act(room, 'seats/ana/promote');
    await raised(room, 'bo');
    expect((await stage(room)).next).toBeNull();
    const told = () =>
      app.hints.filter(({ topic, type }) => topic === `room:${room}` && type === 'stage').length;
    await until('the full stage is known', () => told() > 1);
    const before = told();
    await me(room, 'ana', 'step-down');
    expect((await stage(room)).next).toBe('bo');
    await until('moderators are told', () => told() > before);
  });

  it('are set by who may change the room, and by nobody else', async () => {
    const room = await newRoom();
    expect((await limit(room, 'speaker', 4, moderator)).status).toBe(403);
    expect((await limit(room, 'nothing-like-it', 4)).status).toBe(400);
    expect((await limit(room, 'speaker', -1)).status).toBe(400);
    expect((await limit(room, 'speaker', 4)).status).toBe(200);
    expect((await limit(room, 'speaker', 4)).status).toBe(200);
    expect((await limit(room, 'speaker', null)).body).toMatchObject({ slots: null, free: null });
    const changes = (await app.ledger('stage.limit_changed')).filter((e) => e.room === room);
    expect(changes.map(({ payload }) => payload.after.slots)).toEqual([4, null]);
  });
});
