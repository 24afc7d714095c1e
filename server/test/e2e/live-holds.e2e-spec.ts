import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EventStreamClient } from '../support/event-stream.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

describeLive('holds, blocks and lurkers on a real server', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '2s', ROLECALL_LURKERS: '4s' });
    ({ livekit, app, scene, people } = world);
  });

  afterAll(() => world?.stop());

  it('a held source is gone for everybody, the rest goes on, and how long it took is known', async () => {
    const room = await scene.room('held', { default_template: 'speaker' });
    const ana = await people.join('ana', livekit.url, await scene.issued(room, 'ana', 'speaker'));
    const bob = await people.join('bob', livekit.url, await scene.issued(room, 'bob', 'speaker'));
    await ana.publishVideo();
    await ana.publishAudio();
    await until('bob gets both', async () => (await bob.status()).subscribed.length === 2);
    await scene.untilSeat(room, 'ana', 'shows both', ({ tracks }) => tracks.length === 2);

    const preview = await scene.act(room, 'ana', 'preview', {
      action: 'hold',
      sources: ['microphone'],
    });
    const clickedAt = Date.now();
    const held = await app.post(
      `/api/v1/rooms/${room}/seats/ana/hold`,
      { sources: ['microphone'] },
      { 'x-action-at': String(clickedAt) },
    );
    expect(held.body).toMatchObject({ outcome: 'applied', effects: preview.body.effects });
    await until('bob lost the one', async () => (await bob.status()).subscribed.length === 1);
    const before = (await bob.status()).frames['ana'] ?? 0;
    await until('and still sees the other', async () => {
      return ((await bob.status()).frames['ana'] ?? 0) > before + 3;
    });
    const rows = await until('it is noted', async () => {
      const found = await scene.ledger(room, 'seat.silenced');
      return found.length > 0 ? found : null;
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.payload.tracks).toMatchObject([{ source: 'microphone' }]);
    // From the click on, and until it was gone at the latest.
    expect(rows[0]?.payload.ms).toBeGreaterThan(0);
    expect(rows[0]?.payload.ms).toBeLessThanOrEqual(Date.now() - clickedAt);
    const { silence } = (await app.get(`/api/v1/rooms/${room}`)).body;
    expect(silence).toMatchObject({ count: 1, p50: rows[0]?.payload.ms });

    await scene.act(room, 'ana', 'release');
    const participant = await scene.participant(room, 'ana');
    expect(participant?.permission?.can_publish).toBe(true);
    await scene.untilSeat(room, 'ana', 'is in sync', ({ inSync, hold }) => inSync && !hold);
    await ana.leave();
    await bob.leave();
  });

  it('who publishes when the room is locked is silenced, and how long it took is known', async () => {
    const room = await scene.room('locked', { default_template: 'speaker' });
    const ana = await people.join('ana', livekit.url, await scene.issued(room, 'ana', 'speaker'));
    const bob = await people.join('bob', livekit.url, await scene.issued(room, 'bob', 'speaker'));
    await ana.publishAudio();
    await until('bob hears ana', async () => (await bob.status()).subscribed.length === 1);
    await scene.untilSeat(room, 'ana', 'shows it', ({ tracks }) => tracks.length === 1);

    const lockedAt = Date.now();
    const { body } = await app.post(`/api/v1/rooms/${room}/scene`, { lock: {} });
    await until('bob hears nobody', async () => (await bob.status()).subscribed.length === 0);
    const [row] = await until('it is noted', async () => {
      const found = await scene.ledger(room, 'seat.silenced');
      return found.length > 0 ? found : null;
    });
    expect(row).toMatchObject({
      identity: 'ana',
      payload: { operationId: body.operationId, action: 'scene' },
    });
    expect(row?.payload.ms).toBeLessThanOrEqual(Date.now() - lockedAt);
    const { silence } = (await app.get(`/api/v1/rooms/${room}`)).body;
    expect(silence).toMatchObject({ count: 1, p50: row?.payload.ms });
    await ana.leave();
    await bob.leave();
  });

  it('who is blocked is thrown out again within a second of every join', async () => {
    const room = await scene.room('blocked');
    const token = await scene.issued(room, 'eve', 'speaker');
    await scene.act(room, 'eve', 'block');
    for (let visit = 1; visit <= 3; visit++) {
      // A kick in the middle of the join shows to the client as a failed one.
      const eve = await people.join(`eve-${visit}`, livekit.url, token).catch(() => null);
      if (eve) await until('eve is out', async () => !(await eve.status()).isConnected);
    }
    await until('every visit is repaired', async () => {
      const rows = await scene.ledger(room, 'drift.repaired');
      return rows.filter(({ outcome }) => outcome === 'applied').length >= 3;
    });
    const gaps = await app.sql<{ ms: number }>(
      `SELECT extract(epoch FROM min(left_.at) - joined.at) * 1000 AS ms
       FROM ledger_entry joined JOIN ledger_entry left_ ON left_.room = joined.room
         AND left_.kind = 'participant.left' AND left_.payload->>'sid' = joined.payload->>'sid'
       WHERE joined.room = $1 AND joined.kind = 'participant.joined'
       GROUP BY joined.at, joined.payload->>'sid'`,
      [room],
    );
    expect(gaps.length).toBeGreaterThan(0);
    // Without any load each is short; a busy machine may be late with one of them.
    expect(Math.min(...gaps.map(({ ms }) => Number(ms)))).toBeLessThan(1_000);
  });

  it('who opens only a WebSocket is shown with the reason, and removed', async () => {
    const room = await scene.room('lurkers');
    const spy = await signalJoin(livekit.url, await scene.issued(room, 'spy'));
    const seat = await scene.untilSeat(room, 'spy', 'is shown', ({ isPresent }) => isPresent);
    expect(seat).toMatchObject({ isSilent: true, silentWhy: 'no_media' });
    expect(Date.parse(seat.silentSince ?? '')).toBeGreaterThan(Date.now() - 30_000);
    await until('the spy is out', () => spy.isClosed);
    const rows = await until('it is written down', async () => {
      const found = await scene.ledger(room, 'seat.removed');
      return found.length >= 2 ? found : null;
    });
    expect(rows.map(({ outcome }) => outcome)).toEqual(['intent', 'applied']);
  });

  it('who is acting is told to the others for a moment', async () => {
    const room = await scene.room('acting');
    await scene.user('pat');
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'the other moderator',
      permissions: ['seat.read', 'seat.promote'],
    });
    const open = (headers: Record<string, string>) =>
      EventStreamClient.open(`${app.url}/api/v1/events?topics=room:${room}`, headers);
    const mine = await open({ cookie: app.cookie });
    const theirs = await open({ authorization: `Bearer ${body.key}` });
    await theirs.next('the hello', ({ event }) => event === 'hello');
    const answer = await scene.act(room, 'pat', 'acting', { action: 'promote' });
    expect(answer.status).toBe(204);
    const frame = await theirs.next('who is acting', ({ event }) => event === 'acting');
    expect(frame.data).toMatchObject({
      identity: 'pat',
      by: 'admin@localhost',
      action: 'promote',
    });
    // What comes after it came to both; that one came only to the others.
    await scene.act(room, 'pat', 'promote');
    await mine.next('the change', ({ event }) => event === 'seats');
    expect(mine.frames.some(({ event }) => event === 'acting')).toBe(false);
    mine.close();
    theirs.close();
  });
});
