import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeLive } from '../support/livekit-server.js';
import {
  freshJoinRequests,
  signalJoin,
  type SignalParticipant,
} from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeBehind, type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.js';
import { until } from '../support/until.js';
import { SeatCalls } from '../../src/seats/convergence/seat-calls.js';
import { SeatPolicy } from '../../src/seats/public/policy.js';
import { SeatReader } from '../../src/seats/store/seat-reader.js';

jest.setTimeout(60_000);

const GUEST = 'guest';

/** A role for a moment, for everybody in the room. */
const lendRole = async ({ app }: LiveWorld, room: string, seconds: number) => {
  const made = await app.post('/api/v1/assignments', {
    subject: { everyone: true },
    scope: { room },
    template: 'speaker',
    validUntil: new Date(Date.now() + seconds * 1_000).toISOString(),
  });
  expect(made.status).toBe(201);
};

/** They come for the first time while no role applies, and are away with LiveKit's token for that. */
const hasBeenThere = async ({ scene }: LiveWorld, url: string, room: string) => {
  const guest = await signalJoin(url, scene.token(room, GUEST));
  await scene.untilSeat(room, GUEST, 'is seen', ({ isPresent }) => isPresent);
  const token = await until('a refreshed token', () => guest.token);
  guest.close();
  await scene.act(room, GUEST, 'remove');
  await until('they are away', async () => !(await scene.seat(room, GUEST))?.isPresent);
  return token;
};

/** They come with a refreshed token under a role; what it gives ends with the role, for good. */
const comesFirstUnderRole = async (world: LiveWorld, url: string, room: string) => {
  const { scene } = world;
  const token = await hasBeenThere(world, url, room);
  await lendRole(world, room, 4);
  const guest = await signalJoin(url, token);
  expect(guest.join.participant?.permission?.canPublish).toBe(true);
  const tokenOfTheRole = await until('a token with the role', () => guest.token);
  expect(videoOf(tokenOfTheRole)['canPublish']).toBe(true);
  await until('they may not publish', async () => {
    const one = await scene.participant(room, GUEST);
    return one && one.permission?.can_publish !== true;
  });
  guest.close();
  const again = await signalJoin(url, tokenOfTheRole);
  expect(again.join.participant?.permission?.canPublish).not.toBe(true);
  again.close();
};

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
      await lendRole(world, room, 3);
      await comesBackWithout(url(), room, guest, await tokenOfTheRole(guest));
    });

    it('does not come back in a room that was deleted and made again', async () => {
      const room = await scene.room(name('made again'), { default_template: null });
      const guest = await enter(url(), room);
      await scene.carryOut(room, GUEST, 'promote', { template: 'presenter' });
      const token = await tokenOfTheRole(guest);
      const path = `/api/v1/rooms/${encodeURIComponent(room)}`;
      expect((await app.send('DELETE', path)).status).toBe(204);
      expect((await app.post('/api/v1/rooms', { name: room })).status).toBe(201);
      await scene.start(room);
      await comesBackWithout(url(), room, guest, token);
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

  it('ends for who comes for the first time under it, with a token that LiveKit refreshed', async () => {
    const room = await scene.room('first under it', { default_template: null });
    await comesFirstUnderRole(world, world.gate, room);
  });

  it.each(Object.entries(freshJoinRequests()))(
    'ends for who comes for the first time under it, with %s',
    async (how, query) => {
      const room = await scene.room(`no resume: ${how}`, { default_template: 'speaker' });
      const guest = await signalJoin(world.gate, scene.token(room, GUEST), {}, query);
      await scene.untilSeat(room, GUEST, 'is seen', ({ isPresent }) => isPresent);
      const token = await tokenOfTheRole(guest);
      const path = `/api/v1/rooms/${encodeURIComponent(room)}`;
      expect((await app.send('PUT', path, { defaultTemplate: null })).status).toBe(200);
      await comesBackWithout(world.gate, room, guest, token);
    },
  );

  it('takes along at the gate what no permission of LiveKit has', async () => {
    const grants = {
      roomJoin: true,
      canSubscribe: true,
      hidden: true,
      recorder: true,
      roomAdmin: true,
      roomCreate: true,
      roomList: true,
      roomRecord: true,
      ingressAdmin: true,
      destinationRoom: 'another room',
    };
    const template = { key: 'warden', name: 'Warden', grants };
    expect((await app.post('/api/v1/role-templates', template)).status).toBe(201);
    const published = await app.post('/api/v1/role-templates/warden/publish', { message: 'x' });
    expect(published.status).toBe(201);
    const room = await scene.room('wardens', { default_template: 'warden' });
    const guest = await signalJoin(world.gate, scene.token(room, GUEST));
    const token = await until('a token with the role', () => guest.token);
    expect(videoOf(token)).toMatchObject({ ...grants, room });
    const path = `/api/v1/rooms/${encodeURIComponent(room)}`;
    expect((await app.send('PUT', path, { defaultTemplate: null })).status).toBe(200);
    guest.close();
    const again = await signalJoin(world.gate, token);
    const { room: _, ...left } = videoOf(await until('a refreshed token', () => again.token));
    const given = Object.entries(left).filter(([, value]) => value !== false);
    expect(Object.fromEntries(given)).toEqual({ roomJoin: true, canSubscribe: true });
    // Their own backend may give them the same.
    again.close();
    const own = scene.sign({ sub: GUEST, video: { ...grants, room } });
    const warden = await signalJoin(world.gate, own);
    const tokenOfTheirs = await until('a refreshed token', () => warden.token);
    expect(videoOf(tokenOfTheirs)).toMatchObject({ ...grants, room });
    warden.close();
  });

  it('is not given back by a change that was read before it ended', async () => {
    const room = await scene.room('stale', { default_template: null });
    const guest = await enter(world.livekit.url, room);
    await scene.carryOut(room, GUEST, 'promote', { template: 'presenter' });
    await until('they may publish', () => mayPublish(room));
    const [evaluation, snapshot] = await Promise.all([
      app.app.get(SeatPolicy, { strict: false }).evaluate(room, GUEST),
      app.app.get(SeatReader, { strict: false }).readSnapshot(room, GUEST),
    ]);
    await scene.carryOut(room, GUEST, 'demote');
    await until('they may not publish', async () => !(await mayPublish(room)));
    // A slow server brings LiveKit to what it read before.
    await app.app.get(SeatCalls, { strict: false }).push(evaluation, snapshot, null);
    await until('they may not publish again', async () => !(await mayPublish(room)));
    const [kept] = await app.sql<{ brought: { permission: { canPublish: boolean } } }>(
      'SELECT brought FROM seat WHERE room = $1 AND identity = $2',
      [room, GUEST],
    );
    expect(kept?.brought.permission.canPublish).toBe(false);
    guest.close();
  });

  it('gives back no more than their own backend says during a scene', async () => {
    const room = await scene.room('scene', { default_template: null });
    const guest = await enter(world.gate, room, 'presenter');
    const path = `/api/v1/rooms/${encodeURIComponent(room)}/scene`;
    expect((await app.post(path, { lock: {} })).status).toBe(202);
    await until('they may not publish', async () => !(await mayPublish(room)));
    guest.close();
    const again = await signalJoin(world.gate, scene.token(room, GUEST, 'viewer'));
    const keptFrom = async () =>
      (await scene.ledger(room, 'seat.set_aside')).map(({ payload }) => [
        payload.from,
        payload.permission.canPublish,
      ]);
    expect(await keptFrom()).toEqual([
      ['livekit', true],
      ['token', false],
    ]);
    expect((await app.send('DELETE', path)).status).toBe(202);
    await until('it is given back', async () => {
      const [seat] = await app.sql<{ isKept: boolean }>(
        `SELECT before_scene IS NOT NULL AS "isKept" FROM seat
         WHERE room = $1 AND identity = $2`,
        [room, GUEST],
      );
      return seat?.isKept === false;
    });
    expect(await mayPublish(room)).toBe(false);
    again.close();
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

describeBehind('nginx', () => {
  let world: LiveWorld;
  let proxy: ReverseProxy;

  beforeAll(async () => {
    const secret = 'a-secret-of-the-proxy';
    world = await startLiveWorld({
      ROLECALL_SWEEP: '1s',
      ROLECALL_GATE: 'off',
      ROLECALL_GATE_SECRET: secret,
      ROLECALL_TRUST_PROXY: '1',
    });
    const portOf = (url: string) => Number(new URL(url).port);
    const livekit = portOf(world.livekit.httpUrl);
    proxy = await startReverseProxy('nginx', { rolecall: portOf(world.app.url), livekit, secret });
  });
  afterAll(async () => {
    await proxy?.stop();
    await world?.stop();
  });

  it('a role ends for who comes for the first time under it, with a token that LiveKit refreshed', async () => {
    const room = await world.scene.room('first behind a proxy', { default_template: null });
    await comesFirstUnderRole(world, proxy.url.replace('http', 'ws'), room);
  });
});

/** Rolecall hears of nobody in between, and the room allows strangers. */
describeLive('a stranger whom Rolecall has not seen', () => {
  let world: LiveWorld;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '10m', ROLECALL_GATE: 'on' });
  });
  afterAll(() => world?.stop());

  it('has again what they came with, when a role ends that they were given', async () => {
    const { scene } = world;
    const room = await scene.room('unseen', { default_template: null });
    const guest = await signalJoin(world.livekit.url, scene.token(room, GUEST));
    await scene.carryOut(room, GUEST, 'promote', { template: 'presenter' });
    await until('they may publish', () => guest.permission?.['canPublish'] === true);
    await scene.carryOut(room, GUEST, 'demote');
    await until('they may not publish', () => guest.permission?.['canPublish'] !== true);
    guest.close();
  });
});

function videoOf(token: string): Record<string, unknown> {
  const body = Buffer.from(token.split('.')[1] as string, 'base64url').toString();
  return (JSON.parse(body) as { video: Record<string, unknown> }).video;
}
