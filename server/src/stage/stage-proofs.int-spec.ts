import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS } from '../actor/permissions.js';
import { asParticipant, participantToken, sitDown, stagePath } from '../../test/support/stage.js';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

async function roomWith(...identities: string[]): Promise<string> {
  const room = await app.newRoom({ default_template: 'viewer' });
  await sitDown(app, room, ...identities);
  return room;
}

const handsIn = (room: string) =>
  app.sql(`SELECT * FROM stage_request WHERE room = $1 AND state = 'waiting'`, [room]);

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with any header, signed with the key of the server all the same. */
function forged(header: object, claims: object, secret = app.config.livekit.apiSecret): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function claimsOf(room: string, identity: string): Record<string, unknown> {
  const [, payload = ''] = participantToken(app, room, identity).split('.');
  return {
    iss: app.config.livekit.apiKey,
    ...JSON.parse(Buffer.from(payload, 'base64url').toString()),
  };
}

describe('a participant is who their token for this room says, and nothing else says it', () => {
  it.each<[string, (claims: Record<string, unknown>) => string]>([
    [
      'of another key',
      (claims) => forged({ alg: 'HS256' }, claims, 'another secret, as long as it is'),
    ],
    ['with another issuer', (claims) => forged({ alg: 'HS256' }, { ...claims, iss: 'APIother' })],
    ['without a signature', (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.`],
    ['with alg none and a signature', (claims) => forged({ alg: 'none' }, claims)],
    ['with another algorithm', (claims) => forged({ alg: 'HS512' }, claims)],
    ['with a critical header', (claims) => forged({ alg: 'HS256', crit: ['b64'] }, claims)],
    ['that has expired', (claims) => forged({ alg: 'HS256' }, { ...claims, exp: 1_700_000_000 })],
    ['that never expires', ({ exp: _, ...claims }) => forged({ alg: 'HS256' }, claims)],
    ['of tomorrow', (claims) => forged({ alg: 'HS256' }, { ...claims, nbf: Date.now() })],
    ['without an identity', ({ sub: _, ...claims }) => forged({ alg: 'HS256' }, claims)],
    [
      'that does not join',
      (claims) =>
        forged(
          { alg: 'HS256' },
          { ...claims, video: { room: 'r', roomAdmin: true, roomJoin: false } },
        ),
    ],
    ['that is no token', () => 'a.b.c'],
  ])('answers 401 to one %s', async (_, make) => {
    const room = await roomWith('ana');
    const token = make(claimsOf(room, 'ana'));
    expect((await asParticipant(app, room, token)).status).toBe(401);
    expect((await asParticipant(app, room, token, 'raise')).status).toBe(401);
    expect(await handsIn(room)).toEqual([]);
  });

  it('answers 403 to a token of another room', async () => {
    const [room, other] = [await roomWith('ana'), await roomWith('ana')];
    const token = participantToken(app, other, 'ana');
    expect(await asParticipant(app, room, token, 'raise')).toMatchObject({
      status: 403,
      body: { code: 'participant.other_room' },
    });
    expect([...(await handsIn(room)), ...(await handsIn(other))]).toEqual([]);
  });

  it.each<[string, string, (room: string, userId: string) => Promise<unknown>]>([
    [
      'who is blocked',
      'seat.blocked',
      (room) => app.sql(`UPDATE seat SET block_at = now(), block_by = 'x' WHERE room = $1`, [room]),
    ],
    [
      'who is suspended',
      'user.suspended',
      (_, id) => app.sql('UPDATE app_user SET is_suspended = true WHERE id = $1', [id]),
    ],
    [
      'of a closed room',
      'room.closed',
      (room) => app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]),
    ],
    [
      'whose token was voided',
      'token.voided',
      (room) =>
        app.inject('POST', `/api/v1/rooms/${room}/void-tokens`, { as: app.admin, body: {} }),
    ],
  ])('answers 403 to somebody %s', async (_, code, arrange) => {
    const { id, identity } = await app.newUser();
    const room = await roomWith(identity);
    const token = participantToken(app, room, identity);
    expect((await asParticipant(app, room, token)).status).toBe(200);
    await arrange(room, id);
    for (const action of [undefined, 'raise', 'accept', 'step-down']) {
      expect(await asParticipant(app, room, token, action)).toMatchObject({
        status: 403,
        body: { code },
      });
    }
    expect(await handsIn(room)).toEqual([]);
  });

  it('takes nobody’s word for another identity', async () => {
    const room = await roomWith('ana', 'bo');
    const token = participantToken(app, room, 'ana');
    expect((await asParticipant(app, room, token, 'raise', { identity: 'bo' })).status).toBe(400);
    const headers = { 'x-identity': 'bo', cookie: 'identity=bo' };
    await asParticipant(app, room, token, 'raise', {}, headers);
    expect((await handsIn(room)).map(({ identity }) => identity)).toEqual(['ana']);
  });

  it('is opened neither by a session nor by a key, and not by a token in the address', async () => {
    const room = await roomWith('ana');
    const key = await app.newApiKey(ALL_PERMISSIONS);
    const url = `${stagePath(room)}/me`;
    const token = participantToken(app, room, 'ana');
    for (const headers of [
      app.admin.headers,
      key.headers,
      { 'x-authorization': `Bearer ${token}` },
    ]) {
      expect((await app.inject('POST', `${url}/raise`, { body: {}, headers })).status).toBe(401);
    }
    const asked = await app.inject('GET', `${url}?access_token=${token}`);
    expect(asked.status).toBe(401);
    expect(await handsIn(room)).toEqual([]);
  });

  it('is let in by the token although a session is sent along from elsewhere', async () => {
    const room = await roomWith('ana');
    const headers = { cookie: app.admin.headers['cookie']!, origin: 'https://app.example' };
    const token = participantToken(app, room, 'ana');
    expect((await asParticipant(app, room, token, 'raise', {}, headers)).status).toBe(200);
    expect((await app.ledger('stage.hand_raised')).at(-1)).toMatchObject({
      actor_kind: 'participant',
      actor_id: 'ana',
    });
  });

  it('opens nothing else, whatever the token may in LiveKit', async () => {
    const room = await roomWith('ana', 'bo');
    const video = { roomJoin: true, room, roomAdmin: true, roomCreate: true, roomList: true };
    const headers = { authorization: `Bearer ${participantToken(app, room, 'ana', { video })}` };
    const before = (await app.ledger()).length;
    const paths: [string, string][] = [
      ['GET', '/api/v1/me'],
      ['GET', '/api/v1/rooms'],
      ['GET', stagePath(room)],
      ['GET', `/api/v1/rooms/${room}/seats`],
      ['GET', '/api/v1/events?topics=rooms'],
      ['POST', `${stagePath(room)}/approve-all`],
      ['POST', `/api/v1/rooms/${room}/seats/bo/promote`],
      ['POST', `/api/v1/rooms/${room}/seats/bo/invite`],
      ['PUT', `${stagePath(room)}/limits/speaker`],
      ['POST', '/api/v1/tokens'],
      ['POST', '/livekit/token'],
    ];
    for (const [method, url] of paths) {
      const body = method === 'GET' ? {} : { body: {} };
      const besides = { ...headers, cookie: app.admin.headers['cookie']! };
      for (const sent of [headers, besides]) {
        expect([url, (await app.inject(method, url, { ...body, headers: sent })).status]).toEqual([
          url,
          401,
        ]);
      }
    }
    expect((await app.ledger()).length).toBe(before);
  });
});

describe('pages of other origins', () => {
  const origin = 'https://app.example';

  it('may ask, with the token and without cookies', async () => {
    const room = await roomWith('ana');
    const token = participantToken(app, room, 'ana');
    const url = `${stagePath(room)}/me/raise`;
    const preflight = await app.inject('OPTIONS', url, {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, x-rolecall-token, content-type',
    });
    const answers = [
      await asParticipant(app, room, token, 'raise', {}, { origin }),
      await asParticipant(app, room, token, undefined, {}, { origin }),
      await asParticipant(app, room, 'wrong', 'raise', {}, { origin }),
      await asParticipant(app, room, token, 'raise', { unknown: 1 }, { origin }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 400]);
    // Behind a proxy that asks for a password.
    const basic = { authorization: 'Basic cHJveHk6cHc=', 'x-rolecall-token': token };
    expect((await app.inject('POST', url, { headers: basic, body: {} })).status).toBe(200);
    for (const { headers } of [preflight, ...answers]) {
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it('may ask nothing else', async () => {
    const room = await roomWith('ana');
    for (const [method, url] of [
      ['GET', stagePath(room)],
      ['GET', '/api/v1/me'],
      ['OPTIONS', stagePath(room)],
      ['OPTIONS', `/api/v1/rooms/${room}/seats`],
      ['POST', `${stagePath(room)}/approve-all`],
    ] as const) {
      const { headers } = await app.inject(method, url, { as: app.admin, headers: { origin } });
      expect([url, headers['access-control-allow-origin']]).toEqual([url, undefined]);
    }
  });
});

describe('somebody who sends too much', () => {
  it('gets ten actions in ten seconds; a thousand hands are one', async () => {
    const room = await roomWith('ana', 'bo');
    const token = participantToken(app, room, 'ana');
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => asParticipant(app, room, token, 'raise')),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const refused = answers.find(({ status }) => status === 429)!;
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['access-control-allow-origin']).toBe('*');
    expect(await handsIn(room)).toHaveLength(1);
    const entries = (await app.ledger('stage.hand_raised')).filter((entry) => entry.room === room);
    expect(entries).toHaveLength(1);
    // Another person, and the same one in another room, are not slowed down.
    const bo = participantToken(app, room, 'bo');
    expect((await asParticipant(app, room, bo, 'raise')).status).toBe(200);
    const other = await roomWith('ana');
    const elsewhere = participantToken(app, other, 'ana');
    expect((await asParticipant(app, other, elsewhere, 'raise')).status).toBe(200);
  });

  it('may read their state forty times in ten seconds', async () => {
    const room = await roomWith('ana');
    const token = participantToken(app, room, 'ana');
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => asParticipant(app, room, token)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(40);
  });

  it.each<[string, unknown, number]>([
    ['of 10 kB', 'x'.repeat(10_000), 400],
    ['that is no text', { toString: 1 }, 400],
    ['with a NUL', 'a\u0000b', 400],
    ['with half a character', 'a\ud800', 400],
    ['of 500 bytes', 'x'.repeat(500), 200],
    ['in emoji', '🙋🏽‍♀️ 🎙️?', 200],
    ['from right to left', 'שאלה על התקציב \u202Eevil', 200],
    ['of spaces', '   ', 200],
    ['with markup', '<img src=x onerror=alert(1)>', 200],
  ])('answers a note %s', async (_, note, status) => {
    const room = await roomWith('ana');
    const token = participantToken(app, room, 'ana');
    const answer = await asParticipant(app, room, token, 'raise', { note });
    expect(answer.status).toBe(status);
    const [hand] = await handsIn(room);
    expect(hand?.note ?? null).toBe(status === 200 ? (note as string).trim() || null : null);
    if (status !== 200) expect(answer.body.errors).toHaveProperty('note');
  });

  it('is refused where there is nothing to gain, and where they are not', async () => {
    const room = await app.newRoom({ default_template: 'speaker' });
    await sitDown(app, room, 'ana');
    const ana = participantToken(app, room, 'ana');
    expect((await asParticipant(app, room, ana)).body.canRaise).toBe(false);
    expect(await asParticipant(app, room, ana, 'raise')).toMatchObject({
      status: 409,
      body: { code: 'stage.cannot_raise' },
    });
    const away = await roomWith();
    await app.sql('INSERT INTO seat (room, identity, last_issued_at) VALUES ($1, $2, now())', [
      away,
      'bo',
    ]);
    const bo = participantToken(app, away, 'bo');
    // There is no LiveKit in this test that could say that they are there after all.
    expect((await asParticipant(app, away, bo, 'raise')).status).toBe(503);
    expect(await handsIn(away)).toEqual([]);
  });
});
