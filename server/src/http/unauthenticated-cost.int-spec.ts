import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { listenAt } from '../listen.js';
import { until } from '../../test/support/until.js';
import { TokenSigner } from '../livekit/signer.js';

/** As in production, but for what would make the test long or large. */
const LIMITS = {
  requestMs: 4_000,
  headersMs: 4_000,
  decisionMs: 50,
  idleMs: 60_000,
  connections: 60,
  connectionsPerAddress: 25,
  headerBytes: 1024 * 1024,
};

let app: TestApp;
let port: number;
const sockets: Socket[] = [];

interface Client {
  socket: Socket;
  text: () => string;
  isClosed: () => boolean;
}

function open(bytes: string, localAddress = '127.0.0.1', host = '127.0.0.1'): Client {
  let text = '';
  let isClosed = false;
  const socket = connect({ port, host, localAddress });
  sockets.push(socket);
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined).once('close', () => (isClosed = true));
  socket.write(bytes);
  return { socket, text: () => text, isClosed: () => isClosed };
}

const head = (method: string, path: string, lines: string[] = []) =>
  [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n');
const post = (path: string, length: number, lines: string[] = []) =>
  head('POST', path, [`Content-Length: ${length}`, 'Content-Type: application/json', ...lines]);
const linesOf = ({ headers }: Credential) =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
const statusOf = ({ text }: Client) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text())?.[1] ?? 0);
const answered = (client: Client) => until('an answer', () => statusOf(client) || null);
const connections = () =>
  new Promise<number>((resolve) =>
    app.app.getHttpServer().getConnections((_error, count) => resolve(count)),
  );

beforeAll(async () => {
  app = await startTestApp({ overrides: { http: LIMITS } });
  await listenAt(app.app, ['127.0.0.1', '::1'], 0);
  ({ port } = app.app.getHttpServer().address() as { port: number });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await until('all are gone', async () => (await connections()) === 0);
});
afterAll(() => app.stop());

describe('a request that drips', () => {
  const DRIPS: Record<string, () => string> = {
    'in its headers': () => 'GET /healthz HTTP/1.1\r\nX: ',
    'in a body that anybody may send': () => post('/api/v1/session', 1_000),
    'in a body of somebody signed in': () => post('/api/v1/rooms', 1_000, linesOf(app.admin)),
    'in a body in chunks': () =>
      `${post('/api/v1/session', 0).replace('Content-Length: 0', 'Transfer-Encoding: chunked')}400\r\n`,
  };

  // All at once: each of them takes as long as the limit.
  it('ends in time, however often something comes; so does silence, and a stream goes on', async () => {
    const started = performance.now();
    const stream = open(head('GET', '/api/v1/events?topics=me', linesOf(app.admin)));
    const silent = open('');
    const dripping = Object.entries(DRIPS).map(([where, begin]) => ({
      where,
      clients: [1, 2, 3].map(() => open(begin())),
    }));
    const clients = dripping.flatMap((each) => each.clients);
    const drip = setInterval(() => clients.forEach(({ socket }) => socket.write('x')), 100);
    try {
      await until('all are ended', () => clients.every(({ isClosed }) => isClosed()), 30_000);
    } finally {
      clearInterval(drip);
    }
    expect(dripping.map((each) => [each.where, ...each.clients.map(statusOf)])).toEqual(
      Object.keys(DRIPS).map((where) => [where, 408, 408, 408]),
    );
    await until('who is silent is ended', silent.isClosed, 10_000);
    await until('the stream has outlived a request', () => performance.now() - started > 6_000);
    expect(stream.isClosed()).toBe(false);
    expect(stream.text()).toContain('event: hello');
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of buffers that are still referred to, more than before. */
function heldSince(before: number): number {
  // What came while a collection was under way survives it.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers - before;
}

describe('who may is decided before the body', () => {
  const half = (path: string, lines: string[] = []) => {
    const client = open(post(path, 4_000_000, lines));
    client.socket.write('x'.repeat(2_000_000));
    return client;
  };

  it('so 20 large bodies without credentials are refused while they come, and are kept nowhere', async () => {
    // What other tests of this process have left goes first.
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const clients = Array.from({ length: 20 }, () => half('/api/v1/rooms/x/seats/bulk'));
    await Promise.all(clients.map(answered));
    expect(new Set(clients.map(statusOf))).toEqual(new Set([401]));
    // While they are still there, and without what this process has yet to send for the clients.
    await until('all is sent', () => clients.every(({ socket }) => socket.writableLength === 0));
    await until('nothing of it is kept', () => {
      if (clients.every(({ isClosed }) => isClosed())) throw new Error('they are hung up on');
      return heldSince(before) < 10_000_000;
    });
    await until('they are hung up on', () => clients.every(({ isClosed }) => isClosed()), 5_000);
  });

  it.each([
    ['/livekit/webhook', [], 401],
    ['/livekit/webhook', ['Authorization: a.b.c'], 401],
    ['/api/v1/rooms', ['Authorization: Bearer rck_0123456789012345678901234567'], 401],
    ['/api/v1/rooms/x/stage/me/raise', [], 401],
    ['/livekit/token', [], 401],
    ['/nothing/here', [], 404],
    ['/api/v1/session', [], 413],
    ['/whip/v1', [], 404],
  ])('at %s with %j', async (path, lines, status) => {
    expect(await answered(half(path, lines))).toBe(status);
  });

  it('and the connection serves on when the rest of the body has come', async () => {
    const client = open(post('/api/v1/rooms', 2_000));
    client.socket.write('x'.repeat(1_000));
    expect(await answered(client)).toBe(401);
    client.socket.write('x'.repeat(1_000));
    // Who is refused is hung up on after two seconds, unless the body is whole by then.
    const started = performance.now();
    await until('it would be over', () => performance.now() - started > 2_500);
    client.socket.write(head('GET', '/healthz'));
    await until('the next request is answered', () => client.text().includes('{"status":"ok"}'));
  });

  it('at the webhook also with the token of a participant, which the same key signed', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const video = { roomJoin: true, room: 'hall' };
    const token = new TokenSigner(app.config.livekit).sign({ sub: 'ana', exp, video });
    expect(await answered(half('/livekit/webhook', [`Authorization: ${token}`]))).toBe(401);
  });

  it('also from a page of another origin, and without the permission', async () => {
    const [cookie] = linesOf(app.admin);
    expect(await answered(half('/api/v1/rooms', [cookie!, 'Origin: https://evil.example']))).toBe(
      403,
    );
    const nobody = await app.newOperator([]);
    expect(await answered(half('/api/v1/rooms', linesOf(nobody)))).toBe(403);
  });
});

describe('who may is decided again after a slow body', () => {
  it.each([
    ['/api/v1/rooms', { name: 'too-late' }],
    ['/api/v1/tokens', { room: 'too-late', identity: 'ana', createRoom: true, createUser: true }],
  ])('so a key that is revoked meanwhile does nothing more at %s', async (path, body) => {
    const key = await app.newApiKey(['room.create', 'user.create', 'token.issue']);
    const text = JSON.stringify(body);
    const client = open(post(path, text.length, linesOf(key)) + text.slice(0, -1));
    const begun = await until('the key was looked at', async () => {
      const sql = 'SELECT FROM api_key WHERE id = $1 AND last_used_at IS NOT NULL';
      return (await app.sql(sql, [key.id])).length === 1 && performance.now();
    });
    await app.inject('DELETE', `/api/v1/api-keys/${key.id}`, { as: app.admin });
    await until('that is a while ago', () => performance.now() - begun > 2 * LIMITS.decisionMs);
    client.socket.write(text.slice(-1));
    expect(await answered(client)).toBe(401);
    expect(await app.sql(`SELECT FROM room WHERE name = 'too-late'`)).toEqual([]);
  });
});

describe('connections', () => {
  const alive = async (address: string) => {
    const client = open(head('GET', '/healthz'), address);
    return answered(client);
  };

  it('beyond the share of an address are refused, and another address is served', async () => {
    const many = Array.from({ length: 60 }, () => open('GET / HTTP/1.1\r\nX: '));
    await until('some are refused', () => many.some((client) => statusOf(client) === 503));
    expect(await alive('127.0.0.1')).toBe(503);
    expect(await alive('127.0.0.2')).toBe(200);
    expect(many.filter((client) => statusOf(client) === 503)).toHaveLength(35);
  });

  it('count at every address that is listened at', async () => {
    const many = Array.from({ length: 30 }, () =>
      open('GET /healthz HTTP/1.1\r\nHost: x\r\nX: ', '::1', '::1'),
    );
    await until('some are refused', () => many.filter((s) => statusOf(s) === 503).length === 5);
    const [waiting, refused] = [many[0]!, open(head('GET', '/healthz'), '::1', '::1')];
    expect(await answered(refused)).toBe(503);
    waiting.socket.write('y\r\n\r\n');
    expect(await answered(waiting)).toBe(200);
  });

  it('of addresses that hold many make place for who has none, when there is no other place', async () => {
    for (let i = 10; i < 40; i++) {
      for (let n = 0; n < 10; n++) open('GET / HTTP/1.1\r\nX: ', `127.0.0.${i}`);
    }
    await until('they are there', async () => (await connections()) >= 60);
    for (let i = 50; i < 55; i++) expect(await alive(`127.0.0.${i}`)).toBe(200);
  });

  it('carry only so many requests that are not answered yet', async () => {
    const many = open(head('GET', '/readyz').repeat(1_000));
    const count = (text: string) => many.text().split(text).length - 1;
    await until('all are answered', () => count('HTTP/1.1 ') === 1_000);
    expect(count('"code":"server.too_many_connections"')).toBeGreaterThan(500);
    many.socket.write(head('GET', '/readyz'));
    await until('there is place again', () => many.text().endsWith('}}') && count('"ready"') > 1);
    for (let i = 0; i < 3; i++) {
      const { socket } = open(head('GET', '/readyz').repeat(1_000));
      socket.once('data', () => socket.destroy());
      await until('they have left', () => socket.destroyed);
    }
    await until('who left takes no place', async () => (await alive('127.0.0.1')) === 200);
  });

  it('that are idle make place for new ones of their own address', async () => {
    const idle = Array.from({ length: 25 }, () => open(head('GET', '/healthz')));
    await Promise.all(idle.map(answered));
    expect(await alive('127.0.0.1')).toBe(200);
    await until('one had to go', () => idle.some(({ isClosed }) => isClosed()));
  });

  it('that stream to somebody signed in do not count', async () => {
    const key = await app.newApiKey(['room.read']);
    const streams = [app.admin, key].flatMap((as) =>
      Array.from({ length: 20 }, () => open(head('GET', '/api/v1/events?topics=me', linesOf(as)))),
    );
    const begun = () => streams.filter(({ text }) => text().includes('event: hello')).length;
    await until('they stream', () => begun() >= 20 && streams.every((s) => statusOf(s) > 0));
    expect(await alive('127.0.0.1')).toBe(200);
  });

  it('may hold only so much of headers that are not complete', async () => {
    const large = Array.from({ length: 12 }, () =>
      open(`GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}`),
    );
    await until(
      'some are dropped',
      () => large.filter(({ isClosed }) => isClosed()).length >= 7,
      900,
    );
  });
});

describe('behind a proxy', () => {
  it('the requests of one client at once are limited, and those of others are not', async () => {
    const behind = await startTestApp({ overrides: { http: LIMITS, trustProxy: 1 } });
    await behind.app.listen(0, '127.0.0.1');
    const mine = port;
    ({ port } = behind.app.getHttpServer().address() as { port: number });
    try {
      const from = (ip: string) => [`X-Forwarded-For: ${ip}`];
      const slow = Array.from({ length: 30 }, () =>
        open(post('/api/v1/session', 1_000, from('192.0.2.1'))),
      );
      await until('some are refused', () => slow.filter((s) => statusOf(s) === 503).length === 5);
      expect(await answered(open(head('GET', '/healthz', from('192.0.2.1'))))).toBe(503);
      expect(await answered(open(head('GET', '/healthz', from('192.0.2.2'))))).toBe(200);
    } finally {
      port = mine;
      for (const socket of sockets.splice(0)) socket.destroy();
      await behind.stop();
    }
  });
});
