import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LiveKitHealth } from '../../src/livekit/livekit.health.js';
import { RoomsPort } from '../../src/livekit/rooms-port.js';
import type { PolicyRoom } from '../../src/policy/policy-facts.js';
import { PolicyReader } from '../../src/policy/policy-reader.js';
import { LiveRooms } from '../../src/rooms/live-rooms.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const NAME = 'a/b %:❤ مرحبا';
const url = (verb = '') => `/api/v1/rooms/${encodeURIComponent(NAME)}${verb}`;

describeLive('rooms on a real LiveKit server', () => {
  let livekit: LiveKitServer;
  let test: TestApp;
  let port: RoomsPort;

  beforeAll(async () => {
    livekit = await startLiveKitServer();
    test = await startTestApp({
      environment: {
        LIVEKIT_URL: livekit.url,
        LIVEKIT_API_KEY: livekit.apiKey,
        LIVEKIT_API_SECRET: livekit.apiSecret,
      },
    });
    port = test.app.get(RoomsPort);
    await until('LiveKit answers', async () => {
      return (await test.app.get(LiveKitHealth).probe()).state === 'up';
    });
  });
  afterAll(async () => {
    await test?.stop();
    await livekit?.stop();
  });

  const send = (method: string, path: string, body?: object) =>
    test.inject(method, path, { as: test.admin, body });
  const policyRoom = async () =>
    (await test.app.get(PolicyReader).read({ room: NAME, identity: 'x' })).room as PolicyRoom;
  const live = async () => (await port.listRooms([NAME]))[0];

  it('creates the room with its options when it is needed, and not before', async () => {
    await send('POST', '/api/v1/rooms', {
      name: NAME,
      emptyTimeout: 77,
      maxParticipants: 5,
      metadata: 'm',
    });
    expect(await live()).toBeUndefined();
    const rooms = test.app.get(LiveRooms);
    const wanted = await policyRoom();
    await Promise.all([rooms.ensure(wanted), rooms.ensure(wanted), rooms.ensureSoon(wanted)]);
    const running = await live();
    expect(running).toMatchObject({ emptyTimeout: 77, maxParticipants: 5, metadata: 'm' });
    expect((await policyRoom()).liveSid).toBe(running?.sid);
    const { body } = await send('GET', url());
    expect(new Date(body.liveSince).getTime()).toBe(running?.createdAt.getTime());
    await rooms.ensure(await policyRoom());
    expect((await live())?.sid).toBe(running?.sid);
  });

  it('gives a live room its new metadata, and says what waits', async () => {
    const { body } = await send('PUT', url(), { metadata: 'news', departureTimeout: 9 });
    expect(body.appliesAtNextStart).toEqual(['departureTimeout']);
    expect((await live())?.metadata).toBe('news');
    const entries = await test.ledger('room.updated');
    expect(entries.map((entry) => entry.outcome)).toEqual(['intent', 'applied']);
  });

  it('ends a room that is closed', async () => {
    const { body } = await send('POST', url('/close'), { reason: 'over' });
    expect(body).toMatchObject({ isClosed: true, outcome: 'applied' });
    expect(await live()).toBeUndefined();
  });

  it('ends a room that is deleted', async () => {
    await send('POST', url('/open'));
    await test.app.get(LiveRooms).ensure(await policyRoom());
    expect(await live()).toBeDefined();
    expect((await send('DELETE', url())).status).toBe(204);
    expect(await live()).toBeUndefined();
  });
});
