import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeLive } from '../support/livekit-server.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

describeLive('promoting and demoting people in a running room', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];

  beforeAll(async () => {
    // So slow a sweep that nothing here waits for it.
    world = await startLiveWorld({ ROLECALL_SWEEP: '10m' });
    ({ livekit, app, scene, people } = world);
  });

  afterAll(() => world?.stop());

  it('lets a promoted viewer publish video that another receives, and ends it by a demotion', async () => {
    const room = await scene.room('town-hall');
    const ana = await people.join('ana', livekit.url, await scene.issued(room, 'ana'));
    const bob = await people.join('bob', livekit.url, await scene.issued(room, 'bob'));
    await scene.untilSeat(room, 'ana', 'is present', (seat) => seat.isPresent);

    const promoted = await scene.act(room, 'ana', 'promote', { reason: 'question' });
    expect(promoted.status).toBe(200);
    expect(promoted.body).toMatchObject({
      outcome: 'applied',
      before: { template: 'viewer', permission: { canPublish: false } },
      after: { template: 'speaker', permission: { canPublish: true, canSubscribe: true } },
      epoch: 1,
    });
    await ana.publishVideo();
    await until('bob sees ana', async () => ((await bob.status()).frames['ana'] ?? 0) > 5);
    await scene.untilSeat(room, 'ana', 'shows her camera', ({ tracks, inSync }) => {
      return inSync && tracks.some(({ source }) => source === 'camera');
    });

    const muted = await scene.act(room, 'ana', 'mute', { source: 'camera' });
    expect(muted.body).toMatchObject({
      outcome: 'applied',
      effects: ['mutes their camera', 'can unmute themselves at any time'],
    });
    // Shown with the answer, not with the next sweep.
    expect((await scene.seat(room, 'ana'))?.tracks).toMatchObject([{ isMuted: true }]);

    const demoted = await scene.act(room, 'ana', 'demote');
    expect(demoted.body).toMatchObject({ outcome: 'applied', after: { template: 'viewer' } });
    expect(demoted.body.effects).toContain('unpublishes their camera (muted)');
    await until('bob lost it', async () => (await bob.status()).subscribed.length === 0);
    const seat = await scene.untilSeat(room, 'ana', 'has no track', ({ tracks }) => !tracks.length);
    expect(seat).toMatchObject({ override: null, inSync: true, role: { source: 'default' } });

    const entries = await scene.ledger(room, 'seat.promoted');
    expect(entries.map(({ outcome }) => outcome)).toEqual(['intent', 'applied']);
    expect(new Set(entries.map(({ payload }) => payload.operationId)).size).toBe(1);
    expect(entries[1]?.payload.ms).toBeGreaterThan(0);
    expect((await app.get('/metrics')).body).toContain(
      'rolecall_seat_change_seconds_count{action="promote",outcome="applied"} 1',
    );
  });

  it('follows a change of policy at once, for who is in the room', async () => {
    const room = await scene.room('assigned');
    const { body: user } = await app.post('/api/v1/users', { identity: 'vera' });
    await people.join('vera', livekit.url, await scene.issued(room, 'vera'));
    await scene.untilSeat(room, 'vera', 'is present', (seat) => seat.isPresent);
    const assigned = await app.post('/api/v1/assignments', {
      subject: { user: user.id },
      scope: { room },
      template: 'speaker',
    });
    expect(assigned.status).toBe(201);
    await until('vera may publish', async () => {
      return (await scene.participant(room, 'vera'))?.permission?.can_publish === true;
    });
  });
});
