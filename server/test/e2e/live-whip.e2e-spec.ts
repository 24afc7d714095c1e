import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin, signalResume } from '../support/livekit-signal.js';
import { until } from '../support/until.js';
import { whipPost, whipSession } from '../support/whip.js';

describeLive('WHIP through the gate', () => {
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let gate: LiveWorld['gate'];

  beforeAll(async () => {
    world = await startLiveWorld({
      ROLECALL_SWEEP: '1s',
      ROLECALL_GATE: 'on',
      ROLECALL_WHIP: 'on',
    });
    ({ app, scene, gate } = world);
  });

  afterAll(() => world?.stop());

  const speaker = async (room: string, identity: string) => {
    const token = await scene.issued(room, identity);
    await scene.act(room, identity, 'promote');
    return token;
  };
  const refusals = async (room: string) =>
    (await scene.ledger(room, 'gate.refused')).map(({ payload }) => payload.refusal);

  it('publishes and never subscribes, whatever is done with the role afterwards', async () => {
    const room = await scene.room('whip');
    const token = await speaker(room, 'cam');
    const begun = await whipPost(app.url, token);
    expect(begun).toMatchObject({ status: 201, sid: expect.stringMatching(/^PA_/) });
    const permission = async () => (await scene.participant(room, 'cam'))?.permission;
    expect(await permission()).toMatchObject({
      can_publish: true,
      can_publish_sources: ['CAMERA', 'MICROPHONE'],
    });
    const isDeaf = async () => !(await permission())?.can_subscribe;
    expect(await isDeaf()).toBe(true);
    const seat = await scene.untilSeat(room, 'cam', 'is there', ({ isPresent }) => isPresent);
    expect(seat).toMatchObject({ kind: 'whip', inSync: true, observed: { canSubscribe: false } });

    await scene.carryOut(room, 'cam', 'promote', { template: 'presenter' });
    expect((await permission())?.can_publish_sources).toContain('SCREEN_SHARE');
    expect(await isDeaf()).toBe(true);
    await scene.carryOut(room, 'cam', 'demote');
    expect((await permission())?.can_publish ?? false).toBe(false);
    expect(await isDeaf()).toBe(true);
    await scene.untilSeat(room, 'cam', 'is in sync', ({ inSync }) => inSync);
    expect(await scene.ledger(room, 'drift.detected')).toEqual([]);

    // The way in ends with the connection: by a WebSocket the same person hears again.
    expect((await whipSession(app.url, 'DELETE', begun.sid!, token)).status).toBe(200);
    const joined = await signalJoin(gate, token);
    expect(joined.permission).toMatchObject({ canSubscribe: true });
    await scene.untilSeat(room, 'cam', 'is a person', (one) => {
      return one.kind === 'standard' && one.observed?.canSubscribe === true && one.inSync;
    });
    joined.close();
  });

  it('binds the seat to its token once LiveKit has let it in, and not before', async () => {
    const room = await scene.room('narrow');
    const whole = await speaker(room, 'cam');
    const grants = { canPublishSources: ['camera'] };
    const asked = { room, identity: 'cam', grants, createUser: true };
    const { token } = (await app.post('/api/v1/tokens', asked)).body as { token: string };
    const joined = await signalJoin(gate, token);
    const boundTo = async () => {
      const [seat] = await app.sql<{ id: string | null }>(
        `SELECT admitted->>'id' AS id FROM seat WHERE room = $1 AND identity = 'cam'`,
        [room],
      );
      return seat?.id ?? null;
    };
    const id = await boundTo();
    expect(id).not.toBeNull();
    const failed = await fetch(`${app.url}/whip/v1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${whole}`, 'content-type': 'text/plain' },
      body: 'no offer',
    });
    expect([failed.ok, await boundTo()]).toEqual([false, id]);
    expect(await whipPost(app.url, whole)).toMatchObject({ status: 201 });
    expect(await boundTo()).toBeNull();
    joined.close();
  });

  it('a session is in the hands of its own participant only', async () => {
    const room = await scene.room('sessions');
    const mallory = await speaker(room, 'mallory');
    const own = await whipPost(app.url, mallory);
    const cam = await speaker(room, 'cam');
    const others = await whipPost(app.url, cam);
    const guest = await signalJoin(gate, await scene.issued(room, 'guest'));
    const guestSid = guest.join.participant?.sid ?? '';
    for (const sid of [others.sid!, guestSid, 'PA_none']) {
      for (const method of ['DELETE', 'PATCH'] as const) {
        const answer = await whipSession(app.url, method, sid, mallory);
        expect(answer).toEqual({ status: 404, text: 'You have no such session.' });
      }
    }
    const sids = (await scene.participants(room)).map(({ sid }) => sid);
    expect(sids).toEqual(expect.arrayContaining([own.sid, others.sid, guestSid]));
    expect(guest.isClosed).toBe(false);
    expect(await refusals(room)).toEqual(Array(6).fill('gate.no_such_session'));
    expect((await whipSession(app.url, 'PATCH', own.sid!, mallory)).status).not.toBe(404);
    expect((await whipSession(app.url, 'DELETE', own.sid!, mallory)).status).toBe(200);
    await until('it has ended', async () => !(await scene.participant(room, 'mallory')));
    guest.close();
  });

  it('gets no signalling: it could unmute itself, and publish more', async () => {
    const room = await scene.room('signalling');
    const token = await speaker(room, 'cam');
    const { sid } = await whipPost(app.url, token);
    for (const form of ['reconnect', 'join_request', 'gzip'] as const) {
      expect((await signalResume(gate, token, form)).heard).toEqual(['leave']);
    }
    expect(await refusals(room)).toEqual(Array(3).fill('gate.no_such_session'));
    expect((await scene.participant(room, 'cam'))?.sid).toBe(sid);
  });

  it('is refused to who may publish nothing by it now', async () => {
    const room = await scene.room('nothing');
    const nothing = {
      status: 403,
      text: 'You may publish neither camera nor microphone in this room now.',
    };
    expect(await whipPost(app.url, await scene.issued(room, 'viewer', 'presenter'))).toMatchObject(
      nothing,
    );
    const held = await speaker(room, 'held');
    await scene.act(room, 'held', 'hold');
    expect(await whipPost(app.url, held)).toMatchObject(nothing);
    // No rule covers them: what their own token says counts.
    await app.sql(`UPDATE room SET default_template = NULL WHERE name = $1`, [room]);
    expect(await whipPost(app.url, scene.token(room, 'stranger'))).toMatchObject(nothing);
    expect(await refusals(room)).toEqual(Array(3).fill('gate.nothing_to_publish'));
    expect(await scene.participants(room)).toEqual([]);
    const let_in = await whipPost(app.url, scene.token(room, 'free', 'speaker'));
    expect(let_in.status).toBe(201);
    const free = await scene.participant(room, 'free');
    expect(free?.permission?.can_subscribe ?? false).toBe(false);
  });

  it('starts no room', async () => {
    await app.sql(`INSERT INTO room (name, default_template) VALUES ('asleep', 'speaker')`);
    const token = await scene.issued('asleep', 'cam');
    expect(await whipPost(app.url, token)).toMatchObject({
      status: 404,
      text: 'requested room does not exist',
    });
    expect(await refusals('asleep')).toEqual(['gate.room_not_running']);
    await expect(scene.participants('asleep')).resolves.toEqual([]);
    const [row] = await app.sql(`SELECT live_sid FROM room WHERE name = 'asleep'`);
    expect(row?.['live_sid']).toBeNull();
  });

  it('costs LiveKit nothing but the session: no name to wait for gets through', async () => {
    const room = await scene.room('names');
    const names = Array.from({ length: 200 }, (_, i) => `n${i}`);
    const info = JSON.stringify({ subscribedParticipantTrackNames: { nobody: names } });
    // LiveKit itself would not answer before somebody publishes all of these.
    const begun = await whipPost(app.url, await speaker(room, 'cam'), {
      'x-livekit-clientinfo': info,
    });
    expect(begun.status).toBe(201);
  });
});

describeLive('WHIP where it is not on', () => {
  it('is not there', async () => {
    const { app, scene, stop } = await startLiveWorld({ ROLECALL_GATE: 'on' });
    try {
      const room = await scene.room('off');
      const token = await scene.issued(room, 'cam');
      await scene.act(room, 'cam', 'promote');
      expect((await whipPost(app.url, token)).status).toBe(404);
      expect((await whipSession(app.url, 'DELETE', 'PA_1', token)).status).toBe(404);
      expect((await fetch(`${app.url}/whip/v1`, { method: 'OPTIONS' })).status).toBe(404);
      expect((await app.get('/api/v1/status')).body.whip).toBe('off');
      expect(await scene.participants(room)).toEqual([]);
    } finally {
      await stop();
    }
  });
});
