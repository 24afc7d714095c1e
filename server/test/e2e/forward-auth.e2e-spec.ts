import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { LiveScene } from '../support/live-scene.js';
import { type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type ParticipantProcess, startParticipants } from '../support/participants.js';
import { sendRaw, upgradeLines } from '../support/raw-http.js';
import {
  describeBehind,
  type ProxyKind,
  type ReverseProxy,
  startReverseProxy,
} from '../support/reverse-proxy.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const portOf = (url: string) => Number(new URL(url).port);

/** Signalling goes from the proxy to LiveKit; Rolecall is only asked. */
const behind = (kind: ProxyKind) => () => {
  let livekit: LiveKitServer;
  let app: LiveApp;
  let proxy: ReverseProxy;
  let scene: LiveScene;
  let people: ParticipantProcess;
  let gate: string;

  beforeAll(async () => {
    const port = await freeTcpPort();
    livekit = await startLiveKitServer({ webhookUrl: `http://127.0.0.1:${port}/livekit/webhook` });
    app = await startLiveApp({
      livekit,
      port,
      env: { ROLECALL_SWEEP: '10m', ROLECALL_GATE: 'off', ROLECALL_TRUST_PROXY: '1' },
    });
    const livekitPort = portOf(livekit.httpUrl);
    proxy = await startReverseProxy(kind, { rolecall: port, livekit: livekitPort });
    scene = new LiveScene(app, livekit);
    people = startParticipants();
    gate = proxy.url.replace('http', 'ws');
  });

  afterAll(async () => {
    await people?.stop();
    await proxy?.stop();
    await app?.stop();
    await livekit?.stop();
  });

  const permissionOf = (joined: Awaited<ReturnType<typeof signalJoin>>) =>
    joined.join.participant?.permission?.toJson() as Record<string, unknown>;

  it('a native client joins, publishes and receives, with the rights of this moment', async () => {
    const room = await scene.room('through');
    const ana = await people.join('ana', gate, await scene.issued(room, 'ana'));
    const bob = await people.join('bob', gate, await scene.issued(room, 'bob'));
    await scene.untilSeat(room, 'ana', 'is present', ({ isPresent }) => isPresent);
    await scene.act(room, 'ana', 'promote');
    await ana.publishVideo();
    await until('bob sees ana', async () => ((await bob.status()).frames['ana'] ?? 0) > 3);
  });

  it('an old token brings no old right, wherever it is', async () => {
    const room = await scene.room('anew');
    const token = await scene.issued(room, 'eve', 'presenter');
    const header = { authorization: `Bearer ${token}` };
    for (const joined of [await signalJoin(gate, token), await signalJoin(gate, '', header)]) {
      expect(permissionOf(joined)).toEqual({ canSubscribe: true, canPublishData: true });
      joined.close();
    }
    const entries = await scene.ledger(room, 'gate.admitted');
    expect(entries).toMatchObject([{ identity: 'eve' }, { identity: 'eve' }]);
  });

  it('who is blocked gets 403 with the words for them, at the probe as well', async () => {
    const room = await scene.room('blocked');
    const token = await scene.issued(room, 'joe');
    await scene.act(room, 'joe', 'block');
    const text = 'You are blocked from this room.';
    await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 403, message: text });
    const probe = await fetch(`${proxy.url}/rtc/validate?access_token=${token}`);
    expect([probe.status, await probe.text()]).toEqual([403, text]);
    expect(probe.headers.get('access-control-allow-origin')).toBe('*');
    await expect(people.join('joe', gate, token)).rejects.toThrow('403 Forbidden');
  });

  it('a voided token gets 403, and a new one gets in', async () => {
    const room = await scene.room('voided');
    await scene.user('vic');
    const issue = async () =>
      (await app.post('/api/v1/tokens', { room, identity: 'vic' })).body.token as string;
    const old = await issue();
    const joined = await signalJoin(gate, old);
    const refreshed = await until('a refreshed token', () => joined.token);
    expect((await app.post(`/api/v1/rooms/${room}/void-tokens`)).status).toBe(200);
    expect(joined.isClosed).toBe(false);
    for (const token of [old, refreshed]) {
      await expect(signalJoin(gate, token)).rejects.toMatchObject({
        status: 403,
        message: 'This link is not valid any more. Ask for a new one.',
      });
    }
    const again = await signalJoin(gate, await issue());
    const refreshedAgain = await until('a refreshed token', () => again.token);
    expect((await signalJoin(gate, refreshedAgain)).join.room?.name).toBe(room);
  });

  it('a token that is not ours gets 401, and a probe of a good one 200', async () => {
    const room = await scene.room('tokens');
    const good = await scene.issued(room, 'ana');
    for (const token of ['', 'x', `${good}x`]) {
      await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 401 });
    }
    const probe = await fetch(`${proxy.url}/rtc/validate?access_token=${good}`);
    expect([probe.status, await probe.text()]).toEqual([200, 'success']);
  });

  it('nothing of LiveKit but its signalling can be reached, in whatever spelling', async () => {
    const admin = scene.sign({
      sub: 'x',
      video: { roomJoin: true, roomAdmin: true, roomList: true, room: 'through' },
    });
    const header = `Authorization: Bearer ${admin}`;
    for (const path of [
      '/twirp/livekit.RoomService/ListRooms',
      '/agent',
      '/rtc/../agent',
      '/rtc/%2e%2e/twirp/livekit.RoomService/ListRooms',
      '/rtc/..%2ftwirp%2flivekit.RoomService%2fListRooms',
      '//twirp/livekit.RoomService/ListRooms',
      '/whip/v1/../../twirp/livekit.RoomService/ListRooms',
      '/whip/v1/%2e%2e/%2e%2e/agent',
      '/RTC',
      '/%72tc',
      '/rtc//',
    ]) {
      const body = ['Content-Type: application/json', 'Content-Length: 2', 'Connection: close'];
      const lines = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', header, ...body, '', '{}'];
      const post = await sendRaw(portOf(proxy.url), lines.join('\r\n'));
      expect(post.text).not.toContain('"rooms"');
      const upgraded = await sendRaw(portOf(proxy.url), upgradeLines(path, [header]));
      upgraded.socket.destroy();
      // Another page of Rolecall's may be there; LiveKit's WebSocket is not.
      expect([path, upgraded.status === 101]).toEqual([path, false]);
    }
    const asked = await fetch(`${proxy.url}/livekit/gate`, {
      headers: { 'x-original-uri': `/rtc?access_token=${admin}` },
    });
    expect(asked.status).toBe(404);
  });

  it('what a client says that the proxy says, counts for nothing', async () => {
    const room = await scene.room('headers');
    const good = await scene.issued(room, 'ana');
    const uri = `/rtc?access_token=${good}`;
    for (const name of ['x-original-uri', 'x-forwarded-uri']) {
      const stranger = signalJoin(gate, 'x', { [name]: uri });
      await expect(stranger).rejects.toMatchObject({ status: 401 });
    }
    const pair = [good, scene.token(room, 'bob', 'presenter')];
    const twice = upgradeLines(
      '/rtc',
      pair.map((token) => `Authorization: Bearer ${token}`),
    );
    const { status, socket } = await sendRaw(portOf(proxy.url), twice);
    socket.destroy();
    // LiveKit gets one, and it is the one that was decided about.
    expect([101, 400, 401]).toContain(status);
    expect(await scene.ledger(room, 'gate.admitted')).toHaveLength(status === 101 ? 1 : 0);
    const bob = await scene.participant(room, 'bob');
    expect(bob?.permission?.can_publish ?? false).toBe(false);
  });

  it('when Rolecall cannot decide, nobody comes in', async () => {
    const room = await scene.room('undecided');
    const token = await scene.issued(room, 'ana');
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    await owner.query('BEGIN; LOCK TABLE room IN ACCESS EXCLUSIVE MODE');
    await expect(signalJoin(gate, token)).rejects.toMatchObject({
      status: 503,
      message: 'Rolecall cannot decide now. Try again.',
    });
    await owner.query('ROLLBACK');
    await owner.end();
    expect((await signalJoin(gate, token)).join.room?.name).toBe(room);
  });
};

describeBehind('nginx', behind('nginx'));
describeBehind('caddy', behind('caddy'));
