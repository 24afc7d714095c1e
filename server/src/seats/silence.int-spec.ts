import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { type DoubleParticipant } from '../../test/support/livekit-double/participant.js';
import { until } from '../../test/support/until.js';

/** By how much the server's picture of Postgres' clock may be off, on a busy machine. */
const CLOCK_MS = 100;

describe('how long it takes until somebody is really silent', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '1s' });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    livekit.heal();
    livekit.webhooks.mode = 'normal';
    room = await scene.room(`silence-${count++}`, { default_template: 'speaker' });
  });

  const speaker = async (): Promise<DoubleParticipant> => {
    const ana = livekit.join(await scene.issued(room, 'ana', 'speaker'));
    ana.publish('CAMERA');
    ana.publish('MICROPHONE');
    await scene.untilSeat(room, 'ana', 'publishes', ({ tracks }) => tracks.length === 2);
    return ana;
  };
  const silenced = () => scene.ledger(room, 'seat.silenced');
  const latest = async () =>
    (await app.get(`/api/v1/rooms/${room}/seats/ana/operations?limit=1`)).body[0];

  it.each([
    ['demote', { template: 'viewer' }, ['camera', 'microphone']],
    ['hold', { sources: ['microphone'] }, ['microphone']],
    ['block', {}, ['camera', 'microphone']],
    ['remove', {}, ['camera', 'microphone']],
  ])(
    'is noted for %s: in the ledger, with the operation, of the room and as a metric',
    async (action, body, sources) => {
      await speaker();
      const actedAt = Date.now();
      const { body: change } = await scene.act(room, 'ana', action, body);
      const rows = await until('it is noted', async () => {
        const found = await silenced();
        return found.length > 0 ? found : null;
      });
      expect(rows).toHaveLength(1);
      const { payload } = rows[0]!;
      expect(payload).toMatchObject({ operationId: change.operationId, action });
      expect(payload.tracks.map(({ source }: { source: string }) => source).sort()).toEqual(
        sources,
      );
      expect(payload.ms).toBeGreaterThan(0);
      expect(payload.ms).toBeLessThanOrEqual(Date.now() - actedAt);
      expect(await latest()).toMatchObject({ id: change.operationId, action, outcome: 'applied' });
      expect((await latest()).goneMs).toBeCloseTo(payload.ms, 0);
      const { silence } = (await app.get(`/api/v1/rooms/${room}`)).body;
      expect(silence).toEqual({ count: 1, p50: payload.ms, p95: payload.ms });
      expect((await app.get('/metrics')).body).toMatch(
        new RegExp(`rolecall_seat_silenced_seconds_count{action="${action}"} 1`),
      );
    },
  );

  it('counts from the click, as near as it is known', async () => {
    await speaker();
    const clickedAt = Date.now() - 4_000;
    await app.post(
      `/api/v1/rooms/${room}/seats/ana/hold`,
      {},
      { 'x-action-at': String(clickedAt) },
    );
    const [row] = await until('it is noted', async () => {
      const found = await silenced();
      return found.length > 0 ? found : null;
    });
    expect(row?.payload.ms).toBeGreaterThanOrEqual(4_000);
    expect(row?.payload.ms).toBeLessThanOrEqual(Date.now() - clickedAt);
  });

  it('waits for the last of the tracks, not for the answer, while LiveKit is away', async () => {
    await speaker();
    const heal = livekit.inject({ on: 'UpdateParticipant', then: 'fail' });
    const { body } = await scene.act(room, 'ana', 'hold');
    expect(body.outcome).toBe('pending');
    expect(await silenced()).toEqual([]);
    heal();
    const [row] = await until('it is noted', async () => {
      const found = await silenced();
      return found.length > 0 ? found : null;
    });
    expect(row?.payload.operationId).toBe(body.operationId);
  });

  it('is known without any webhook', async () => {
    await speaker();
    livekit.webhooks.mode = 'lost';
    const actedAt = Date.now();
    await scene.act(room, 'ana', 'remove');
    const [row] = await until('it is noted', async () => {
      const found = await silenced();
      return found.length > 0 ? found : null;
    });
    expect(row?.payload.ms).toBeLessThanOrEqual(Date.now() - actedAt + CLOCK_MS);
  });

  it('is noted once, whatever comes twice or late', async () => {
    await speaker();
    livekit.webhooks.mode = 'duplicated';
    await scene.act(room, 'ana', 'demote', { template: 'viewer' });
    await livekit.webhooks.idle();
    await scene.untilSeat(room, 'ana', 'shows no track', ({ tracks }) => tracks.length === 0);
    await until('it is noted', async () => (await silenced()).length > 0);
    expect(await silenced()).toHaveLength(1);
  });

  it('is not waited for where nothing was published, or nothing is taken', async () => {
    livekit.join(await scene.issued(room, 'ana', 'speaker'));
    await scene.untilSeat(room, 'ana', 'is here', ({ isPresent }) => isPresent);
    await scene.act(room, 'ana', 'demote', { template: 'viewer' });
    await scene.act(room, 'ana', 'promote', { template: 'presenter' });
    const [row] = await app.sql<{ watched: number }>(
      'SELECT count(watched_tracks)::int AS watched FROM seat_operation WHERE room = $1',
      [room],
    );
    expect(row?.watched).toBe(0);
    expect((await latest()).goneMs).toBeNull();
  });

  it.each([
    ['block', {}],
    ['remove', {}],
    ['demote', { template: 'viewer' }],
  ])('is noted for %s also where the news of a track came after it', async (action, body) => {
    const ana = livekit.join(await scene.issued(room, 'ana', 'speaker'));
    await scene.untilSeat(room, 'ana', 'is here', ({ isPresent }) => isPresent);
    livekit.webhooks.mode = 'late';
    ana.publish('CAMERA');
    ana.publish('MICROPHONE');

    const { body: change } = await scene.act(room, 'ana', action, body);

    const [row] = await until('it is noted', async () => {
      const found = await silenced();
      return found.length > 0 ? found : null;
    });
    expect(row?.payload).toMatchObject({ operationId: change.operationId, action });
    expect(row?.payload.tracks.map(({ source }: { source: string }) => source).sort()).toEqual([
      'camera',
      'microphone',
    ]);
    expect(row?.payload.ms).toBeGreaterThan(0);
    await livekit.webhooks.idle();
    expect(await silenced()).toHaveLength(1);
  });

  it('is not noted for a track of a connection that the operation did not mean', async () => {
    livekit.join(await scene.issued(room, 'ana', 'speaker'));
    await scene.untilSeat(room, 'ana', 'is here', ({ isPresent }) => isPresent);
    await scene.act(room, 'ana', 'remove');
    const again = livekit.join(await scene.issued(room, 'ana', 'speaker'));
    await until('ana is back', async () => {
      const [row] = await app.sql<{ sid: string }>('SELECT sid FROM seat WHERE room = $1', [room]);
      return row?.sid === again.sid;
    });
    again.publish('CAMERA');
    again.unpublish('CAMERA');
    await livekit.webhooks.idle();
    await scene.act(room, 'ana', 'mute'); // answered after what came before it
    expect(await silenced()).toEqual([]);
  });
});
