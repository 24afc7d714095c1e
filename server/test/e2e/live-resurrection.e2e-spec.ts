import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

describeLive('old tokens bring no old rights back', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];

  beforeAll(async () => {
    // So slow a sweep that only the check at the join can be what repairs.
    world = await startLiveWorld({ ROLECALL_SWEEP: '10m' });
    ({ livekit, app, scene, people } = world);
  });

  afterAll(() => world?.stop());

  const untilPublishIs = (room: string, identity: string, allowed: boolean) =>
    until(`publishing of ${identity} is ${allowed}`, async () => {
      const participant = await scene.participant(room, identity);
      return (
        participant !== undefined && (participant.permission?.can_publish ?? false) === allowed
      );
    });

  it('a demotion survives a rejoin with the original token', async () => {
    const room = await scene.room('original');
    const original = await scene.issued(room, 'ana', 'speaker');
    await app.sql(
      `UPDATE seat SET override_template = 'speaker', override_version = 1,
         override_scope = 'session', override_at = now(), override_by = 'test' WHERE room = $1`,
      [room],
    );
    const first = await people.join('ana-1', livekit.url, original);
    await untilPublishIs(room, 'ana', true);
    await first.publishVideo();
    await scene.carryOut(room, 'ana', 'demote', { template: 'viewer' });
    await first.leave();

    await people.join('ana-2', livekit.url, original);
    await untilPublishIs(room, 'ana', false);
    const drift = await until('the drift is written down', async () => {
      const rows = await scene.ledger(room);
      return rows.find(({ kind, outcome }) => kind === 'drift.repaired' && outcome === 'applied');
    });
    expect(drift.payload).toMatchObject({ by: 'join', template: 'viewer' });
    expect(drift.payload.observed.canPublish).toBe(true);
  });

  it('a demotion survives a rejoin with the token that LiveKit refreshed for the promoted one', async () => {
    const room = await scene.room('refreshed');
    const first = await people.join('eve-1', livekit.url, await scene.issued(room, 'eve'));
    await scene.untilSeat(room, 'eve', 'is present', (seat) => seat.isPresent);
    await scene.act(room, 'eve', 'promote');
    const refreshed = await until('LiveKit refreshed the token with the new right', async () => {
      const { token } = await first.status();
      const claims = JSON.parse(
        Buffer.from((token ?? '.e30').split('.')[1] as string, 'base64url').toString(),
      ) as { video?: { canPublish?: boolean } };
      return claims.video?.canPublish ? token : null;
    });
    await scene.act(room, 'eve', 'demote');
    await first.leave();

    await people.join('eve-2', livekit.url, refreshed);
    await untilPublishIs(room, 'eve', false);
  });

  it('a promotion survives a rejoin with the token of before', async () => {
    const room = await scene.room('promoted');
    const original = await scene.issued(room, 'max');
    const first = await people.join('max-1', livekit.url, original);
    await scene.untilSeat(room, 'max', 'is present', (seat) => seat.isPresent);
    await scene.act(room, 'max', 'promote');
    await first.leave();
    const again = await people.join('max-2', livekit.url, original);
    await untilPublishIs(room, 'max', true);
    expect(await again.publishAudio()).toMatch(/^TR_/);
  });

  it('a block removes everybody who returns with a token, until it is lifted', async () => {
    const room = await scene.room('blocked');
    const token = await scene.issued(room, 'joe');
    const joe = await people.join('joe-1', livekit.url, token);
    await scene.untilSeat(room, 'joe', 'is present', (seat) => seat.isPresent);
    const blocked = await scene.carryOut(room, 'joe', 'block', { reason: 'spam' });
    expect(blocked).toMatchObject({ after: { template: null } });
    await until('joe is out', async () => !(await joe.status()).isConnected);

    const again = await people.join('joe-2', livekit.url, token).catch(() => null);
    await until('joe is out again', async () => !(await again?.status())?.isConnected);
    await until('nobody is in the room', async () => (await scene.participants(room)).length === 0);
    const seat = await scene.untilSeat(
      room,
      'joe',
      'is shown as away',
      ({ isPresent }) => !isPresent,
    );
    expect(seat).toMatchObject({
      refusal: 'seat.blocked',
      block: { reason: 'spam', by: 'admin@localhost' },
    });

    expect((await scene.act(room, 'joe', 'unblock')).body.outcome).toBe('applied');
    await people.join('joe-3', livekit.url, token);
    await scene.untilSeat(room, 'joe', 'is back', (seat) => seat.isPresent);
  });

  it('removing somebody removes only: the token lets them back in', async () => {
    const room = await scene.room('removed');
    const token = await scene.issued(room, 'kim');
    const kim = await people.join('kim-1', livekit.url, token);
    await scene.untilSeat(room, 'kim', 'is present', (seat) => seat.isPresent);
    const removed = await scene.act(room, 'kim', 'remove');
    expect(removed.body).toMatchObject({ outcome: 'applied', undoUntil: null, epoch: 0 });
    await until('kim is out', async () => !(await kim.status()).isConnected);
    await until('kim is gone', async () => (await scene.seats(room)).length === 0);
    await people.join('kim-2', livekit.url, token);
    await scene.untilSeat(room, 'kim', 'is back', (seat) => seat.isPresent);
  });

  it('a promotion that follows a demotion at once still gives a track that others receive', async () => {
    const room = await scene.room('race');
    const pat = await people.join('pat', livekit.url, await scene.issued(room, 'pat'));
    const sam = await people.join('sam', livekit.url, await scene.issued(room, 'sam'));
    await scene.untilSeat(room, 'pat', 'is present', (seat) => seat.isPresent);
    await scene.act(room, 'pat', 'promote');
    const sid = await pat.publishVideo();
    await until('sam sees pat', async () => ((await sam.status()).frames['pat'] ?? 0) > 2);
    const demotedAfter = performance.now();
    await scene.act(room, 'pat', 'demote');
    const promoted = await scene.act(room, 'pat', 'promote');
    expect(performance.now() - demotedAfter).toBeGreaterThan(400);
    expect(promoted.body.outcome).toBe('applied');
    await pat.unpublish(sid).catch(() => undefined);
    const before = (await sam.status()).frames['pat'] ?? 0;
    await pat.publishVideo();
    await until('sam sees pat again', async () => {
      return ((await sam.status()).frames['pat'] ?? 0) > before + 2;
    });
  });

  it('a bare connection that never sends media is shown as silent, and can be removed', async () => {
    const room = await scene.room('lurker');
    const lurker = await signalJoin(livekit.url, await scene.issued(room, 'lou', 'speaker'));
    expect((await scene.act(room, 'lou', 'remove')).body.outcome).toBe('applied');
    await until('the lurker is out', () => lurker.isClosed);
  });
});
