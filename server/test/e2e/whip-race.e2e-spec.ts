import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { startLiveApp } from '../support/live-app.js';
import { LiveScene } from '../support/live-scene.js';
import { describeLive, startLiveKitServer } from '../support/livekit-server.js';
import { until } from '../support/until.js';
import { whipPost } from '../support/whip.js';

/** In front of LiveKit: keeps the first WHIP request back until it is let go, and loses a DELETE. */
async function startRelay(livekit: string) {
  let letGo: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  /** `ends`: how often LiveKit was asked to end a session, the lost one among them. */
  const relay = { isHolding: false, ends: 0 };
  let isFirst = true;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      if (request.url === '/whip/v1' && isFirst) {
        isFirst = false;
        relay.isHolding = true;
        await gone;
      }
      if (request.method === 'DELETE') {
        relay.ends += 1;
        if (relay.ends === 1) return void response.destroy();
      }
      const { authorization = '', 'content-type': type = '' } = request.headers;
      const answer = await fetch(livekit + (request.url ?? ''), {
        method: request.method ?? 'GET',
        headers: { authorization, ...(type === '' ? {} : { 'content-type': type }) },
        ...(body.byteLength > 0 ? { body: new Uint8Array(body) } : {}),
      });
      const location = answer.headers.get('location');
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
        ...(location === null ? {} : { location }),
      });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(relay, { url: `http://127.0.0.1:${port}`, letGo, stop });
}

describeLive('a WHIP session that LiveKit lets in after a wider one', () => {
  it('is ended: it would have the rights of that one', async () => {
    const livekit = await startLiveKitServer();
    const relay = await startRelay(livekit.httpUrl);
    const app = await startLiveApp({
      livekit,
      env: {
        ROLECALL_SWEEP: '10m',
        ROLECALL_GATE: 'on',
        ROLECALL_WHIP: 'on',
        LIVEKIT_URL: relay.url,
      },
    });
    try {
      const scene = new LiveScene(app, livekit);
      const room = await scene.room('race', { default_template: 'speaker' });
      const issue = async (more: object) => {
        const body = { room, identity: 'cam', createUser: true, ...more };
        return (await app.post('/api/v1/tokens', body)).body.token as string;
      };
      const narrow = whipPost(
        app.url,
        await issue({ grants: { canPublishSources: ['microphone'] } }),
      );
      await until('the narrow one is on its way', () => relay.isHolding);
      const wide = await whipPost(app.url, await issue({}));
      expect(wide.status).toBe(201);
      relay.letGo();
      expect((await narrow).status).toBe(503);
      // Without media LiveKit itself would end it, later.
      await until('LiveKit is asked once more', () => relay.ends > 1);
      await until('LiveKit has neither', async () => {
        return (await scene.participants(room)).length === 0;
      });
      const [seat] = await app.sql('SELECT admitted, awaited FROM seat WHERE room = $1', [room]);
      expect(seat).toEqual({ admitted: null, awaited: null });
    } finally {
      relay.letGo();
      await app.stop();
      await relay.stop();
      await livekit.stop();
    }
  });
});
