import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { PgPool } from '../../src/database/pg-pool.js';
import { TokenSigner } from '../../src/livekit/signer.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { startLiveApp } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { until } from '../support/until.js';

const WEBHOOK_KEYS = { apiKey: 'APIhook', apiSecret: 'another secret, for webhooks alone, 32+' };

interface Event {
  event: string;
  id: string;
  createdAt: string;
  room: { sid: string; name: string };
  participant?: { sid: string; identity: string; joinedAtMs: string; permission?: object };
}

describeLive('webhooks', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let nextId = 0;

  beforeAll(async () => {
    world = await startLiveWorld(
      {
        ROLECALL_SWEEP: '10m',
        LIVEKIT_WEBHOOK_API_KEY: WEBHOOK_KEYS.apiKey,
        LIVEKIT_WEBHOOK_API_SECRET: WEBHOOK_KEYS.apiSecret,
      },
      { webhookUrl: null },
    );
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  const header = (body: string, keys = WEBHOOK_KEYS, claims: Record<string, unknown> = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const sha256 = createHash('sha256').update(body).digest('base64');
    return new TokenSigner(keys).sign({ nbf: now, exp: now + 300, sha256, ...claims });
  };

  const deliver = async (body: string, authorization: string) => {
    const response = await fetch(`${app.url}/livekit/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/webhook+json', authorization },
      body,
    });
    return { status: response.status, text: await response.text() };
  };

  const send = async (event: Event) => {
    const body = JSON.stringify(event);
    return (await deliver(body, header(body))).status;
  };

  const event = (name: string, room: string, sid?: string, joinedAt = 0): Event => ({
    event: name,
    id: `EV_${nextId++}`,
    createdAt: String(Math.floor(Date.now() / 1000)),
    room: { sid: 'RM_1', name: room },
    ...(sid && {
      participant: {
        sid,
        identity: 'ana',
        joinedAtMs: String(1_795_000_000_000 + joinedAt),
        permission: { canSubscribe: true, canPublishData: true },
      },
    }),
  });

  const untilProcessed = () =>
    until('the inbox is empty', async () => {
      const [row] = await app.sql<{ n: number }>(
        'SELECT count(*)::int AS n FROM webhook_inbox WHERE processed_at IS NULL',
      );
      return row?.n === 0;
    });

  const row = async (room: string) => {
    const [seat] = await app.sql<{ is_present: boolean; sid: string | null }>(
      'SELECT is_present, sid FROM seat WHERE room = $1',
      [room],
    );
    return seat;
  };

  it('end in the same row, in whatever order and however often they come', async () => {
    const events = (room: string) => [
      event('participant_joined', room, 'PA_1', 1),
      event('participant_left', room, 'PA_1', 1),
      event('participant_joined', room, 'PA_2', 2),
      event('participant_joined', room, 'PA_2', 2),
    ];
    let n = 0;
    for (const order of permutations([0, 1, 2, 3])) {
      const room = await scene.room(`order-${n++}`);
      const all = events(room);
      // Of one second and one server, so only the times of the connections tell them apart.
      for (const i of order) {
        expect(await send(all[i] as Event)).toBe(200);
        await untilProcessed();
      }
      expect(await row(room)).toEqual({ is_present: true, sid: 'PA_2' });
    }
  });

  it('of an end that comes before its own beginning leave nobody in the room', async () => {
    const room = await scene.room('backwards');
    await send(event('participant_left', room, 'PA_9', 5));
    await untilProcessed();
    await send(event('participant_joined', room, 'PA_9', 5));
    await untilProcessed();
    expect(await row(room)).toEqual({ is_present: false, sid: 'PA_9' });
  });

  it('leave at most one entry for each id, however often they are delivered', async () => {
    const room = await scene.room('twice');
    const joined = event('participant_joined', room, 'PA_1', 1);
    expect(await Promise.all([send(joined), send(joined), send(joined)])).toEqual([200, 200, 200]);
    await untilProcessed();
    expect(await send(joined)).toBe(200);
    await untilProcessed();
    expect(await scene.ledger(room, 'participant.joined')).toHaveLength(1);
  });

  it.each<[string, number, (body: string) => [string, string]]>([
    ['signed by nobody', 401, (body) => [body, '']],
    [
      "signed with LiveKit's main key instead of the webhooks'",
      401,
      (body) => [body, header(body, livekit)],
    ],
    ['of another body', 401, (body) => [`${body} `, header(body)]],
    ['with a Bearer prefix', 401, (body) => [body, `Bearer ${header(body)}`]],
    [
      'signed six minutes ago',
      401,
      (body) => [body, header(body, WEBHOOK_KEYS, { exp: Math.floor(Date.now() / 1000) - 61 })],
    ],
    ['larger than any webhook', 413, () => [' '.repeat((8 << 20) + 1), header('')]],
  ])('are refused when %s, and leave no entry', async (what, status, forge) => {
    const room = `forged ${what}`;
    const [body, authorization] = forge(JSON.stringify(event('room_started', room)));
    const answer = await deliver(body, authorization);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/eyJ/);
    expect(await scene.ledger(room)).toEqual([]);
  });

  it('with names that Postgres cannot keep neither fail nor hold up what follows', async () => {
    const room = await scene.room('odd');
    const odd = event('participant_joined', room, 'PA_1', 1);
    odd.participant = {
      ...(odd.participant as NonNullable<Event['participant']>),
      identity: 'a\0b',
    };
    expect(await send(odd)).toBe(200);
    expect(await send(event('participant_joined', room, 'PA_2', 2))).toBe(200);
    await untilProcessed();
    expect(await row(room)).toEqual({ is_present: true, sid: 'PA_2' });
  });

  it('with all the metadata that LiveKit allows leave their entries', async () => {
    const room = await scene.room('large');
    // A control character is one byte for LiveKit, and six in JSON.
    const metadata = '\u0001'.repeat(512 * 1024);
    const large = (name: string) => {
      const told = event(name, room, 'PA_1', 1);
      return {
        ...told,
        room: { ...told.room, metadata },
        participant: { ...told.participant!, metadata },
      };
    };
    for (const name of ['participant_joined', 'participant_left']) {
      expect(await send(large(name))).toBe(200);
      await untilProcessed();
    }
    const kinds = (await scene.ledger(room)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['participant.joined', 'participant.left']));
  });

  it('that a server took in and did not live to process are processed by the next', async () => {
    const room = await scene.room('left-behind');
    const left = event('participant_joined', room, 'PA_1', 1);
    await app.app.get(PgPool).pool.query(
      `INSERT INTO webhook_inbox (id, event, room, body, created_at, received_at)
       VALUES ($1, $2, $3, $4, now(), now() - interval '5 seconds')`,
      [
        left.id,
        left.event,
        room,
        JSON.stringify({
          room: left.room,
          track: null,
          participant: {
            sid: 'PA_1',
            identity: 'ana',
            name: '',
            kind: 'standard',
            state: 'active',
            joinedAt: new Date().toISOString(),
            permission: {},
          },
        }),
      ],
    );
    const next = await startLiveApp({ livekit, database: app.database });
    await until('it is processed', async () => (await row(room))?.is_present === true);
    await next.stop();
  });

  it('of a finished session end what was given for it, and spare a later one', async () => {
    const room = await scene.room('sessions');
    await scene.issued(room, 'ana');
    await send(event('room_started', room));
    await untilProcessed();
    await scene.act(room, 'ana', 'promote');
    await send(event('room_finished', room));
    await untilProcessed();
    expect(await scene.seats(room)).toEqual([]);
    expect(await scene.ledger(room, 'seat.session_ended')).toHaveLength(1);

    const again = { ...event('room_started', room), room: { sid: 'RM_2', name: room } };
    await send(again);
    await untilProcessed();
    await scene.act(room, 'ana', 'promote');
    await send(event('room_finished', room));
    await untilProcessed();
    expect(await scene.seat(room, 'ana')).toMatchObject({ override: { template: 'speaker' } });
  });
});

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}
