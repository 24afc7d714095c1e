import { fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SignalResponse } from '@livekit/protocol';
import { type FakeLiveKit, MARKED, startFakeLiveKit } from '../../test/support/fake-livekit.js';
import type { Flood, FloodAnswers } from '../../test/support/flood-process.js';
import { type LiveApp, startLiveApp } from '../../test/support/live-app.js';
import { sendRaw, upgradeLines } from '../../test/support/raw-http.js';
import { until } from '../../test/support/until.js';
import { encodeBound } from '../grants/issuer-ceiling.js';
import { completeGrants } from '../grants/role-grants.js';
import { TokenSigner } from '../livekit/signer.js';

const KEY = { apiKey: 'APIattack', apiSecret: 'a-secret-that-is-long-enough-to-use' };
const SECRET = 'a-secret-of-the-proxy';
const OFTEN = 300;
const MARK = Object.entries(MARKED).map(([name, value]) => `${name}: ${value}`);

let app: LiveApp;
let livekit: FakeLiveKit;
let port: number;

beforeAll(async () => {
  livekit = await startFakeLiveKit();
  app = await startLiveApp({
    env: {
      ROLECALL_GATE: 'on',
      ROLECALL_GATE_SECRET: SECRET,
      ROLECALL_SWEEP: '10m',
      ROLECALL_RATE_CONNECT: `${OFTEN}/30s`,
      LIVEKIT_URL: livekit.url,
      LIVEKIT_API_KEY: KEY.apiKey,
      LIVEKIT_API_SECRET: KEY.apiSecret,
    },
  });
  port = Number(new URL(app.url).port);
  await app.sql(`INSERT INTO room (name, default_template, live_sid)
    VALUES ('hall', 'viewer', 'RM_1'), ('cellar', 'viewer', 'RM_2')`);
});
afterAll(async () => {
  await app.stop();
  await livekit.stop();
});
afterEach(() => {
  livekit.isMute = false;
  for (const socket of livekit.open) socket.destroy();
  livekit.reached.length = 0;
});

const now = () => Math.floor(Date.now() / 1_000);
const claims = (more: object = {}) => ({
  sub: 'ana',
  nbf: now(),
  exp: now() + 600,
  video: { roomJoin: true, room: 'hall', roomAdmin: true },
  ...more,
});
const token = (more: object = {}, key = KEY) => new TokenSigner(key).sign(claims(more));
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const bearer = (value: string) => `Authorization: Bearer ${value}`;

const subjectOf = (authorization: string | undefined) =>
  JSON.parse(
    Buffer.from((authorization ?? '').split('.')[1] ?? '', 'base64url').toString() || '{}',
  ) as { sub?: string; video?: Record<string, unknown> };

async function upgrade(path: string, lines: string[] = []) {
  const { status, socket } = await sendRaw(port, upgradeLines(path, [...MARK, ...lines]));
  socket.destroy();
  return status;
}

describe('a header of their own', () => {
  it('counts as LiveKit counts it, and is replaced: nobody gets more than their role', async () => {
    expect(await upgrade('/rtc', [bearer(token())])).toBe(101);
    const [seen] = livekit.reached;
    expect(subjectOf(seen?.headers.authorization)).toMatchObject({
      sub: 'ana',
      video: { room: 'hall', canPublish: false },
    });
    expect(subjectOf(seen?.headers.authorization).video).not.toHaveProperty('roomAdmin');
  });

  it('wins over the query, whole: a bad one is not made good by a good one behind it', async () => {
    const bob = token({ sub: 'bob' });
    expect(await upgrade(`/rtc?access_token=${bob}`, [bearer(token())])).toBe(101);
    expect(livekit.reached.map(({ headers }) => subjectOf(headers.authorization).sub)).toEqual([
      'ana',
    ]);
    expect(await upgrade(`/rtc?access_token=${bob}`, [bearer('x')])).toBe(401);
    expect(livekit.reached).toHaveLength(1);
  });

  it('for a proxy in front leaves the token in the query to count, and goes no further', async () => {
    const query = `/rtc?access_token=${token({ sub: 'bob' })}`;
    expect(await upgrade(query, ['Authorization: Basic YTpi'])).toBe(101);
    expect(livekit.reached.map(({ headers }) => subjectOf(headers.authorization).sub)).toEqual([
      'bob',
    ]);
    expect(await upgrade('/rtc', ['Authorization: Basic YTpi'])).toBe(401);
  });

  it('twice, reaches LiveKit as the one that was decided about', async () => {
    const forged = token({ sub: 'root' }, { ...KEY, apiSecret: 'x'.repeat(40) });
    for (const pair of [
      [token(), forged],
      [forged, token()],
      [token(), token({ sub: 'bob' })],
    ]) {
      await upgrade('/rtc', pair.map(bearer));
    }
    const subjects = livekit.reached.map(({ headers }) => subjectOf(headers.authorization).sub);
    expect(subjects).toEqual(['ana', 'ana']);
  });

  it('in another spelling, is none', async () => {
    for (const line of [
      `AUTHORIZATION:Bearer ${token()}`,
      `authorization:   bearer ${token()}  `,
    ]) {
      expect(await upgrade('/rtc', [line])).toBe(101);
    }
    // Node refuses these before anybody asks.
    for (const line of [`Authorization : Bearer ${token()}`, ` ${bearer(token())}`]) {
      await sendRaw(port, upgradeLines('/rtc', [...MARK, line])).catch(() => undefined);
    }
    expect(livekit.reached).toHaveLength(2);
  });
});

describe('the token', () => {
  const others: [string, () => string][] = [
    ['none', () => ''],
    ['of another key', () => token({}, { ...KEY, apiKey: 'other' })],
    ['of another secret', () => token({}, { ...KEY, apiSecret: 'x'.repeat(40) })],
    [
      'with alg: none',
      () => `${encode({ alg: 'none' })}.${encode({ ...claims(), iss: KEY.apiKey })}.`,
    ],
    ['without exp', () => token({ exp: undefined })],
    ['that has expired', () => token({ exp: now() - 61 })],
    ['that does not join', () => token({ video: { room: 'hall' } })],
  ];
  it.each(others)('%s: 401, and LiveKit hears nothing', async (_what, make) => {
    expect(await upgrade(`/rtc?access_token=${make()}`)).toBe(401);
    expect(await upgrade('/rtc/v1', [bearer(make())])).toBe(401);
    expect(livekit.reached).toEqual([]);
  });

  it('of one room opens that room, whatever else is asked for', async () => {
    expect(await upgrade(`/rtc?access_token=${token()}&room=cellar&room_name=cellar`)).toBe(101);
    expect(subjectOf(livekit.reached[0]?.headers.authorization).video?.['room']).toBe('hall');
    const nowhere = token({ video: { roomJoin: true, room: 'attic' } });
    expect(await upgrade(`/rtc?access_token=${nowhere}`)).toBe(403);
    expect(livekit.reached).toHaveLength(1);
  });

  it('is never in the address that LiveKit gets, however often it was there', async () => {
    const [one, two] = [token(), token({ sub: 'bob' })];
    expect(await upgrade(`/rtc?access_token=${one}&access_token=${two}&sdk=js`)).toBe(101);
    expect(livekit.reached[0]?.url).toBe('/rtc?sdk=js');
    expect(subjectOf(livekit.reached[0]?.headers.authorization).sub).toBe('ana');
  });
});

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

/** A message of LiveKit's with the refreshed token of a connection. */
const refreshes = (value: string) => {
  const message = new SignalResponse({ message: { case: 'refreshToken', value } }).toBinary();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.byteLength);
  return Buffer.concat([Buffer.from([0x82, 126]), length, message]);
};

describe('a resume', () => {
  const resume = () =>
    sendRaw(port, upgradeLines(`/rtc?access_token=${token()}&reconnect=1`, MARK));
  const begun = () =>
    until('LiveKit is asked', () => {
      return livekit.reached.length > 0 && livekit.open.size > 0 ? [...livekit.open][0] : null;
    });

  it('hears what LiveKit says of its own connection', async () => {
    livekit.isMute = true;
    const answer = resume();
    const upstream = await begun();
    const own = token();
    const said = refreshes(own);
    upstream.write(Buffer.concat([Buffer.from(SWITCH), said.subarray(0, 5)]));
    upstream.write(Buffer.concat([said.subarray(5), Buffer.from('and more')]));
    const { status, text, socket } = await answer;
    let heard = text;
    socket.on('data', (chunk) => (heard += String(chunk)));
    await until('all of it', () => heard.endsWith('and more'));
    socket.destroy();
    expect(status).toBe(101);
    expect(heard).toContain(own);
    expect(livekit.reached[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
  });

  const ceiling = [completeGrants({ roomJoin: true })];
  const bound = token({ roomConfig: encodeBound({ id: 'other', ceiling }) });
  it.each([
    ['of a connection that is bound to something', refreshes(bound)],
    ['that is none', refreshes('x')],
    ['in a frame that no server sends', Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x8a, 1])],
    ['in a frame that is packed', Buffer.from([0xc2, 2, 0x82, 1])],
  ])('hears nothing where LiveKit tells a token %s', async (_what, said) => {
    livekit.isMute = true;
    const answer = resume();
    const upstream = await begun();
    livekit.isMute = false;
    upstream.write(Buffer.concat([Buffer.from(SWITCH), said]));
    const { status, text, socket } = await answer;
    socket.destroy();
    // The fake says nothing more; LiveKit would say that it does not have the connection.
    expect([status, text.split('\r\n\r\n')[1]]).toEqual([101, '']);
    const [, again] = livekit.reached;
    expect(again?.url).toBe('/rtc?reconnect=1&protocol=16');
    expect(subjectOf(again?.headers.authorization)).toMatchObject({
      sub: expect.stringMatching(/^nobody:/),
      video: { room: 'hall', canPublish: false, canSubscribe: false },
    });
    await until('LiveKit is hung up on', () => livekit.open.size === 0);
  });

  it('hears nothing of a connection that came up while LiveKit began with it', async () => {
    livekit.isMute = true;
    const answer = resume();
    const upstream = await begun();
    livekit.isMute = false;
    // As the gate notes it before the other connect gets to LiveKit.
    await app.sql(
      `INSERT INTO seat (room, identity, admitted)
       VALUES ('hall', 'ana', '{"id": "other", "at": "2026-01-01T00:00:00Z", "ceiling": []}')
       ON CONFLICT (room, identity) DO UPDATE SET admitted = EXCLUDED.admitted`,
    );
    upstream.write(Buffer.concat([Buffer.from(SWITCH), refreshes(token())]));
    const { text, socket } = await answer;
    socket.destroy();
    expect(text.split('\r\n\r\n')[1]).toBe('');
    expect(subjectOf(livekit.reached[1]?.headers.authorization).sub).toMatch(/^nobody:/);
    await app.sql(`UPDATE seat SET admitted = NULL WHERE identity = 'ana'`);
  });
});

describe('a token that is narrower than the role', () => {
  const ceiling = [completeGrants({ roomJoin: true, canSubscribe: true })];
  const narrow = () => token({ roomConfig: encodeBound({ id: null, ceiling, isCut: true }) });
  const path = (of: string) => `/rtc?access_token=${of}`;
  const boundTo = async () => {
    const [seat] = await app.sql(
      `SELECT admitted->>'id' AS id FROM seat WHERE room = 'hall' AND identity = 'ana'`,
    );
    return (seat?.['id'] ?? null) as string | null;
  };
  const asked = (count: number) =>
    until('LiveKit is asked', () => (livekit.reached.length === count ? [...livekit.open] : null));

  it('gains nothing by a connect that LiveKit lets in after a wider one', async () => {
    livekit.isMute = true;
    const late = sendRaw(port, upgradeLines(path(narrow()), MARK));
    const [upstream] = await asked(1);
    livekit.isMute = false;
    expect(await upgrade(path(token()))).toBe(101);
    expect(await boundTo()).toBeNull();
    upstream!.write(SWITCH);
    const { status, socket } = await late;
    socket.destroy();
    expect(status).toBe(503);
    await until('LiveKit is hung up on', () => livekit.open.size === 0);
  });

  it('keeps its connection narrow while a wider one does not come up', async () => {
    const { status, socket } = await sendRaw(port, upgradeLines(path(narrow()), MARK));
    const id = await boundTo();
    expect([status, id]).toEqual([101, expect.any(String)]);
    livekit.isMute = true;
    const wider = connect(port, '127.0.0.1').on('error', () => undefined);
    wider.write(upgradeLines(path(token()), MARK));
    await asked(2);
    wider.destroy();
    await until('LiveKit is hung up on', () => livekit.open.size === 1);
    expect(await boundTo()).toBe(id);
    livekit.isMute = false;
    expect(await upgrade(path(token()))).toBe(101);
    expect(await boundTo()).toBeNull();
    socket.destroy();
  });
});

const CLOSED = [
  '/twirp/livekit.RoomService/DeleteRoom',
  '/agent',
  '/debug/rooms',
  '/',
  '//rtc',
  '/rtc/',
  '/rtc//',
  '/rtc//v1',
  '/rtc/v2',
  '/RTC',
  '/%72tc',
  '/rtc%2fv1',
  '/rtc%00',
  '/rtc;a=b',
  '/rtc\\v1',
  '/./rtc',
  '/x/../rtc',
  '/rtc/../agent',
  '/rtc/..%2fagent',
  '/rtc/%2e%2e/agent',
  '/rtc/v1/../../twirp/livekit.RoomService/DeleteRoom',
  '/whip/v1/../../agent',
  '/whip/v1/%2e%2e/%2e%2e/agent',
  '/whip/v1//agent',
  '/whip/v1/a/b/c/d',
  'http://127.0.0.1/rtc',
  'http://127.0.0.1/twirp/livekit.RoomService/DeleteRoom',
  '*',
];

describe('another path, or one of ours in another spelling', () => {
  it.each(CLOSED)('%s: LiveKit hears nothing', async (path) => {
    const lines = [...MARK, bearer(token())];
    const upgraded = await sendRaw(port, upgradeLines(`${path}?x=1`, lines)).catch(() => null);
    expect([404, 400, undefined]).toContain(upgraded?.status);
    upgraded?.socket.destroy();
    for (const method of ['GET', 'POST', 'DELETE']) {
      const head = [`${method} ${path} HTTP/1.1`, 'Host: rolecall.test', ...lines];
      const body = method === 'GET' ? '' : '{}';
      const type = body && ['Content-Type: application/json', `Content-Length: ${body.length}`];
      const all = [...head, ...(type || []), 'Connection: close', '', body].join('\r\n');
      const answer = await sendRaw(port, all + (body ? '' : '\r\n')).catch(() => null);
      answer?.socket.destroy();
    }
    expect(livekit.reached).toEqual([]);
  });

  it.each(['h2c', 'WebSocket2', 'tcp'])('an upgrade to %s is none', async (protocol) => {
    const lines = upgradeLines('/rtc', [...MARK, bearer(token())]);
    const answer = await sendRaw(port, lines.replace('websocket', protocol));
    answer.socket.destroy();
    expect(answer.status).toBe(404);
    expect(livekit.reached).toEqual([]);
  });

  it('nobody else may ask, since the gate is built in', async () => {
    for (const path of ['/rtc', '/rtc/validate', '/whip/v1', '/agent']) {
      const headers = {
        'x-original-uri': `${path}?access_token=${token()}`,
        'x-rolecall-gate-secret': SECRET,
      };
      const answer = await fetch(`${app.url}/livekit/gate`, { headers });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get('authorization')).toBeNull();
    }
  });
});

describe('a probe without a token', () => {
  it('gets an answer that pages of other origins can tell from LiveKit’s', async () => {
    const answer = await fetch(`${app.url}/rtc/validate`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('x-rolecall-code')).toMatch(/^gate\./);
    expect(answer.headers.get('access-control-expose-headers')).toBe('X-Rolecall-Code');
  });
});

describe('what LiveKit does not need', () => {
  it('does not reach it: only what its clients send does, and only short', async () => {
    const status = await upgrade(
      `/rtc?access_token=${token()}&sdk=js&evil=1&os=${'x'.repeat(65)}`,
      [
        'X-LiveKit-ClientInfo: {"subscribedParticipantTrackNames":{"a":["b"]}}',
        'X-Livekit-Ingress: 1',
        'X-Forwarded-For: 192.0.2.1',
        'CF-Connecting-IP: 192.0.2.1',
        'X-Real-IP: 192.0.2.1',
        'Cookie: a=b',
        'Origin: https://example.org',
        'Sec-WebSocket-Protocol: x',
        `Sec-WebSocket-Extensions: ${'x'.repeat(257)}`,
      ],
    );
    expect(status).toBe(101);
    const [seen] = livekit.reached;
    expect(seen?.url).toBe('/rtc?sdk=js');
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual([
      'authorization',
      'connection',
      'host',
      'sec-websocket-key',
      'sec-websocket-version',
      'upgrade',
      'user-agent',
      'x-forwarded-for',
    ]);
    expect(seen?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('nor does a connect by another method, or with a body: LiveKit reads forms', async () => {
    const form = 'publish=tablet';
    const lines = [
      ...MARK,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${form.length}`,
    ];
    const head = upgradeLines(`/rtc?access_token=${token()}`, lines);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'HEAD', 'DELETE']) {
      const answer = await sendRaw(port, head.replace('GET', method) + form);
      answer.socket.destroy();
      expect([method, answer.status]).toEqual([method, method === 'GET' ? 400 : 405]);
    }
    const plain = upgradeLines(`/rtc?access_token=${token()}`, MARK);
    const posted = await sendRaw(port, plain.replace('GET', 'POST'));
    posted.socket.destroy();
    expect(posted.status).toBe(405);
    expect(livekit.reached).toEqual([]);
  });
});

describe('a token of the gate itself', () => {
  it('proves nothing: no connect makes the next one possible', async () => {
    expect(await upgrade('/rtc', [bearer(token())])).toBe(101);
    const [seen] = livekit.reached;
    const given = (seen?.headers.authorization ?? '').replace('Bearer ', '');
    expect(await upgrade('/rtc', [bearer(given)])).toBe(403);
    const hand = await fetch(`${app.url}/api/v1/rooms/hall/stage/me`, {
      headers: { authorization: `Bearer ${given}` },
    });
    expect([401, 403]).toContain(hand.status);
    expect(livekit.reached).toHaveLength(1);
    const [entry] = await app.sql<{ payload: { refusal?: string } }>(
      `SELECT payload FROM ledger_entry WHERE kind = 'gate.refused' ORDER BY at DESC, seq DESC LIMIT 1`,
    );
    expect(entry?.payload.refusal).toBe('gate.token_is_no_proof');
  });

  it('lives no longer than the token of a participant without a rule', async () => {
    const exp = now() + 2;
    const video = { roomJoin: true, room: 'attic', canPublish: true };
    await app.sql(`INSERT INTO room (name, live_sid) VALUES ('attic', 'RM_3')`);
    expect(await upgrade('/rtc', [bearer(token({ exp, sub: 'free', video }))])).toBe(101);
    const given = (livekit.reached[0]?.headers.authorization ?? '').replace('Bearer ', '');
    expect(subjectOf(`Bearer ${given}`)).toMatchObject({ sub: 'free', exp, video });
    expect(await upgrade('/rtc', [bearer(given)])).toBe(403);
    expect(await upgrade('/rtc', [bearer(token({ sub: 'free', video }))])).toBe(101);
    const long = subjectOf(livekit.reached[1]?.headers.authorization) as { exp: number };
    expect(long.exp).toBeLessThanOrEqual(now() + 30);
  });
});

const sockets: Socket[] = [];
/** Opens a connection and sends only what is given. Resolves with the time until it was closed. */
function hold(bytes: string): { socket: Socket; closed: Promise<void>; text: () => string } {
  let text = '';
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(bytes);
  return { socket, closed, text: () => text };
}
const openAtGate = () =>
  new Promise<number>((resolve) =>
    app.app.getHttpServer().getConnections((_error, count) => resolve(count)),
  );

describe('who is slow, or only half there', () => {
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  it('gets some seconds for its request, and others get in meanwhile', async () => {
    const server = app.app.getHttpServer();
    expect(server.headersTimeout).toBeLessThanOrEqual(15_000);
    server.headersTimeout = 1_000;
    const half = upgradeLines(`/rtc?access_token=${token()}`).slice(0, -2);
    const slow = Array.from({ length: 100 }, () => hold(half));
    await until('they are connected', async () => (await openAtGate()) >= 100);
    expect(await upgrade(`/rtc?access_token=${token()}`)).toBe(101);
    await Promise.all(slow.map(({ closed }) => closed));
    server.headersTimeout = 15_000;
    expect(livekit.reached).toHaveLength(1);
  }, 20_000);

  it('that hangs up half of the connection loses the other half, here and at LiveKit', async () => {
    const { socket, text } = hold(upgradeLines(`/rtc?access_token=${token()}`, MARK));
    await until('it is let in', () => text().includes(' 101 '));
    expect(livekit.open.size).toBe(1);
    socket.end();
    await until('LiveKit has lost it', () => livekit.open.size === 0, 5_000);
  });

  it('that never hangs up after a refusal is hung up on', async () => {
    const half = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(half);
    half.on('error', () => undefined);
    half.resume();
    await new Promise((resolve) => half.once('connect', resolve));
    const before = await until('it is connected', openAtGate);
    half.write(upgradeLines('/rtc?access_token=x'));
    await new Promise((resolve) => half.once('end', resolve));
    await until('its place is free', async () => (await openAtGate()) <= before - 1, 5_000);
  });

  it('that leaves while LiveKit says nothing is forgotten there too', async () => {
    livekit.isMute = true;
    const { socket } = hold(upgradeLines(`/rtc?access_token=${token()}`, MARK));
    await until('LiveKit was asked', () => livekit.open.size === 1);
    socket.destroy();
    await until('LiveKit has lost it', () => livekit.open.size === 0, 2_000);
  });

  it('hears in some seconds that LiveKit says nothing', async () => {
    livekit.isMute = true;
    expect(await upgrade(`/rtc?access_token=${token()}`)).toBe(503);
    await until('LiveKit has lost it', () => livekit.open.size === 0, 2_000);
  }, 10_000);

  it('that talks before it is let in is heard a little, and no more', async () => {
    livekit.isMute = true;
    const talk = 'x'.repeat(1024 * 1024);
    const { closed } = hold(upgradeLines(`/rtc?access_token=${token()}`, MARK) + talk);
    await closed;
    await until('LiveKit has lost it', () => livekit.open.size === 0, 2_000);
  }, 10_000);
});

describe('2,000 connects at once from one address', () => {
  const SCRIPT = fileURLToPath(new URL('../../test/support/flood-process.ts', import.meta.url));
  const flood = (pathOf: (at: number) => string) =>
    new Promise<FloodAnswers>((resolve, reject) => {
      const child = fork(SCRIPT, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
      child.once('message', (answers) => resolve(answers as FloodAnswers));
      child.once('exit', (code) => reject(new Error(`the flood ended with ${code}`)));
      const requests = Array.from({ length: 2_000 }, (_, at) => upgradeLines(pathOf(at), MARK));
      child.send({ port, localAddress: '127.0.0.9', requests } satisfies Flood);
    });

  it('each have an answer, others get in before them, and nothing stays behind', async () => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    let took = 0;
    const storm = flood((at) => `/rtc?access_token=${token({ sub: `person-${at}` })}`);
    void storm.finally(() => (took = performance.now() - started)).catch(() => undefined);
    // From the start on: on a busy machine the storm may be over before anybody saw it begin.
    const waits: number[] = [];
    for (let alone = 1; took === 0; alone++) {
      const isInTheStorm = livekit.reached.length - alone > 20;
      const at = performance.now();
      expect(await upgrade(`/rtc?access_token=${token({ sub: `bob-${alone % 20}` })}`)).toBe(101);
      if (isInTheStorm) waits.push(performance.now() - at);
    }
    const answers = await storm;
    expect((answers[101] ?? 0) + (answers[503] ?? 0)).toBe(2_000);
    // However slow the machine is: who comes alone does not wait for all of them.
    expect(waits.length).toBeGreaterThan(0);
    expect(Math.min(...waits)).toBeLessThan(took / 2);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    await until('nobody is left at LiveKit', () => livekit.open.size === 0, 20_000);
    await until('nor here', async () => (await openAtGate()) < 20, 20_000);
  });

  it('of one person fill the log no further than their share, and keep nobody out', async () => {
    const often = token({ sub: 'often' });
    const answers = await flood(() => `/rtc?access_token=${often}`);
    expect(answers).toEqual({ 101: OFTEN, 503: 2_000 - OFTEN });
    const written = await app.sql(
      `SELECT FROM ledger_entry WHERE kind = 'gate.admitted' AND identity = 'often'`,
    );
    expect(written).toHaveLength(OFTEN);
    // Whoever has the token elsewhere: they do not use up what others may.
    expect(await upgrade(`/rtc?access_token=${often}`)).toBe(101);
  });

  it('without a good token, each cost LiveKit and Postgres nothing', async () => {
    const entries = async () =>
      Number((await app.sql<{ n: string }>('SELECT count(*) AS n FROM ledger_entry'))[0]?.n);
    const before = await entries();
    const answers = await flood(() => '/rtc?access_token=x');
    expect((answers[401] ?? 0) + (answers[503] ?? 0)).toBe(2_000);
    expect(await entries()).toBe(before);
    expect(livekit.reached).toEqual([]);
  });
});
