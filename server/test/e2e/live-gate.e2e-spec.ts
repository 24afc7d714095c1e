import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { GateProxy } from '../../src/gate/gate-proxy.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

describeLive('through the gate', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];
  let gate: string;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '10m', ROLECALL_GATE: 'on' });
    ({ livekit, app, scene, people, gate } = world);
  });

  afterAll(() => world?.stop());

  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
  const permissionOf = (joined: Awaited<ReturnType<typeof signalJoin>>) =>
    joined.join.participant?.permission?.toJson() as Record<string, unknown>;

  it('a native client joins, publishes and receives as at LiveKit itself', async () => {
    const room = await scene.room('through');
    const ana = await people.join('ana', gate, await scene.issued(room, 'ana'));
    const bob = await people.join('bob', gate, await scene.issued(room, 'bob'));
    await scene.untilSeat(room, 'ana', 'is present', ({ isPresent }) => isPresent);
    await scene.act(room, 'ana', 'promote');
    await ana.publishVideo();
    await until('bob sees ana', async () => ((await bob.status()).frames['ana'] ?? 0) > 3);
  });

  it('an old token brings no old right: not for the first packet', async () => {
    const room = await scene.room('first-packet');
    const token = await scene.issued(room, 'eve', 'presenter');
    const joined = await signalJoin(gate, token);
    expect(permissionOf(joined)).toEqual({ canSubscribe: true, canPublishData: true });
    joined.close();
    await scene.act(room, 'eve', 'promote');
    expect(permissionOf(await signalJoin(gate, token))).toMatchObject({
      canPublish: true,
      canPublishSources: ['CAMERA', 'MICROPHONE'],
    });
    const entries = await scene.ledger(room, 'gate.admitted');
    expect(entries.map(({ payload }) => payload.template)).toEqual(['viewer', 'speaker']);
  });

  it('nor does one that LiveKit refreshed', async () => {
    const room = await scene.room('refreshed');
    const first = await signalJoin(gate, await scene.issued(room, 'max'));
    await scene.act(room, 'max', 'promote');
    const refreshed = await until('a token with the new right', () => {
      return first.token && claimsOf(first.token).video.canPublish ? first.token : null;
    });
    await scene.act(room, 'max', 'demote');
    first.close();
    expect(permissionOf(await signalJoin(gate, refreshed))['canPublish']).toBeUndefined();
  });

  it('who is blocked hears so at once, at the upgrade and at the probe, and it is written down', async () => {
    const room = await scene.room('blocked');
    const token = await scene.issued(room, 'joe');
    await scene.act(room, 'joe', 'block', { reason: 'for the log only' });
    await expect(signalJoin(gate, token)).rejects.toMatchObject({
      status: 403,
      message: 'You are blocked from this room.',
    });
    const probe = await fetch(`${app.url}/rtc/validate?access_token=${token}`);
    expect([probe.status, await probe.text()]).toEqual([403, 'You are blocked from this room.']);
    const entries = await scene.ledger(room, 'gate.refused');
    expect(entries).toMatchObject([
      { outcome: 'refused', identity: 'joe', payload: { refusal: 'seat.blocked' } },
    ]);
    await expect(people.join('joe', gate, token)).rejects.toThrow('403 Forbidden');
    await scene.act(room, 'joe', 'unblock');
    expect(permissionOf(await signalJoin(gate, token))['canSubscribe']).toBe(true);
  });

  it('a token that is not ours, not timely or not there is refused, and never repeated', async () => {
    const room = await scene.room('tokens');
    const stranger = await scene.issued(room, 'ana');
    for (const token of ['', 'x', `${stranger}x`, stranger.replace(/\.[^.]+$/, '.AAAA')]) {
      const probe = await fetch(`${app.url}/rtc/validate?access_token=${token}`);
      const text = await probe.text();
      expect(probe.status).toBe(401);
      expect(text).not.toContain('eyJ');
      await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 401 });
    }
    const probe = await fetch(`${app.url}/rtc/validate?access_token=${stranger}`);
    expect([probe.status, await probe.text()]).toEqual([200, 'success']);
  });

  it('nothing of LiveKit but its signalling can be reached', async () => {
    const admin = scene.sign({ sub: 'x', video: { roomAdmin: true, roomList: true, room: 'a' } });
    for (const path of [
      '/twirp/livekit.RoomService/ListRooms',
      '/rtc/../twirp/livekit.RoomService/ListRooms',
      '/rtc/%2e%2e/twirp/livekit.RoomService/ListRooms',
      '/agent',
      '/debug/rooms',
    ]) {
      const answer = await fetch(app.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(await answer.text()).not.toContain('"rooms"');
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    const room = await scene.room('side');
    const token = await scene.issued(room, 'ana');
    await expect(signalJoin(`${gate}`, token, {}, { publish: 'side' })).rejects.toMatchObject({
      status: 403,
    });
  });

  it('name, metadata and attributes are those of the token until the user is changed', async () => {
    const room = await scene.room('named');
    await app.sql(
      `INSERT INTO app_user (identity, name, metadata, attributes, updated_at)
       VALUES ('nia', 'Nia', 'of the user', '{"team":"a"}', now() - interval '1 hour')`,
    );
    const issued = await app.post('/api/v1/tokens', {
      room,
      identity: 'nia',
      name: 'Nia of the token',
      attributes: { seat: '7' },
    });
    expect(issued.status).toBe(201);
    expect(issued.body.serverUrl).toBe(gate);
    const first = await signalJoin(gate, issued.body.token);
    expect(first.join.participant).toMatchObject({
      name: 'Nia of the token',
      metadata: 'of the user',
      attributes: { team: 'a', seat: '7' },
    });
    await app.sql(
      `UPDATE app_user SET name = 'Nia the new', updated_at = now() + interval '5 seconds'
       WHERE identity = 'nia'`,
    );
    const second = await signalJoin(gate, issued.body.token);
    expect(second.join.participant?.name).toBe('Nia the new');
  });

  it('an identity that never came counts as listed when a token was issued to it', async () => {
    const room = await scene.room('guarded', { unlisted_participants: 'remove' });
    await scene.user('guest');
    const { body } = await app.post('/api/v1/tokens', { room, identity: 'guest' });
    expect((await signalJoin(gate, body.token)).join.participant?.identity).toBe('guest');
    await expect(signalJoin(gate, scene.token(room, 'stranger'))).rejects.toMatchObject({
      status: 403,
      message: 'This room is for invited participants only.',
    });
  });

  it('a room that LiveKit does not run is started for who may enter it', async () => {
    await app.sql(`INSERT INTO room (name, default_template) VALUES ('cold', 'viewer')`);
    const cold = await signalJoin(gate, await scene.issued('cold', 'ana'));
    expect(cold.join.room?.name).toBe('cold');
    await app.sql(
      `INSERT INTO room (name, default_template, live_sid) VALUES ('stale', 'viewer', 'RM_old')`,
    );
    const stale = await signalJoin(gate, await scene.issued('stale', 'ana'));
    expect(stale.join.room?.name).toBe('stale');
  });

  it('a token asked for with a template still lets its holder in after the empty room has ended', async () => {
    const room = await scene.room('late', { default_template: null });
    await scene.user('late');
    const { body } = await app.post('/api/v1/tokens', {
      room,
      identity: 'late',
      template: 'speaker',
    });
    const runs = async () => {
      const [row] = await app.sql('SELECT live_sid FROM room WHERE name = $1', [room]);
      return row?.['live_sid'] !== null;
    };
    await until('the room runs', runs);
    await scene.end(room);
    await until('the room has ended', async () => !(await runs()));
    const joined = await signalJoin(gate, body.token);
    expect(permissionOf(joined)['canPublish']).toBe(true);
    joined.close();
    await scene.act(room, 'late', 'remove');
    await until('nobody is there', async () => (await scene.participants(room)).length === 0);
    await until('they were seen', async () => {
      const [row] = await app.sql('SELECT joined_at FROM seat WHERE room = $1', [room]);
      return row?.['joined_at'] !== null;
    });
    await scene.end(room);
    await until('the session is over', async () => {
      return (await scene.ledger(room, 'seat.session_ended')).length > 0;
    });
    await expect(signalJoin(gate, body.token)).rejects.toMatchObject({ status: 403 });
  });

  it('a probe costs no token, and nothing but the answer comes of it', async () => {
    const room = await scene.room('probed');
    const token = await scene.issued(room, 'ana');
    for (const path of ['/rtc/validate', '/rtc/v1/validate']) {
      const probe = await fetch(`${app.url}${path}?access_token=${token}`);
      expect([probe.status, await probe.text()]).toEqual([200, 'success']);
      expect(probe.headers.get('authorization')).toBeNull();
    }
    await app.sql(`INSERT INTO room (name, default_template) VALUES ('probed-cold', 'viewer')`);
    const cold = await fetch(
      `${app.url}/rtc/validate?access_token=${await scene.issued('probed-cold', 'ana')}`,
    );
    expect(cold.status).toBe(200);
    expect(await scene.ledger(room, 'gate.admitted')).toEqual([]);
    expect((await fetch(`${app.url}/rtc?access_token=${token}`)).status).toBe(404);
    expect(await scene.participants(room)).toEqual([]);
  });

  it('a native client whose signalling breaks off comes back through it, and talks on', async () => {
    const room = await scene.room('cut');
    const ana = await people.join('cut-ana', gate, await scene.issued(room, 'cut-ana'));
    const bob = await people.join('cut-bob', gate, await scene.issued(room, 'cut-bob'));
    await scene.act(room, 'cut-ana', 'promote');
    await until('she may', async () => {
      const { permission } = (await scene.participant(room, 'cut-ana')) ?? {};
      return permission?.can_publish;
    });
    await ana.publishVideo();
    const frames = async () => (await bob.status()).frames['cut-ana'] ?? 0;
    await until('bob sees her', async () => (await frames()) > 3);
    const admitted = async () => (await scene.ledger(room, 'gate.admitted')).length;
    expect(await admitted()).toBe(2);
    app.app.get(GateProxy).beforeApplicationShutdown();
    await until('both were asked again', async () => (await admitted()) >= 4);
    const seen = await frames();
    await until('bob sees her go on', async () => (await frames()) > seen + 3);

    app.app.get(GateProxy).beforeApplicationShutdown();
    await scene.act(room, 'cut-ana', 'demote');
    await scene.untilSeat(room, 'cut-ana', 'is back as a viewer', ({ isPresent, observed }) => {
      return isPresent && observed?.canPublish === false;
    });
    await until('nothing of her is left', async () => {
      return (await scene.participant(room, 'cut-ana'))?.tracks?.length === 0;
    });
  });

  it('a voided token ends nothing that runs, and brings nobody back in', async () => {
    const room = await scene.room('voided');
    await scene.user('vic');
    const issue = async () =>
      (await app.post('/api/v1/tokens', { room, identity: 'vic' })).body.token as string;
    const first = await signalJoin(gate, await issue());
    const old = [await issue(), await until('a refreshed token', () => first.token)];
    const voided = await app.post(`/api/v1/rooms/${room}/seats/vic/void-tokens`);
    expect(voided.status).toBe(200);
    expect(first.isClosed).toBe(false);
    for (const token of old) {
      await expect(signalJoin(gate, token)).rejects.toMatchObject({
        status: 403,
        message: 'This link is no longer valid. Ask for a new one.',
      });
      const probe = await fetch(`${app.url}/rtc/validate?access_token=${token}`);
      expect(probe.status).toBe(403);
    }
    await expect(people.join('vic', gate, old[0] as string)).rejects.toThrow('403 Forbidden');
    const again = await signalJoin(gate, await issue());
    const refreshed = await until('a refreshed token', () => again.token);
    expect((await signalJoin(gate, refreshed)).join.room?.name).toBe(room);
    for (const token of old) {
      await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 403 });
    }
  });

  it('a browser can tell LiveKit itself from the gate in front of it', async () => {
    const probe = async (base: string) => {
      const headers = { origin: 'https://rolecall.example.com' };
      const answer = await fetch(`${base}/rtc/validate`, { headers });
      const isReadable = answer.headers.get('access-control-allow-origin') !== null;
      return [
        answer.status,
        isReadable,
        (await answer.text()).trim() === 'The token is not valid.',
      ];
    };
    expect(await probe(livekit.httpUrl)).toEqual([401, true, false]);
    expect(await probe(app.url)).toEqual([401, true, true]);
  });

  it('says that LiveKit is away, and works again when it is back', async () => {
    const room = await scene.room('away');
    const token = await scene.issued(room, 'ana');
    await livekit.crash();
    await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 503 });
    await livekit.restart();
    expect((await signalJoin(gate, token)).join.room?.name).toBe(room);
  });
});
