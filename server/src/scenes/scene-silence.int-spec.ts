import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveApp, startLiveApp } from '../../test/support/live-app.js';
import { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { type DoubleParticipant } from '../../test/support/livekit-double/participant.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { until } from '../../test/support/until.js';
import { Transactions } from '../ledger/transactions.js';
import type { ObservedTrack } from '../livekit/participant-view.js';
import { SilenceWatch } from '../seats/observation/silence-watch.js';

describe('how long it takes until a scene has really silenced somebody', () => {
  let port: number;
  let database: TestDatabase;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  const start = async () => {
    app = await startLiveApp({ livekit, database, port, env: { ROLECALL_SWEEP: '1s' } });
    scene = new LiveScene(app, livekit);
  };

  beforeAll(async () => {
    port = await freeTcpPort();
    database = await createTestDatabase();
    livekit = await LiveKitDouble.start({ webhookUrl: `http://127.0.0.1:${port}/livekit/webhook` });
    await start();
  });

  afterAll(async () => {
    await app?.stop();
    await livekit?.stop();
    await database?.drop();
  });

  beforeEach(async () => {
    room = await scene.room(`hall-${count++}`, { default_template: 'speaker' });
  });

  afterEach(() => {
    livekit.heal();
    livekit.webhooks.mode = 'normal';
  });

  const joins = async (identity: string, template = 'speaker'): Promise<DoubleParticipant> => {
    const person = livekit.join(await scene.issued(room, identity, template));
    await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
    return person;
  };
  const speaks = async (identity: string, template = 'speaker'): Promise<DoubleParticipant> => {
    const person = await joins(identity, template);
    person.publish('CAMERA');
    person.publish('MICROPHONE');
    await scene.untilSeat(room, identity, 'publishes', ({ tracks }) => tracks.length === 2);
    return person;
  };
  const lock = async (headers?: Record<string, string>): Promise<string> => {
    const answer = await app.post(`/api/v1/rooms/${room}/scene`, { lock: {} }, headers);
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return answer.body.operationId as string;
  };
  const silenced = () => scene.ledger(room, 'seat.silenced');
  const untilSilenced = (count: number) =>
    until(`${count} are noted`, async () => {
      const rows = await silenced();
      return rows.length >= count ? rows : null;
    });
  const figures = async () => (await app.get(`/api/v1/rooms/${room}`)).body.silence;
  const ended = (operation: string) =>
    until('the operation is done', async () => {
      return (await app.get(`/api/v1/operations/${operation}`)).body.status === 'done';
    });

  it('is noted for each publisher: in the ledger, of the room and as a metric', async () => {
    await speaks('ana');
    await speaks('ben');
    await joins('cy');
    await scene.act(room, 'cy', 'promote', { template: 'host' });
    livekit.find(room, 'cy')?.publish('CAMERA');
    await scene.untilSeat(room, 'cy', 'publishes', ({ tracks }) => tracks.length === 1);
    await joins('dee');

    const operationId = await lock();

    const rows = await untilSilenced(2);
    await ended(operationId);
    expect(rows.map(({ identity }) => identity).sort()).toEqual(['ana', 'ben']);
    for (const { payload } of rows) {
      expect(payload).toMatchObject({ operationId, action: 'scene' });
      expect(payload.tracks.map(({ source }: { source: string }) => source).sort()).toEqual([
        'camera',
        'microphone',
      ]);
      expect(payload.ms).toBeGreaterThan(0);
      expect(payload.ms).toBeLessThan(10_000);
    }
    expect(await figures()).toMatchObject({ count: 2 });
    expect((await app.get('/metrics')).body).toContain(
      'rolecall_seat_silenced_seconds_count{action="scene"} 2',
    );
    expect(await silenced()).toHaveLength(2);
    expect((await app.get(`/api/v1/rooms/${room}/seats/ana/operations?limit=5`)).body).toEqual([]);
  });

  it('counts from the click, as near as it is known', async () => {
    await speaks('ana');

    await lock({ 'x-action-at': String(Date.now() - 4_000) });

    const [row] = await untilSilenced(1);
    expect(row?.payload.ms).toBeGreaterThanOrEqual(4_000);
  });

  it('is known without any webhook', async () => {
    await speaks('ana');
    livekit.webhooks.mode = 'lost';

    await lock();

    expect(await untilSilenced(1)).toHaveLength(1);
  });

  it('does not count a track that had gone before', async () => {
    const ana = await speaks('ana');
    const ben = await speaks('ben');
    ana.unpublish('CAMERA');
    ana.unpublish('MICROPHONE');
    ben.unpublish('CAMERA');
    await scene.untilSeat(room, 'ana', 'is silent', ({ tracks }) => tracks.length === 0);
    await scene.untilSeat(room, 'ben', 'has one', ({ tracks }) => tracks.length === 1);

    await ended(await lock());

    const rows = await untilSilenced(1);
    expect(rows).toMatchObject([
      { identity: 'ben', payload: { tracks: [{ source: 'microphone' }] } },
    ]);
    expect(await figures()).toMatchObject({ count: 1 });
  });

  it('does not count what was reported before the click and is noted after it', async () => {
    const ana = await speaks('ana');
    livekit.webhooks.mode = 'lost';
    // Nobody who asks LiveKit learns of it either, nor is anybody told of the scene.
    livekit.inject({
      on: ['ListParticipants', 'GetParticipant', 'UpdateParticipant'],
      then: 'fail',
    });
    const { tracks } = (await scene.seat(room, 'ana'))!;
    const [reported] = await app.sql<{ at: Date }>('SELECT clock_timestamp() AS at');
    await lock();

    for (const track of tracks) {
      const event = {
        room,
        identity: 'ana',
        connection: ana.sid,
        track: track as ObservedTrack,
      };
      await app.app
        .get(Transactions)
        .run((tx) =>
          app.app.get(SilenceWatch).unpublished(tx, { ...event, knownAt: reported!.at }),
        );
    }

    const [row] = await app.sql<{ watched: string[] | null; gone_ms: number | null }>(
      `SELECT watched_tracks AS watched, gone_ms FROM seat_operation WHERE action = 'scene' AND room = $1`,
      [room],
    );
    expect(row).toEqual({ watched: null, gone_ms: null });
    expect(await silenced()).toEqual([]);
  });

  it('does not wait for somebody who was exempted before LiveKit could be told', async () => {
    await speaks('ana');
    await speaks('ben');
    const heal = livekit.inject({ on: 'UpdateParticipant', then: 'fail' });
    const operationId = await lock();
    await scene.act(room, 'ana', 'promote', { template: 'speaker' });
    heal();
    await ended(operationId);

    expect(await untilSilenced(1)).toMatchObject([{ identity: 'ben' }]);
    livekit.find(room, 'ana')?.unpublish('CAMERA');
    livekit.find(room, 'ana')?.unpublish('MICROPHONE');
    await scene.untilSeat(room, 'ana', 'is silent', ({ tracks }) => tracks.length === 0);
    expect(await silenced()).toHaveLength(1);
  });

  it('stops waiting once the scene has ended', async () => {
    const ana = await speaks('ana');
    livekit.inject({ on: 'UpdateParticipant', then: 'fail' });
    await lock();
    expect((await app.send('DELETE', `/api/v1/rooms/${room}/scene`)).status).toBe(202);
    livekit.heal();

    ana.unpublish('CAMERA');
    ana.unpublish('MICROPHONE');
    await scene.untilSeat(room, 'ana', 'is silent', ({ tracks }) => tracks.length === 0);
    expect(await silenced()).toEqual([]);
  });

  it('is counted from the click also when the server was restarted between', async () => {
    await speaks('ana');
    livekit.inject({ on: 'UpdateParticipant', then: 'fail' });
    const since = Date.now();
    const operationId = await lock();
    await app.stop();
    livekit.heal();
    await start();
    const down = Date.now() - since;

    const [row] = await until(
      'it is noted',
      async () => {
        const rows = await silenced();
        return rows.length > 0 ? rows : null;
      },
      30_000,
    );
    expect(row).toMatchObject({ identity: 'ana', payload: { operationId, action: 'scene' } });
    expect(row?.payload.ms).toBeGreaterThan(down - 1_000);
    expect(await figures()).toMatchObject({ count: 1, p50: row?.payload.ms });
  });
});
