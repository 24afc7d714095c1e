import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { until } from '../../test/support/until.js';

let world: DoubleWorld;

beforeAll(async () => {
  world = await startDoubleWorld({ ROLECALL_SWEEP: '1s' });
});
afterAll(() => world?.stop());

it.each([
  ['still runs', async () => undefined],
  ['was lost in a restart', () => world.livekit.restart()],
])('the sweep completes the close of a room that %s when LiveKit is back', async (how, recover) => {
  const { app, livekit, scene } = world;
  const room = await scene.room(how.replaceAll(' ', '-'));
  const heal = livekit.inject({ on: 'DeleteRoom', room, then: 'fail', status: 503 });
  const closed = await app.post(`/api/v1/rooms/${room}/close`, {});
  expect(closed.body).toMatchObject({ isClosed: true, outcome: 'pending' });
  heal();
  await recover();
  const outcomes = await until('the outcome is recorded', async () => {
    const entries = await scene.ledger(room, 'room.closed');
    return entries.length > 2 && entries.map(({ outcome }) => outcome);
  });
  expect(outcomes).toEqual(['intent', 'pending', 'applied']);
  expect(livekit.hasRoom(room)).toBe(false);
});
