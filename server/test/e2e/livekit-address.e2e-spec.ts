import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { LiveKitHealth } from '../../src/livekit/livekit.health.js';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { LiveScene } from '../support/live-scene.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';

const PREFIX = '/media';

interface PathProxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** LiveKit below a path, as an ingress has it; everything else leads to the website. */
async function startPathProxy(livekitPort: number): Promise<PathProxy> {
  const inner = (url: string) => (url.startsWith(`${PREFIX}/`) ? url.slice(PREFIX.length) : null);
  const server = http.createServer((request, response) => {
    const path = inner(request.url ?? '');
    if (path === null || path === '/') {
      response.writeHead(302, { location: 'https://www.example.org/' }).end();
      return;
    }
    const { method, headers } = request;
    const upstream = http.request({ port: livekitPort, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  server.on('upgrade', (request, socket, head) => {
    const path = inner(request.url ?? '');
    if (path === null) return void socket.destroy();
    const upstream = connect(livekitPort, '127.0.0.1', () => {
      const { rawHeaders } = request;
      const lines = [`GET ${path} HTTP/1.1`];
      for (let i = 0; i < rawHeaders.length; i += 2) {
        lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
      }
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const side of [socket, upstream]) side.on('error', () => side.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describeLive('the address of LiveKit', () => {
  let livekit: LiveKitServer;
  const opened: LiveKitHealth[] = [];
  const healthWith = (settings: Partial<{ url: string; apiKey: string; apiSecret: string }>) => {
    const health = new LiveKitHealth({ ...livekit, ...settings });
    opened.push(health);
    return health.probe();
  };

  beforeAll(async () => {
    livekit = await startLiveKitServer();
  });
  afterEach(() => {
    for (const health of opened.splice(0)) health.onModuleDestroy();
  });
  afterAll(() => livekit?.stop());

  it('tells a wrong key, a wrong secret, a wrong path and a dead address apart', async () => {
    expect(await healthWith({})).toMatchObject({ state: 'up' });
    const wrong = {
      unknown_key: { apiKey: 'APIother' },
      wrong_secret: { apiSecret: 'x'.repeat(40) },
      not_found: { url: `${livekit.url}/media` },
      unreachable: { url: `ws://127.0.0.1:${await freeTcpPort()}` },
    };
    for (const [problem, settings] of Object.entries(wrong)) {
      expect([problem, await healthWith(settings)]).toMatchObject([
        problem,
        { state: 'down', problem },
      ]);
    }
  });

  it('may have a path, below which moderation works as well as joining', async () => {
    const proxy = await startPathProxy(Number(new URL(livekit.httpUrl).port));
    let app: LiveApp | null = null;
    try {
      app = await startLiveApp({
        livekit,
        env: { LIVEKIT_URL: proxy.url, ROLECALL_GATE: 'on' },
      });
      expect((await app.get('/api/v1/status')).body.livekit).toMatchObject({
        state: 'up',
        url: proxy.url,
      });
      const scene = new LiveScene(app, livekit);
      const room = await scene.room('below-a-path');
      const ana = await signalJoin(app.url.replace('http', 'ws'), await scene.issued(room, 'ana'));
      await scene.untilSeat(room, 'ana', 'is present', ({ isPresent }) => isPresent);
      const promoted = await scene.act(room, 'ana', 'promote');
      expect(promoted.body).toMatchObject({ outcome: 'applied' });
      expect(ana.isClosed).toBe(false);
      ana.close();
    } finally {
      await app?.stop();
      await proxy.stop();
    }
  });
});
