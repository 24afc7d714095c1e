import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin, type SignalParticipant } from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const GUEST = 'guest';

/** Participants with a token of another backend, in rooms that allow them. */
describeLive('a role that ends, of somebody without a token of Rolecall', () => {
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];

  beforeAll(async () => {
    world = await startLiveWorld({
      ROLECALL_SWEEP: '1s',
      ROLECALL_GATE: 'on',
      ROLECALL_LURKERS: 'off',
    });
    ({ app, scene } = world);
  });
  afterAll(() => world?.stop());

  const WAYS = [
    ['through the gate', () => world.gate],
    ['past it', () => world.livekit.url],
  ] as const;

  const enter = async (url: string, room: string, template = 'viewer') => {
    const guest = await signalJoin(url, scene.token(room, GUEST, template));
    await scene.untilSeat(room, GUEST, 'is seen', ({ isPresent }) => isPresent);
    return guest;
  };
  const mayPublish = async (room: string) =>
    (await scene.participant(room, GUEST))?.permission?.can_publish === true;
  /** The token that LiveKit refreshed while they had the role. */
  const tokenOfTheRole = (guest: SignalParticipant) =>
    until('a token with the role', () => {
      const { token } = guest;
      return token && videoOf(token)['canPublish'] === true ? token : null;
    });
  /** They come back with that token, and LiveKit has them as policy wants. */
  const comesBackWithout = async (
    url: string,
    room: string,
    guest: SignalParticipant,
    token: string,
    isAwayFirst = false,
  ) => {
    await until('they may not publish', async () => !(await mayPublish(room)));
    if (isAwayFirst) {
      await scene.act(room, GUEST, 'remove');
      await until('they are away', async () => !(await scene.seat(room, GUEST))?.isPresent);
    }
    guest.close();
    const again = await signalJoin(url, token);
    const sid = again.join.participant?.sid;
    if (url === world.gate) {
      expect(again.join.participant?.permission?.canPublish).not.toBe(true);
    }
    await until('they are in, and may not publish', async () => {
      const one = await scene.participant(room, GUEST);
      return one?.sid === sid && one?.permission?.can_publish !== true;
    });
    // It stays like that: the next sweep gives nothing back.
    const next = await tokenAfter(again);
    expect(videoOf(next)['canPublish']).not.toBe(true);
    again.close();
  };
  const tokenAfter = (guest: SignalParticipant) =>
    until('a refreshed token without it', () => {
      const { token } = guest;
      return token && videoOf(token)['canPublish'] !== true ? token : null;
    });

  describe.each(WAYS)('%s', (way, url) => {
    const name = (what: string) => `${what} ${way}`;

    it('does not come back after a demotion, with a token from before', async () => {
      const room = await scene.room(name('demoted'), { default_template: null });
      const guest = await enter(url(), room);
      await scene.carryOut(room, GUEST, 'promote', { template: 'presenter' });
      const token = await tokenOfTheRole(guest);
      await scene.carryOut(room, GUEST, 'demote');
      await comesBackWithout(url(), room, guest, token);
    });

    it('does not come back after a demotion, with a token from before, once they were away', async () => {
      const room = await scene.room(name('away'), { default_template: null });
      const guest = await enter(url(), room);
      await scene.carryOut(room, GUEST, 'promote', { template: 'presenter' });
      const token = await tokenOfTheRole(guest);
      await scene.carryOut(room, GUEST, 'demote');
      await comesBackWithout(url(), room, guest, token, true);
    });

    it('does not come back after the end of a lease', async () => {
      const room = await scene.room(name('leased'), { default_template: null });
      const guest = await enter(url(), room);
      await scene.carryOut(room, GUEST, 'promote', { template: 'presenter', for: '3s' });
      await comesBackWithout(url(), room, guest, await tokenOfTheRole(guest));
    });

    it('ends with the assignment that gave it', async () => {
      const room = await scene.room(name('assigned'), { default_template: null });
      const guest = await enter(url(), room);
      const made = await app.post('/api/v1/assignments', {
        subject: { everyone: true },
        scope: { room },
        template: 'speaker',
        validUntil: new Date(Date.now() + 3_000).toISOString(),
      });
      expect(made.status).toBe(201);
      await comesBackWithout(url(), room, guest, await tokenOfTheRole(guest));
    });

    it('ends when the room has no default any more, also for who came with it', async () => {
      const room = await scene.room(name('default'), { default_template: 'speaker' });
      const guest = await enter(url(), room);
      const token = await tokenOfTheRole(guest);
      const path = `/api/v1/rooms/${encodeURIComponent(room)}`;
      expect((await app.send('PUT', path, { defaultTemplate: null })).status).toBe(200);
      await comesBackWithout(url(), room, guest, token);
    });
  });

  it('gives back what they had, and leaves to LiveKit what comes then', async () => {
    const room = await scene.room('narrowed', { default_template: null });
    const guest = await enter(world.gate, room, 'presenter');
    await scene.carryOut(room, GUEST, 'demote', { template: 'viewer' });
    await until('they may not publish', async () => !(await mayPublish(room)));
    await scene.carryOut(room, GUEST, 'demote');
    await until('they may publish again', () => mayPublish(room));
    // A token that says more counts as that backend's word.
    guest.close();
    const again = await enter(world.gate, room, 'speaker');
    await until('they may publish with it', () => mayPublish(room));
    again.close();
  });
});

function videoOf(token: string): Record<string, unknown> {
  const body = Buffer.from(token.split('.')[1] as string, 'base64url').toString();
  return (JSON.parse(body) as { video: Record<string, unknown> }).video;
}
