import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

/** The limit of a call to LiveKit, twice, on a busy machine: the answer does not wait for LiveKit. */
const ANSWERED_MS = 10_000;

describeLive('when LiveKit goes away', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s' });
    ({ livekit, app, scene, people } = world);
  });

  afterAll(() => world?.stop());

  it('a promotion is pending at once, and applied by itself when LiveKit is back', async () => {
    const room = await scene.room('pending');
    const token = await scene.issued(room, 'ana');
    await signalJoin(livekit.url, token);
    await scene.untilSeat(room, 'ana', 'is present', (seat) => seat.isPresent);
    await livekit.crash();
    const asked = performance.now();
    const promoted = await scene.act(room, 'ana', 'promote');
    expect(performance.now() - asked).toBeLessThan(ANSWERED_MS);
    expect(promoted).toMatchObject({ status: 200, body: { outcome: 'pending' } });
    const { operationId } = promoted.body;
    expect(await scene.seat(room, 'ana')).toMatchObject({ pendingOperation: operationId });

    await livekit.restart();
    await until('the room is there again', async () => {
      return signalJoin(livekit.url, token).catch(() => null);
    });
    const outcomes = await until('the promotion is applied', async () => {
      const entries = (await scene.ledger(room, 'seat.promoted')).filter(
        ({ payload }) => payload.operationId === operationId,
      );
      return entries.at(-1)?.outcome === 'applied' ? entries.map(({ outcome }) => outcome) : null;
    });
    expect(outcomes).toEqual(['intent', 'pending', 'applied']);
    expect((await scene.participant(room, 'ana'))?.permission?.can_publish).toBe(true);
    expect((await app.get(`/api/v1/operations/${operationId}`)).body).toMatchObject({
      status: 'done',
      applied: 1,
      pending: 0,
    });
    await scene.untilSeat(room, 'ana', 'is in sync', (seat) => seat.pendingOperation === null);
  });

  it('a call that hangs is answered in time', async () => {
    const room = await scene.room('hanging');
    const bob = await signalJoin(livekit.url, await scene.issued(room, 'bob'));
    await scene.untilSeat(room, 'bob', 'is present', (seat) => seat.isPresent);
    livekit.freeze();
    const asked = performance.now();
    const promoted = await scene.act(room, 'bob', 'promote');
    expect(performance.now() - asked).toBeLessThan(ANSWERED_MS);
    expect(promoted.body.outcome).toBe('pending');
    livekit.thaw();
    await until('bob may publish', () => bob.permission?.['canPublish'] === true);
  });

  it('a restart ends no session: the room is back before its people give up', async () => {
    const room = await scene.room('restarted');
    const eve = await people.join('eve', livekit.url, await scene.issued(room, 'eve'));
    await scene.untilSeat(room, 'eve', 'is present', (seat) => seat.isPresent);
    await scene.act(room, 'eve', 'promote', { reason: 'keeps it' });
    const before = (await scene.participant(room, 'eve'))?.sid;
    await livekit.crash();
    await livekit.restart();
    const back = await until(
      'eve is back by herself',
      async () => {
        const found = await scene.participant(room, 'eve');
        return found && found.sid !== before && found.permission?.can_publish ? found : null;
      },
      30_000,
    );
    expect(back.permission?.can_publish).toBe(true);
    expect((await eve.status()).isConnected).toBe(true);
    expect(await scene.seat(room, 'eve')).toMatchObject({ override: { reason: 'keeps it' } });
    expect(await scene.ledger(room, 'seat.session_ended')).toEqual([]);
  });

  it('somebody demoted meanwhile comes back demoted', async () => {
    const room = await scene.room('meanwhile');
    const max = await people.join('max', livekit.url, await scene.issued(room, 'max'));
    await scene.untilSeat(room, 'max', 'is present', (seat) => seat.isPresent);
    await scene.act(room, 'max', 'promote');
    await livekit.crash();
    expect((await scene.act(room, 'max', 'demote')).body.outcome).toBe('pending');
    await livekit.restart();
    await until('max is back', async () => (await scene.participants(room)).length > 0, 30_000);
    await until('max may not publish', async () => {
      return (await scene.participant(room, 'max'))?.permission?.can_publish !== true;
    });
    expect(await max.status()).toBeDefined();
  });

  it('a removal waits for LiveKit and is then carried out, unless they reconnected', async () => {
    const room = await scene.room('removal');
    const token = await scene.issued(room, 'kim');
    const kim = await signalJoin(livekit.url, token);
    await scene.untilSeat(room, 'kim', 'is present', (seat) => seat.isPresent);
    livekit.freeze();
    const removed = await scene.act(room, 'kim', 'remove');
    expect(removed.body.outcome).toBe('pending');
    livekit.thaw();
    await until('kim is out', () => kim.isClosed);
    await until('it is written down', async () => {
      const entries = await scene.ledger(room, 'seat.removed');
      return entries.at(-1)?.outcome === 'applied';
    });
  });
});

describeLive('without a LiveKit server', () => {
  let app: LiveApp;

  beforeAll(async () => {
    app = await startLiveApp();
    await app.sql(`INSERT INTO room (name, default_template) VALUES ('quiet', 'viewer')`);
    await app.sql(`INSERT INTO app_user (identity, name) VALUES ('ana', 'Ana')`);
  });

  afterAll(() => app?.stop());

  it('the desired state is kept as pending', async () => {
    const promoted = await app.post('/api/v1/rooms/quiet/seats/ana/promote');
    expect(promoted).toMatchObject({ status: 200, body: { outcome: 'pending' } });
    expect((await app.get('/api/v1/rooms/quiet/seats')).body).toMatchObject([
      { identity: 'ana', isPresent: false, override: { template: 'speaker' } },
    ]);
  });
});
