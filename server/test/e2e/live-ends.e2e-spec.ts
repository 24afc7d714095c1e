import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RoomServiceClient } from 'livekit-server-sdk';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

describeLive('the end of a lease on a real server', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '2s' });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  const sources = async (room: string, identity: string) =>
    (await scene.participant(room, identity))?.permission?.can_publish_sources ?? [];

  it('takes the role also when the old one has no place, and what is given past us too', async () => {
    const room = await scene.room('full-stage');
    const ana = await signalJoin(livekit.url, await scene.issued(room, 'ana'));
    const bo = await signalJoin(livekit.url, await scene.issued(room, 'bo'));
    for (const identity of ['ana', 'bo']) {
      await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
    }
    await app.send('PUT', `/api/v1/rooms/${room}/stage/limits/speaker`, { slots: 1 });
    await scene.carryOut(room, 'ana', 'promote', { template: 'speaker' });
    await scene.carryOut(room, 'ana', 'promote', { template: 'presenter', for: '6s' });
    await scene.carryOut(room, 'bo', 'promote', { template: 'speaker' });
    await until('ana may publish nothing', async () => (await sources(room, 'ana')).length === 0);
    expect(await scene.seat(room, 'ana')).toMatchObject({ override: null });
    const [entry] = await scene.ledger(room, 'seat.lease_ended');
    expect(entry?.payload.notGivenBack).toMatchObject([{ template: 'speaker' }]);
    expect(await sources(room, 'bo')).toHaveLength(2);

    const service = new RoomServiceClient(livekit.httpUrl, livekit.apiKey, livekit.apiSecret);
    const permission = { canSubscribe: true, canPublish: true, canPublishData: true };
    await service.updateParticipant(room, 'ana', { permission });
    await until('it is taken again', async () => {
      const one = await scene.participant(room, 'ana');
      return one !== undefined && one.permission?.can_publish !== true;
    });
    ana.close();
    bo.close();
  });
});
