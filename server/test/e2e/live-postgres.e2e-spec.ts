import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { EventStreamClient } from '../support/event-stream.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.js';
import { until } from '../support/until.js';

describeLive('when Postgres goes away', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let gate: LiveWorld['gate'];
  let postgres: OwnPostgres;

  beforeAll(async () => {
    postgres = await startOwnPostgres();
    world = await startLiveWorld(
      { ROLECALL_SWEEP: '1s', ROLECALL_GATE: 'on' },
      { database: postgres.database },
    );
    ({ livekit, app, scene, gate } = world);
  });

  afterAll(async () => {
    await world?.stop();
    await postgres?.stop();
  });

  it('nobody is let in, nothing is promoted, running calls go on, and all heals by itself', async () => {
    const room = await scene.room('hall');
    const token = await scene.issued(room, 'ana', 'presenter');
    const ana = await signalJoin(gate, token);
    await scene.untilSeat(room, 'ana', 'is present', ({ isPresent }) => isPresent);
    const stream = await EventStreamClient.open(
      `${app.url}/api/v1/events?topics=${encodeURIComponent(`room:${room}`)}`,
      { cookie: app.cookie },
    );
    await stream.next('hello', ({ event }) => event === 'hello');

    await postgres.kill();
    const asked = performance.now();
    expect((await scene.act(room, 'ana', 'promote')).status).toBe(503);
    await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - asked).toBeLessThan(15_000);
    expect(ana.isClosed).toBe(false);
    // Past the gate, with an old token, while nobody can look: the sweep finds it afterwards.
    const eve = await signalJoin(livekit.url, scene.token(room, 'eve', 'presenter'));
    expect(eve.permission?.['canPublish']).toBe(true);

    await postgres.start();
    await until('eve lost the right', () => eve.permission?.['canPublish'] !== true, 20_000);
    const promoted = await until('promoting works again', async () => {
      const answer = await scene.act(room, 'ana', 'promote');
      return answer.status === 200 ? answer : null;
    });
    expect(promoted.body.outcome).toBe('applied');
    await stream.next('the stream tells of it', ({ event, data }) => {
      return event === 'seats' && data.seats.some((seat: { epoch: number }) => seat.epoch > 0);
    });
    stream.close();
  });
});
