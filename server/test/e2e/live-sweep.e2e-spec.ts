import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ReconcilerService } from '../../src/reconciler/reconciler.service.js';
import { SweepLock } from '../../src/reconciler/sweep-lock.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { type LiveApp } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

describeLive('the sweep, with every webhook lost and two servers on one database', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let other: LiveApp;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s' }, { servers: 2, webhookUrl: null });
    ({ livekit, app, scene } = world);
    other = world.servers[1]!;
  });

  afterAll(() => world?.stop());

  it('shows who is there, also one who only listens in on the signalling', async () => {
    const room = await scene.room('presence');
    const ana = await signalJoin(livekit.url, await scene.issued(room, 'ana'));
    const seat = await scene.untilSeat(room, 'ana', 'is seen', ({ isPresent }) => isPresent);
    expect(seat).toMatchObject({
      state: 'joined',
      isSilent: true,
      isUnlisted: false,
      inSync: true,
    });
    await until('the room counts one', async () => {
      const [row] = await app.sql('SELECT num_participants FROM room WHERE name = $1', [room]);
      return row?.['num_participants'] === 1;
    });
    ana.close();
    await scene.act(room, 'ana', 'remove');
    await until('nobody is shown', async () => (await scene.seats(room)).length === 0);
  });

  it('takes away what an old token gave, writing the drift down once', async () => {
    const room = await scene.room('drift');
    const eve = await signalJoin(livekit.url, await scene.issued(room, 'eve', 'presenter'));
    await until('eve lost the right', () => eve.permission?.['canPublish'] !== true);
    const rows = await until('the repair is written down', async () => {
      const found = await scene.ledger(room);
      return found.some(({ outcome }) => outcome === 'applied') ? found : null;
    });
    const drift = rows.filter(({ kind }) => kind.startsWith('drift.'));
    expect(drift.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'drift.detected ok',
      'drift.repaired intent',
      'drift.repaired applied',
    ]);
    expect(new Set(drift.map(({ payload }) => payload.operationId)).size).toBe(1);
  });

  it('leaves somebody without a token of ours alone where the room allows it, and notes it once', async () => {
    const room = await scene.room('open', { default_template: null });
    await signalJoin(livekit.url, scene.token(room, 'stranger', 'speaker'));
    const seat = await scene.untilSeat(room, 'stranger', 'is seen', ({ isPresent }) => isPresent);
    expect(seat).toMatchObject({ isUnlisted: true, role: null, inSync: true });
    expect(seat.observed?.canPublish).toBe(true);
    const notes = await until('it is noted', async () => {
      const found = await scene.ledger(room, 'participant.unlisted');
      return found.length > 0 ? found : null;
    });
    expect(notes).toHaveLength(1);
  });

  it('removes somebody without a token of ours where the room says so', async () => {
    const room = await scene.room('guarded', { unlisted_participants: 'remove' });
    const stranger = await signalJoin(livekit.url, scene.token(room, 'stranger'));
    const invited = await signalJoin(livekit.url, await scene.issued(room, 'guest'));
    await until('the stranger is out', () => stranger.isClosed);
    expect(invited.isClosed).toBe(false);
  });

  it('gives an unlisted participant back what they had when their promotion ends', async () => {
    const room = await scene.room('borrowed', { default_template: null });
    const guest = await signalJoin(livekit.url, scene.token(room, 'guest'));
    await scene.untilSeat(room, 'guest', 'is seen', ({ isPresent }) => isPresent);
    expect((await scene.act(room, 'guest', 'promote')).body.outcome).toBe('applied');
    await until('the guest may publish', () => guest.permission?.['canPublish'] === true);
    expect((await scene.act(room, 'guest', 'demote')).body.outcome).toBe('applied');
    await until('the guest may not publish', () => guest.permission?.['canPublish'] !== true);
    expect(guest.permission?.['canSubscribe']).toBe(true);
  });

  it('throws out who is in the room against a closed room, a suspension or a deleted user', async () => {
    const room = await scene.room('gone');
    await scene.user('sue');
    const sue = await signalJoin(livekit.url, await scene.issued(room, 'sue'));
    const tom = await signalJoin(livekit.url, await scene.issued(room, 'tom'));
    await app.sql(`UPDATE app_user SET is_suspended = true WHERE identity = 'sue'`);
    await until('the suspended one is out', () => sue.isClosed);
    expect(tom.isClosed).toBe(false);
    await app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]);
    await until('everybody is out of the closed room', () => tom.isClosed);
  });

  it('ends a lease by itself, once, on whichever server', async () => {
    const room = await scene.room('lease');
    const ida = await signalJoin(livekit.url, await scene.issued(room, 'ida'));
    const given = await scene.act(room, 'ida', 'promote', { for: 1 });
    expect(given.body.outcome).toBe('applied');
    await until('ida may publish', () => ida.permission?.['canPublish'] === true);
    await until('the lease has ended', () => ida.permission?.['canPublish'] !== true);
    const ends = await until('its end is written down', async () => {
      const rows = await scene.ledger(room, 'seat.lease_ended');
      return rows.length >= 2 ? rows : null;
    });
    expect(ends.map(({ outcome }) => outcome)).toEqual(['intent', 'applied']);
    expect(await scene.seat(room, 'ida')).toMatchObject({ override: null, inSync: true });
  });

  it('ends a lease that fell due while nothing of Rolecall ran', async () => {
    const room = await scene.room('overdue');
    await scene.issued(room, 'uma');
    await app.sql(
      `UPDATE seat SET override_template = 'speaker', override_version = 1, override_at = now() - interval '1 hour',
         override_scope = 'until', override_until = now() - interval '1 minute', epoch = 1
       WHERE room = $1`,
      [room],
    );
    const ends = await until('it ended', async () => {
      const rows = await scene.ledger(room, 'seat.lease_ended');
      return rows.length > 0 ? rows : null;
    });
    expect(ends[0]).toMatchObject({ outcome: 'intent', actor_label: 'Rolecall' });
  });

  it('ends what was given for the session when LiveKit has not had the room for long enough', async () => {
    const room = await scene.room('session');
    await scene.issued(room, 'ann');
    await scene.act(room, 'ann', 'promote');
    await until('the room is known to run', async () => {
      const [row] = await app.sql('SELECT live_sid FROM room WHERE name = $1', [room]);
      return row?.['live_sid'] !== null;
    });
    await scene.end(room);
    await until('the override has ended', async () => (await scene.seats(room)).length === 0);
    const rows = await scene.ledger(room);
    expect(rows.map(({ kind }) => kind)).toContain('seat.session_ended');
    expect(rows.filter(({ kind }) => kind === 'room.finished')).toHaveLength(1);
  });

  it('is done by one server, and by the other when that one lets go', async () => {
    const sweptAt = ({ app: nest }: LiveApp) => nest.get(ReconcilerService).status.lastAt;
    const [leader, next] = sweptAt(app) === null ? [other, app] : [app, other];
    expect([sweptAt(leader) !== null, sweptAt(next) !== null]).toEqual([true, false]);
    leader.app.get(SweepLock).onApplicationShutdown();
    await until('the other one sweeps', () => sweptAt(next) !== null);
  });
});
