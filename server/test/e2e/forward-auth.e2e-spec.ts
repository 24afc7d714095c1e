import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { MARKED, startFakeLiveKit } from '../support/fake-livekit.js';
import { startLiveApp } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { sendRaw, upgradeLines } from '../support/raw-http.js';
import {
  describeBehind,
  type ProxyKind,
  type ReverseProxy,
  startReverseProxy,
} from '../support/reverse-proxy.js';
import { until } from '../support/until.js';
import { whipPost, whipSession } from '../support/whip.js';

const SECRET = 'a-secret-of-the-proxy';
const ENV = {
  ROLECALL_GATE: 'off',
  ROLECALL_GATE_SECRET: SECRET,
  ROLECALL_WHIP: 'on',
  ROLECALL_TRUST_PROXY: '1',
};

const portOf = (url: string) => Number(new URL(url).port);

/** Signalling goes from the proxy to LiveKit; Rolecall is only asked. */
const behind = (kind: ProxyKind) => () => {
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];
  let proxy: ReverseProxy;
  let gate: string;

  beforeAll(async () => {
    world = await startLiveWorld({ ...ENV, ROLECALL_SWEEP: '10m' });
    ({ app, scene, people } = world);
    proxy = await startReverseProxy(kind, {
      rolecall: portOf(app.url),
      livekit: portOf(world.livekit.httpUrl),
      secret: SECRET,
    });
    gate = proxy.url.replace('http', 'ws');
  });

  afterAll(async () => {
    await proxy?.stop();
    await world?.stop();
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
        message: 'This link is no longer valid. Ask for a new one.',
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

  it('a WHIP session is in the hands of its own participant only', async () => {
    const room = await scene.room('whip');
    const speaker = async (identity: string) => {
      const token = await scene.issued(room, identity);
      await scene.act(room, identity, 'promote');
      return token;
    };
    const cam = await speaker('cam');
    const begun = await whipPost(proxy.url, cam);
    expect(begun).toMatchObject({ status: 201, sid: expect.stringMatching(/^PA_/) });
    const { permission } = (await scene.participant(room, 'cam')) ?? {};
    expect([permission?.can_publish, permission?.can_subscribe ?? false]).toEqual([true, false]);

    const mallory = await speaker('mallory');
    const own = await whipPost(proxy.url, mallory);
    for (const method of ['DELETE', 'PATCH'] as const) {
      const answer = await whipSession(proxy.url, method, begun.sid!, mallory);
      expect(answer).toEqual({ status: 404, text: 'You have no such session.' });
    }
    expect((await scene.participant(room, 'cam'))?.sid).toBe(begun.sid);
    expect((await whipSession(proxy.url, 'DELETE', own.sid!, mallory)).status).toBe(200);

    const viewer = await whipPost(proxy.url, await scene.issued(room, 'viewer'));
    expect(viewer).toMatchObject({ status: 403, text: expect.stringContaining('neither camera') });
    await app.sql(`INSERT INTO room (name, default_template) VALUES ('asleep', 'speaker')`);
    const asleep = await whipPost(proxy.url, await scene.issued('asleep', 'cam'));
    expect(asleep).toMatchObject({ status: 404, text: 'requested room does not exist' });
    expect(await scene.participants('asleep')).toEqual([]);
  });

  it('only what clients need reaches LiveKit, and a connect is a GET without a body', async () => {
    const recorder = await startFakeLiveKit();
    const recorded = await startReverseProxy(kind, {
      rolecall: portOf(app.url),
      livekit: portOf(recorder.url),
      secret: SECRET,
    });
    try {
      const room = await scene.room('needs');
      const token = await scene.issued(room, 'ana');
      const strange = [
        ...Object.entries(MARKED).map(([name, value]) => `${name}: ${value}`),
        'X-LiveKit-ClientInfo: {"subscribedParticipantTrackNames":{"a":["b"]}}',
        'X-Livekit-Ingress: 1',
        'X-Rolecall-Uri: /twirp/livekit.RoomService/ListRooms',
        'X-Forwarded-For: 192.0.2.1',
        'CF-Connecting-IP: 192.0.2.1',
        'Cookie: a=b',
        `Sec-WebSocket-Extensions: ${'x'.repeat(257)}`,
      ];
      const query = `access_token=${token}&sdk=js&evil=1&os={env.ROLECALL_GATE_SECRET}`;
      const connect = upgradeLines(`/rtc?${query}`, strange);
      const form = 'publish=tablet';
      const withForm = upgradeLines(`/rtc?${query}`, [
        ...strange,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${form.length}`,
      ]);
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        for (const bytes of [connect, withForm + form]) {
          const answer = await sendRaw(portOf(recorded.url), bytes.replace('GET', method));
          answer.socket.destroy();
          expect([method, answer.status]).toEqual([method, 405]);
        }
      }
      const plain = await fetch(`${recorded.url}/rtc?${query}`, { headers: MARKED });
      expect(plain.status).toBe(404);
      expect(recorder.reached).toEqual([]);

      for (const bytes of [connect, withForm + form]) {
        const answer = await sendRaw(portOf(recorded.url), bytes);
        answer.socket.destroy();
        expect(answer.status).toBe(101);
      }
      const { method, url, headers } = recorder.reached[1]!;
      expect([method, url]).toEqual(['GET', '/rtc?sdk=js&os=%7Benv.ROLECALL_GATE_SECRET%7D']);
      const needed = ['authorization', 'connection', 'host', 'sec-websocket-key'];
      const more = ['sec-websocket-version', 'upgrade', 'user-agent', 'x-forwarded-for'];
      // What Caddy says of itself and cannot be told to leave out.
      const own = ['accept-encoding', 'x-forwarded-host', 'x-forwarded-proto'];
      const said = Object.keys(headers).filter((name) => headers[name] !== '');
      expect(said.filter((name) => !own.includes(name)).sort()).toEqual([...needed, ...more]);
      expect(headers['x-forwarded-for']).toBe('127.0.0.1');
      expect(headers.authorization).not.toContain(token);
    } finally {
      await recorded.stop();
      await recorder.stop();
    }
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

describeLive('the question of another proxy', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];

  beforeAll(async () => {
    world = await startLiveWorld(ENV, { webhookUrl: null });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  const ask = (headers: Record<string, string>) =>
    fetch(`${app.url}/livekit/gate`, {
      headers: { 'x-rolecall-gate-secret': SECRET, ...headers },
    });
  const tokenIn = (answer: Response) =>
    (answer.headers.get('authorization') ?? '').replace('Bearer ', '');
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  it('gets the same decision, and the address to ask LiveKit for', async () => {
    const room = await scene.room('forward');
    const token = await scene.issued(room, 'fay', 'presenter');
    const questions: Record<string, string>[] = [
      { 'x-original-uri': `/rtc?access_token=${token}` },
      { 'x-forwarded-uri': `/rtc/v1?join_request=x&evil=1&access_token=${token}` },
      { 'x-forwarded-uri': '/rtc', 'x-forwarded-method': 'GET', authorization: `Bearer ${token}` },
    ];
    const uris: (string | null)[] = [];
    for (const headers of questions) {
      const answer = await ask(headers);
      expect(answer.status).toBe(200);
      const claims = claimsOf(tokenIn(answer));
      expect(claims).toMatchObject({ sub: 'fay', video: { room, canPublish: false } });
      expect(claims.exp - claims.nbf).toBeLessThanOrEqual(60);
      uris.push(answer.headers.get('x-rolecall-uri'));
    }
    expect(uris).toEqual(['/rtc', '/rtc/v1?join_request=x', '/rtc']);
    expect((await ask({})).status).toBe(403);
    expect((await ask({ 'x-original-uri': `/twirp/x?access_token=${token}` })).status).toBe(403);
    expect((await ask({ 'x-original-uri': '/rtc' })).status).toBe(401);
    const good = { 'x-original-uri': `/rtc?access_token=${token}` };
    const torn = { ...good, 'x-forwarded-uri': '/twirp/livekit.RoomService/ListRooms' };
    expect((await ask(torn)).status).toBe(403);
    expect((await ask({ ...good, 'x-original-method': 'POST' })).status).toBe(403);
    const tornMethod = { 'x-original-method': 'GET', 'x-forwarded-method': 'POST' };
    expect((await ask({ ...good, ...tornMethod })).status).toBe(403);
    const whip = { 'x-original-uri': '/whip/v1', authorization: `Bearer ${token}` };
    expect((await ask(whip)).headers.get('x-rolecall-code')).toBe('gate.nothing_to_publish');
    await scene.act(room, 'fay', 'block');
    expect((await ask(good)).status).toBe(403);
  });

  it('is only answered to the proxy that knows the secret', async () => {
    const room = await scene.room('secret');
    const headers = {
      'x-original-uri': `/rtc?access_token=${await scene.issued(room, 'ana')}`,
    };
    for (const secret of ['', 'x', `${SECRET}x`, SECRET.slice(0, -1), SECRET.toUpperCase()]) {
      const answer = await ask({ ...headers, 'x-rolecall-gate-secret': secret });
      expect([secret, answer.status]).toEqual([secret, 404]);
      expect(tokenIn(answer)).toBe('');
    }
    expect((await fetch(`${app.url}/livekit/gate`, { headers })).status).toBe(404);
    expect((await ask(headers)).status).toBe(200);
    const without = await startLiveApp({
      livekit,
      database: app.database,
      env: { ROLECALL_GATE: 'off', ROLECALL_SWEEP: '10m' },
    });
    const asked = { 'x-rolecall-gate-secret': '', ...headers };
    const answer = await fetch(`${without.url}/livekit/gate`, { headers: asked });
    expect(answer.status).toBe(404);
    await without.stop();
    expect(await scene.ledger(room, 'gate.admitted')).toHaveLength(1);
  });

  it('renews nothing: what it answers proves nothing, what LiveKit refreshes does', async () => {
    const room = await scene.room('renewed');
    await scene.issued(room, 'ana');
    const video = { roomJoin: true, room };
    const exp = Math.floor(Date.now() / 1_000) + 2;
    const short = scene.sign({ sub: 'ana', exp, video });
    const first = await ask({ 'x-original-uri': `/rtc?access_token=${short}` });
    const given = tokenIn(first);
    expect(first.status).toBe(200);
    for (const uri of ['/rtc', `/rtc?access_token=${given}`, '/rtc/validate']) {
      const second = await ask({ 'x-original-uri': uri, authorization: `Bearer ${given}` });
      expect([second.status, tokenIn(second)]).toEqual([403, '']);
      expect(second.headers.get('x-rolecall-code')).toBe('gate.token_is_no_proof');
    }
    const joined = await signalJoin(livekit.url, given);
    const refreshed = await until('a refreshed token', () => joined.token);
    const again = await ask({ 'x-original-uri': `/rtc?access_token=${refreshed}` });
    expect([again.status, claimsOf(tokenIn(again)).sub]).toEqual([200, 'ana']);
    joined.close();
  });

  it('gets no token for a probe', async () => {
    const room = await scene.room('probes');
    const token = await scene.issued(room, 'ana');
    for (const path of ['/rtc/validate', '/rtc/v1/validate']) {
      const answer = await ask({ 'x-original-uri': `${path}?access_token=${token}` });
      expect([answer.status, answer.headers.get('authorization')]).toEqual([200, null]);
    }
    expect(await scene.ledger(room)).toEqual([]);
  });
});

describeBehind('nginx', behind('nginx'));
describeBehind('caddy', behind('caddy'));
