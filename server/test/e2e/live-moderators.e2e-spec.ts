import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { samePermission } from '../../src/grants/compile-grant.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { type LiveApp } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

describeLive('several moderators', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let other: LiveApp;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '2s' }, { servers: 2 });
    ({ livekit, app, scene } = world);
    other = world.servers[1]!;
  });

  afterAll(() => world?.stop());

  const path = (room: string, identity: string, action: string) =>
    `/api/v1/rooms/${encodeURIComponent(room)}/seats/${encodeURIComponent(identity)}/${action}`;

  const key = async (permissions: string[], rooms: string[] | null, ceiling: string | null) => {
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'key',
      permissions,
      ...(rooms ? { rooms } : {}),
    });
    if (ceiling) {
      await app.sql(
        `UPDATE api_key SET ceiling = (SELECT grants FROM role_template_version WHERE template = $2 LIMIT 1)
         WHERE id = $1`,
        [body.id, ceiling],
      );
    }
    return { authorization: `Bearer ${body.key}`, cookie: '' };
  };

  it('who expected another epoch is told what changed, and changes nothing', async () => {
    const room = await scene.room('collide');
    await scene.user('ana');
    const results = await Promise.all([
      app.post(path(room, 'ana', 'promote'), { expectEpoch: 0, reason: 'one' }),
      other.post(path(room, 'ana', 'promote'), { expectEpoch: 0, template: 'presenter' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual([200, 409]);
    const refused = results.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      code: 'seat.changed',
      current: { identity: 'ana', epoch: 1, override: { by: 'admin@localhost' } },
    });
    expect(await scene.ledger(room, 'seat.promoted')).toHaveLength(2);
  });

  it('changes from two servers at once end in the desired state of the last one', async () => {
    const room = await scene.room('tug-of-war');
    const ana = await signalJoin(livekit.url, await scene.issued(room, 'ana'));
    const servers = [app, other];
    const templates = ['speaker', 'presenter', 'viewer', 'camera-only'];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        (servers[i % 2] as LiveApp).post(path(room, 'ana', 'promote'), {
          template: templates[i % 4],
        }),
      ),
    );
    const made = answers.filter(({ status }) => status === 200);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const last = made.toSorted((a, b) => b.body.epoch - a.body.epoch)[0];
    const wished = last?.body.after.permission;
    await until('LiveKit has what was wished last', async () => {
      const observed = (await scene.seat(room, 'ana'))?.observed;
      return observed && samePermission(observed, wished);
    });
    expect(ana.isClosed).toBe(false);
    const ends = await until('each has its end', async () => {
      const entries = await scene.ledger(room, 'seat.promoted');
      const ended = entries.filter(({ outcome }) => !['intent', 'pending'].includes(outcome));
      return ended.length >= made.length ? ended : null;
    });
    expect(ends).toHaveLength(made.length);
    expect(new Set(ends.map(({ payload }) => payload.operationId)).size).toBe(made.length);
  });

  it('an operation can be undone once, in time, while nobody else changed the seat', async () => {
    const room = await scene.room('undo');
    const eve = await signalJoin(livekit.url, await scene.issued(room, 'eve'));
    const promoted = (await scene.act(room, 'eve', 'promote', { for: '1h', reason: 'r' })).body;
    await until('eve may publish', () => eve.permission?.['canPublish'] === true);
    const undone = await app.post(`/api/v1/operations/${promoted.operationId}/undo`);
    expect(undone).toMatchObject({
      status: 200,
      body: { outcome: 'applied', after: { template: 'viewer' }, epoch: 2 },
    });
    await until('eve may not publish', () => eve.permission?.['canPublish'] !== true);
    const twice = await app.post(`/api/v1/operations/${promoted.operationId}/undo`);
    expect(twice).toMatchObject({ status: 409, body: { code: 'operation.undone' } });

    const again = await app.post(`/api/v1/operations/${undone.body.operationId}/undo`);
    expect(again.body).toMatchObject({ after: { template: 'speaker' } });
    expect(await scene.seat(room, 'eve')).toMatchObject({ override: { reason: 'r' } });

    const blocked = (await scene.act(room, 'eve', 'block')).body;
    await scene.act(room, 'eve', 'unblock');
    const late = await app.post(`/api/v1/operations/${blocked.operationId}/undo`);
    expect(late).toMatchObject({ status: 409, body: { code: 'seat.changed' } });

    const removed = (await scene.act(room, 'eve', 'remove')).body;
    const never = await app.post(`/api/v1/operations/${removed.operationId}/undo`);
    expect(never).toMatchObject({ status: 409, body: { code: 'operation.not_undoable' } });
  });

  it('who has a ceiling neither gives more than it nor touches who has more', async () => {
    const room = await scene.room('ceiling');
    await scene.user('host');
    await scene.user('guest');
    await scene.act(room, 'host', 'promote', { template: 'host' });
    const headers = await key(
      ['seat.read', 'seat.promote', 'seat.demote', 'seat.block', 'seat.remove', 'seat.mute'],
      null,
      'speaker',
    );
    const refusals = [
      await app.post(path(room, 'guest', 'promote'), { template: 'presenter' }, headers),
      await app.post(path(room, 'host', 'demote'), {}, headers),
      await app.post(path(room, 'host', 'block'), {}, headers),
      await app.post(path(room, 'host', 'remove'), {}, headers),
      await app.post(path(room, 'host', 'mute'), {}, headers),
    ];
    expect(refusals.map(({ status, body }) => [status, body.code])).toEqual(
      Array(5).fill([403, 'seat.above_ceiling']),
    );
    expect((await app.post(path(room, 'guest', 'promote'), {}, headers)).status).toBe(200);
  });

  it('dropping a demotion must not give back more than the ceiling', async () => {
    const room = await scene.room('give-back', { default_template: 'host' });
    await scene.user('hans');
    await scene.act(room, 'hans', 'demote', { template: 'viewer' });
    const headers = await key(['seat.read', 'seat.promote', 'seat.demote'], null, 'speaker');
    const dropped = await app.post(path(room, 'hans', 'demote'), {}, headers);
    expect(dropped).toMatchObject({ status: 403, body: { code: 'seat.above_ceiling' } });
  });

  it('who may only demote cannot raise anybody by it', async () => {
    const room = await scene.room('only-demote');
    await scene.user('lia');
    const headers = await key(['seat.read', 'seat.demote'], null, null);
    const raised = await app.post(path(room, 'lia', 'demote'), { template: 'speaker' }, headers);
    expect(raised).toMatchObject({ status: 403, body: { permission: 'seat.promote' } });
  });

  it('a room outside the limit does not exist, nor do its operations', async () => {
    const room = await scene.room('elsewhere');
    await scene.user('zoe');
    const { operationId } = (await scene.act(room, 'zoe', 'promote')).body;
    const headers = await key(['seat.read', 'seat.promote', 'seat.demote'], ['here-*'], null);
    expect((await app.post(path(room, 'zoe', 'promote'), {}, headers)).status).toBe(404);
    expect((await app.post(`/api/v1/operations/${operationId}/undo`, {}, headers)).status).toBe(
      404,
    );
  });

  it.each<[string, string, unknown, number, string]>([
    ['an unknown template', 'promote', { template: 'nobody' }, 400, 'template'],
    ['an unknown field', 'promote', { role: 'speaker' }, 400, 'role'],
    ['a lease of nothing', 'promote', { for: 0 }, 400, 'for'],
    ['a lease that is no time', 'demote', { for: 'soon' }, 400, 'for'],
    ['an epoch that is no number', 'demote', { expectEpoch: '1' }, 400, 'expectEpoch'],
    ['an unknown source', 'mute', { source: 'nose' }, 400, 'source'],
    ['a reason without end', 'remove', { reason: 'x'.repeat(1_001) }, 400, 'reason'],
  ])(
    '%s is refused by name, and nothing is changed',
    async (_what, action, body, status, field) => {
      const room = 'input';
      if (!(await app.sql('SELECT 1 FROM room WHERE name = $1', [room])).length) {
        await scene.room(room);
        await scene.user('ivy');
      }
      const answer = await scene.act(room, 'ivy', action, body);
      expect(answer.status).toBe(status);
      expect(Object.keys(answer.body.errors)).toContain(field);
      const entries = await scene.ledger(room);
      expect(entries.filter(({ kind }) => kind.startsWith('seat.'))).toEqual([]);
    },
  );

  it('nobody has an identity that was never heard of', async () => {
    const room = await scene.room('nobody');
    expect(await scene.act(room, 'who?', 'promote')).toMatchObject({
      status: 404,
      body: { code: 'seat.not_found' },
    });
    expect((await scene.act('no room', 'ana', 'promote')).status).toBe(404);
  });

  it('a promotion without a template takes nothing away from who holds more', async () => {
    const room = await scene.room('more');
    await scene.user('hugo');
    await scene.act(room, 'hugo', 'promote', { template: 'presenter' });
    expect(await scene.act(room, 'hugo', 'promote')).toMatchObject({
      status: 409,
      body: { code: 'seat.holds_more' },
    });
    expect((await scene.act(room, 'hugo', 'promote', { template: 'speaker' })).status).toBe(200);
  });

  it('a demotion leaves a viewer where nothing else would be left', async () => {
    const room = await scene.room('bare', { default_template: null });
    await scene.issued(room, 'nele');
    await scene.act(room, 'nele', 'promote');
    expect((await scene.act(room, 'nele', 'demote')).body).toMatchObject({
      after: { template: 'viewer' },
    });
  });

  it('names with slashes, percent signs, colons, spaces and emoji work everywhere', async () => {
    const room = await scene.room('a/b %2F:c ❤ שלום');
    const identity = 'x/y %:z ❤';
    await signalJoin(livekit.url, await scene.issued(room, identity));
    const promoted = await scene.act(room, identity, 'promote');
    expect(promoted.body).toMatchObject({ outcome: 'applied' });
    const one = await app.get(
      `/api/v1/rooms/${encodeURIComponent(room)}/seats/${encodeURIComponent(identity)}`,
    );
    expect(one.body).toMatchObject({ identity, inSync: true, role: { template: 'speaker' } });
  });
});
