import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type * as livekit from 'livekit-client';
import type { Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { AUDIENCE, ISSUER, KeyServer, UserIssuer } from '../../server/test/support/user-jwt.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';

const CLIENT = fileURLToPath(
  new URL('../../node_modules/livekit-client/dist/livekit-client.umd.js', import.meta.url),
);
interface Window {
  LivekitClient: typeof livekit;
  room: livekit.Room;
}
declare const window: Window;

/** The application's own page: LiveKit's client and nothing else. */
async function servePage(): Promise<Server> {
  const html =
    '<!doctype html><title>App</title><link rel="icon" href="data:,"><script src="/client.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === '/client.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? readFileSync(CLIENT) : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}
const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describeBrowser('TokenSource.endpoint of livekit-client, on a page of another origin', () => {
  let listed: Server;
  let other: Server;
  let keys: KeyServer;
  let issuer: UserIssuer;

  beforeAll(async () => {
    [listed, other] = await Promise.all([servePage(), servePage()]);
    issuer = await UserIssuer.create();
    keys = new KeyServer();
    keys.keys = [await issuer.jwk()];
    await keys.start();
  });
  const installation = useInstallation(() => ({
    ROLECALL_USER_JWT_ISSUER: ISSUER,
    ROLECALL_USER_JWT_AUDIENCE: AUDIENCE,
    ROLECALL_USER_JWT_JWKS_URL: keys.url,
    ROLECALL_CORS_ORIGINS: originOf(listed),
  }));
  afterAll(async () => {
    await keys?.stop();
    for (const server of [listed, other]) server?.close();
  });

  async function open(server: Server, allowed: RegExp = /^$/): Promise<Page> {
    const visitor = await installation.visitor();
    visitor.allow(allowed, 'the browser writes down what it refuses');
    visitor.allow(/^(warning|error): .*client\.js/, 'LiveKit’s client writes down what fails');
    const page = await visitor.newPage();
    await page.goto(originOf(server));
    return page;
  }

  /** Answers with the error, or with nothing once they are in the room. */
  const join = (page: Page, jwt: string, roomName: string) =>
    page.evaluate(
      async ([url, token, name]) => {
        const { Room, TokenSource } = window.LivekitClient;
        const source = TokenSource.endpoint(`${url}/livekit/token`, {
          headers: { Authorization: `Bearer ${token}` },
        });
        try {
          const { serverUrl, participantToken } = await source.fetch({
            roomName: name,
            participantName: 'Ana Ruiz',
          });
          window.room = new Room();
          await window.room.connect(serverUrl, participantToken);
          return '';
        } catch (error) {
          return String(error);
        }
      },
      [installation.url, jwt, roomName] as const,
    );

  it('joins a room as the person in their JWT, with the role that policy gives', async () => {
    const room = await installation.room('app', { defaultTemplate: 'speaker' });
    const page = await open(listed);
    expect(await join(page, await issuer.sign({ sub: 'ana-91' }), room)).toBe('');
    const me = await page.evaluate(() => ({
      identity: window.room.localParticipant.identity,
      name: window.room.localParticipant.name,
      mayPublish: window.room.localParticipant.permissions?.canPublish,
    }));
    expect(me).toEqual({ identity: 'ana-91', name: 'Ana Ruiz', mayPublish: true });
    await until('the console shows them', async () =>
      (await installation.admin.get(`/rooms/${room}/seats`)).some(
        (seat: Json) => seat.identity === 'ana-91' && seat.isPresent,
      ),
    );
  });

  it('reads why it is refused', async () => {
    const room = await installation.room('closed', { defaultTemplate: 'viewer' });
    await installation.act(room, 'ana-91', 'block', { reason: 'spam' });
    const page = await open(listed, /livekit\/token/);
    const error = await join(page, await issuer.sign({ sub: 'ana-91' }), room);
    expect(error).toContain('403');
    expect(error).toContain('You are blocked from this room.');
    expect(error).not.toContain('spam');
  });

  it('gets nothing on a page whose origin is not listed', async () => {
    const room = await installation.room('elsewhere', { defaultTemplate: 'viewer' });
    const page = await open(other, /livekit\/token|CORS/);
    const error = await join(page, await issuer.sign({ sub: 'ana-91' }), room);
    expect(error).toContain('Failed to fetch');
  });
});
