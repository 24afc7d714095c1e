import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RoomsPort } from '../../src/livekit/rooms-port.js';
import { LiveKitVersion } from '../../src/livekit/livekit-version.js';
import { findOnPath, liveKitVersion } from '../../../tools/lib/livekit.mjs';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { until } from '../support/until.js';

describeLive('the version of LiveKit', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];

  beforeAll(async () => {
    world = await startLiveWorld();
    ({ livekit, app } = world);
  });

  afterAll(() => world?.stop());

  const read = () => app.app.get(LiveKitVersion).read();

  it('is learnt from the server itself, and nobody and no room is there for it', async () => {
    const bin = findOnPath('livekit-server');
    const version = await read();
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    if (bin) expect(version).toBe(liveKitVersion(bin));

    expect(await app.app.get(RoomsPort).listRooms()).toEqual([]);
    await until('the worker has left', () => /worker deregistered/.test(livekit.log()));
    expect(livekit.log()).not.toMatch(/starting RTC session|"room_started"|"level":"error"/);
  });

  it('is asked for again when LiveKit was away', async () => {
    await livekit.crash();
    await until('LiveKit is seen to be down', async () => {
      const { body } = await app.get('/api/v1/status');
      return (body as { livekit: { state: string } }).livekit.state === 'down';
    });
    expect(await read()).toBeNull();
    await livekit.restart();
    await until('its version is known again', async () => (await read()) !== null);
    await until(
      'another worker has left',
      () => livekit.log().match(/worker deregistered/g)?.length === 2,
    );
  });
});
