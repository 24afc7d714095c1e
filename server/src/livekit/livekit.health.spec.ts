import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { LiveKitHealth } from './livekit.health.js';

const KEYS = { apiKey: 'APIkey', apiSecret: 's'.repeat(40) };
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.expired-signature.x';

const reply =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };
const PROTOBUF = { 'content-type': 'application/protobuf' };

describe('the health of LiveKit', () => {
  const servers: Server[] = [];
  const health: LiveKitHealth[] = [];
  afterEach(() => {
    for (const one of health.splice(0)) one.onModuleDestroy();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function listen(listener: RequestListener): Promise<number> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  function healthAt(url: string): LiveKitHealth {
    const one = new LiveKitHealth({ url, ...KEYS });
    health.push(one);
    return one;
  }

  const behind = async (listener: RequestListener, path = '') =>
    healthAt(`ws://127.0.0.1:${await listen(listener)}${path}`).probe();

  it.each([
    ['unknown_key', reply(401, 'invalid API key: APIkey')],
    ['wrong_secret', reply(401, `invalid token: ${TOKEN}, error: token signature is invalid`)],
    [
      'wrong_secret',
      reply(401, `invalid token: ${TOKEN}, error: go-jose: error in cryptographic primitive`),
    ],
    ['clock', reply(401, `invalid token: ${TOKEN}, error: token is not valid yet`)],
    ['refused', reply(401, 'Authorization Required', { 'www-authenticate': 'Basic realm="x"' })],
    ['redirect', reply(301, '', { location: 'https://user:pw@rtc.example.org/twirp?access=1' })],
    ['not_found', reply(404, '404 page not found')],
    ['not_found', reply(405, '')],
    ['not_livekit', reply(200, '<html>Welcome</html>', { 'content-type': 'text/html' })],
    ['not_livekit', reply(200, '\u0007nonsense', PROTOBUF)],
    ['failing', reply(502, '<html>Bad Gateway</html>')],
  ] as const)('says %s for what is answered', async (problem, listener) => {
    const status = await behind(listener);
    expect(status).toMatchObject({ state: 'down', problem });
    // What an admin reads has no token and no credentials in it.
    expect(status.detail).not.toMatch(/eyJ|pw@|access=1/);
  });

  it('says unreachable for an address where nobody listens, and for a name that nobody has', async () => {
    const port = await listen(reply(200));
    servers[0]?.close();
    expect(await healthAt(`ws://127.0.0.1:${port}`).probe()).toMatchObject({
      problem: 'unreachable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await healthAt('wss://no-such-host.invalid').probe()).toMatchObject({
      problem: 'unreachable',
      detail: expect.stringMatching(/no such host|name service/),
    });
  });

  it('asks what the work asks, at the address with its path, whatever the root answers', async () => {
    const asked: unknown[] = [];
    const status = await behind((request, response) => {
      asked.push([request.method, request.url]);
      const isApi = request.url === '/media/twirp/livekit.RoomService/ListRooms';
      (isApi ? reply(200, '', PROTOBUF) : reply(302, '', { location: '/login' }))(
        request,
        response,
      );
    }, '/media/');
    expect(status).toMatchObject({ state: 'up' });
    expect(asked).toEqual([['POST', '/media/twirp/livekit.RoomService/ListRooms']]);
  });

  it('asks by the other clock once an answer has told it', async () => {
    const ahead = 3_600_000;
    const times: number[] = [];
    const status = await behind((request, response) => {
      const [, payload = ''] = request.headers.authorization?.split('.') ?? [];
      const { nbf } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { nbf: number };
      times.push(nbf);
      const theirs = Date.now() + ahead;
      const isGood = Math.abs(theirs - nbf * 1_000) < 60_000;
      const date = { date: new Date(theirs).toUTCString() };
      (isGood
        ? reply(200, '', { ...PROTOBUF, ...date })
        : reply(401, `invalid token: ${TOKEN}, error: token is expired`, date))(request, response);
    });
    expect(status).toMatchObject({ state: 'up' });
    expect(times).toHaveLength(2);
  });

  it('comes back by itself, and tells that it did', async () => {
    let listener = reply(401, 'invalid API key: APIkey');
    const port = await listen((request, response) => listener(request, response));
    const one = healthAt(`ws://127.0.0.1:${port}`);
    let returns = 0;
    one.onReturn(() => (returns += 1));
    await one.onModuleInit();
    expect(one.status).toMatchObject({ problem: 'unknown_key' });
    listener = reply(200, '', PROTOBUF);
    await until('it is up', () => one.status.state === 'up');
    expect(one.status).not.toHaveProperty('problem');
    expect(returns).toBe(1);
  });
});
