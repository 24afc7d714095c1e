import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { VIEWER_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';

describe('who is shown as present', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '2s' });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    livekit.webhooks.mode = 'normal';
    room = await scene.room(`present-${count++}`, { departure_timeout: 300 });
  });

  it('is counted, also when an act is the first that hears of somebody', async () => {
    livekit.webhooks.mode = 'lost';
    livekit.join(await scene.issued(room, 'ana'));
    expect((await scene.act(room, 'ana', 'promote')).body.outcome).toBe('applied');
    expect(await scene.seat(room, 'ana')).toMatchObject({ isPresent: true });
    expect((await app.get(`/api/v1/rooms/${room}`)).body).toMatchObject({ numParticipants: 1 });
  });

  it.each([
    ['promote', { template: 'speaker' }],
    ['mute', {}],
  ])('is noted once as unlisted when the answer to %s is the first news', async (verb, body) => {
    livekit.webhooks.mode = 'lost';
    await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
    livekit.join({ room, identity: 'stranger', permission: VIEWER_RIGHTS });
    await scene.act(room, 'stranger', verb, body);
    expect(await scene.seat(room, 'stranger')).toMatchObject({ isUnlisted: true });
    await until('there is an entry', async () => {
      return (await scene.ledger(room, 'participant.unlisted')).length > 0;
    });
    await scene.act(room, 'stranger', verb, body);
    expect(await scene.ledger(room, 'participant.unlisted')).toHaveLength(1);
  });

  it('is nobody in a room that LiveKit has lost, whatever its own count says', async () => {
    await scene.issued(room, 'ana');
    await scene.end(room);
    await until('its end is known', async () => {
      return (await scene.ledger(room, 'room.finished')).length > 0;
    });
    await app.sql(`UPDATE seat SET is_present = true, sid = 'PA_1' WHERE room = $1`, [room]);
    await app.sql(
      `UPDATE room SET live_sid = 'RM_1', last_seen_live_at = now(), num_participants = 0
       WHERE name = $1`,
      [room],
    );
    expect(await scene.seat(room, 'ana')).toBeDefined();
    await until('she is no longer shown', async () => !(await scene.seat(room, 'ana')));
  });
});
