import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { EventStreamClient } from '../support/event-stream.js';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { startTcpRelay } from '../support/relays.js';
import { until } from '../support/until.js';

describeLive('the event stream', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let other: LiveApp;
  const open: EventStreamClient[] = [];

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '2s' }, { servers: 2 });
    ({ livekit, app, scene } = world);
    other = world.servers[1]!;
  });

  afterEach(() => {
    open.splice(0).forEach((client) => client.close());
  });

  afterAll(() => world?.stop());

  const listen = async (
    topics: string,
    { at = app, headers = {} }: { at?: LiveApp; headers?: Record<string, string> } = {},
  ) => {
    const client = await EventStreamClient.open(
      `${at.url}/api/v1/events?${new URLSearchParams({ topics })}`,
      { cookie: at.cookie, ...headers },
    );
    open.push(client);
    return client;
  };

  it('tells a change on one server to who listens at another, with the fresh seat', async () => {
    const room = await scene.room('told');
    await signalJoin(livekit.url, await scene.issued(room, 'ana'));
    await scene.user('ben');
    const clients = [await listen(`room:${room},me`), await listen(`room:${room}`, { at: other })];
    for (const client of clients) await client.next('hello', ({ event }) => event === 'hello');
    await scene.act(room, 'ana', 'promote');
    for (const client of clients) {
      const frame = await client.next('the promoted seat', ({ event, data }) => {
        return event === 'seats' && data.seats[0]?.role?.template === 'speaker';
      });
      expect(frame.data).toMatchObject({ room, seats: [{ identity: 'ana' }], removed: [] });
      expect(Number(frame.id)).toBeGreaterThan(0);
    }
    await scene.act(room, 'ben', 'promote');
    await scene.act(room, 'ben', 'demote');
    await clients[1]?.next('a seat that is not shown any more', ({ event, data }) => {
      return event === 'seats' && data.removed.includes('ben');
    });
  });

  it('sends many changes within a twentieth of a second as one frame', async () => {
    const room = await scene.room('burst');
    const people = Array.from({ length: 30 }, (_, i) => `p${i}`);
    for (const identity of people) await scene.user(identity);
    const client = await listen(`room:${room}`);
    await client.next('hello', ({ event }) => event === 'hello');
    const started = performance.now();
    await Promise.all(people.map((identity) => scene.act(room, identity, 'block')));
    const seen = new Set<string>();
    await until('all are told', () => {
      for (const { event, data } of client.frames) {
        if (event === 'seats') for (const seat of data.seats) seen.add(seat.identity as string);
      }
      return seen.size === people.length;
    });
    const frames = client.frames.filter(({ event }) => event === 'seats');
    // Between before the first change and the arrival of the last frame lie all pauses between them.
    const took = (frames.at(-1)?.at ?? 0) - started;
    expect(frames.length).toBeLessThanOrEqual(2 + took / 45);
  });

  it('resumes where a client left off, and says so when it cannot', async () => {
    const room = await scene.room('resumed');
    await scene.user('cem');
    const first = await listen(`room:${room}`);
    const hello = await first.next('hello', ({ event }) => event === 'hello');
    first.close();
    await scene.act(room, 'cem', 'promote');
    const again = await listen(`room:${room}`, { headers: { 'last-event-id': hello.id ?? '' } });
    const missed = await again.next('what was missed', ({ event }) => event === 'seats');
    expect(missed.data.seats[0]).toMatchObject({ identity: 'cem' });
    await again.next('a later id', ({ id }) => Number(id) > Number(hello.id));

    for (const id of ['999999999', 'from another world']) {
      const lost = await listen(`room:${room}`, { headers: { 'last-event-id': id } });
      await lost.next('reset', ({ event }) => event === 'reset');
    }
  });

  it('tells lists of rooms that somebody came', async () => {
    const client = await listen('rooms');
    await client.next('hello', ({ event }) => event === 'hello');
    const room = await scene.room('listed');
    await signalJoin(livekit.url, await scene.issued(room, 'dee'));
    await client.next('the room', ({ event, data }) => {
      return event === 'rooms' && data.rooms.includes(room);
    });
  });

  it('takes a room whose name holds commas and percent signs', async () => {
    const room = await scene.room('50%, or more%2C');
    const encoded = room.replaceAll('%', '%25').replaceAll(',', '%2C');
    const client = await listen(`me,room:${encoded}`);
    const hello = await client.next('hello', ({ event }) => event === 'hello');
    expect(hello.data.topics).toEqual(['me', `room:${room}`]);
  });

  it('ends with the session, saying why, long before sessions are looked at again', async () => {
    const headers = { 'content-type': 'application/json', origin: app.url };
    const answer = await fetch(`${app.url}/api/v1/session`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ email: 'admin@localhost', password: 'correct horse battery' }),
    });
    const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const client = await listen('me', { headers: { cookie } });
    await client.next('hello', ({ event }) => event === 'hello');
    await fetch(`${app.url}/api/v1/session`, {
      method: 'DELETE',
      headers: { origin: app.url, cookie },
    });
    await until('the stream has ended', () => client.isClosed, 10_000);
    expect(client.frames.at(-1)).toMatchObject({ event: 'me', data: { reason: 'session_ended' } });
  });

  it('ends when the right to see is gone and no server could say so', async () => {
    const room = await scene.room('unsaid');
    const watcher = await app.operator('moderator');
    const client = await listen(`room:${room}`, { headers: { cookie: watcher.cookie } });
    await client.next('hello', ({ event }) => event === 'hello');
    // As a server leaves it that died between its commit and its hint.
    await app.sql(
      `DELETE FROM operator_access WHERE operator_id IN
         (SELECT id FROM operator WHERE email = 'moderator@example.com')`,
    );
    await until('the stream has ended', () => client.isClosed, 40_000);
  });

  it('hears of changes again when its connection for events was forgotten on the way', async () => {
    const postgres = new URL(app.database.appUrl);
    const relay = await startTcpRelay(Number(postgres.port));
    const beyond = Object.assign(new URL(postgres), { port: String(relay.port) });
    const far = await startLiveApp({
      livekit,
      database: app.database,
      env: { DATABASE_SESSION_URL: beyond.href },
    });
    try {
      const room = await scene.room('forgotten');
      await signalJoin(livekit.url, await scene.issued(room, 'ana'));
      const client = await listen(`room:${room}`, { at: far });
      await client.next('hello', ({ event }) => event === 'hello');
      relay.forget();
      await scene.act(room, 'ana', 'promote');
      await client.next(
        'the promoted seat',
        ({ event, data }) => event === 'seats' && data.seats[0]?.role?.template === 'speaker',
        40_000,
      );
    } finally {
      await far.stop();
      await relay.stop();
    }
  });

  it('is for who may see each topic', async () => {
    const room = await scene.room('private');
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'k',
      permissions: ['seat.read', 'room.read'],
      rooms: ['public-*'],
    });
    const as = (authorization: string) => ({ headers: { cookie: '', authorization } });
    expect((await listen('me', as(''))).status).toBe(401);
    expect((await listen(`room:${room}`, as(`Bearer ${body.key}`))).status).toBe(404);
    expect((await listen('rooms', as(`Bearer ${body.key}`))).status).toBe(200);
    expect((await listen('room:no such room')).status).toBe(404);
    expect((await listen('everything')).status).toBe(400);
  });

  it('is not opened without end by one operator', async () => {
    const clients = await Promise.all(
      Array.from({ length: 25 }, () => listen('me', { at: other })),
    );
    expect(clients.filter(({ status }) => status === 429)).toHaveLength(5);
  });
});
