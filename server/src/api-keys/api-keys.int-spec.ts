import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { TokenSigner } from '../livekit/signer.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

describe('an API key', () => {
  async function newKey(body: object): Promise<{ id: string; as: Credential; key: string }> {
    const answer = await app.inject('POST', '/api/v1/api-keys', { as: app.admin, body });
    expect(answer.status).toBe(201);
    const { id, key } = answer.body;
    return { id, key, as: { id, label: '', headers: { authorization: `Bearer ${key}` } } };
  }
  const rooms = (as: Credential) => app.inject('GET', '/api/v1/rooms', { as });

  it('is shown once', async () => {
    const { id, key } = await newKey({ name: 'backend', permissions: ['room.read'] });
    expect(key).toMatch(/^rck_[\w-]{43}$/);
    for (const url of ['/api/v1/api-keys', `/api/v1/api-keys/${id}`]) {
      const { text } = await app.inject('GET', url, { as: app.admin });
      expect(text).toContain(id);
      expect(text).not.toContain(key);
    }
  });

  it('opens nothing once it is revoked or has expired', async () => {
    const revoked = await newKey({ name: 'revoked', permissions: ['room.read'] });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const expired = await newKey({ name: 'expired', permissions: ['room.read'], expiresAt });
    for (const { as } of [revoked, expired]) expect((await rooms(as)).status).toBe(200);
    await app.inject('DELETE', `/api/v1/api-keys/${revoked.id}`, { as: app.admin });
    await app.sql(`UPDATE api_key SET expires_at = now() - interval '1 ms' WHERE id = $1`, [
      expired.id,
    ]);
    for (const { as } of [revoked, expired]) expect((await rooms(as)).status).toBe(401);
  });

  it('sees and changes only the rooms that it is limited to', async () => {
    const [inside, outside] = [
      await app.newRoom({ name: 'key-a' }),
      await app.newRoom({ name: 'other-a' }),
    ];
    const { as } = await newKey({
      name: 'limited',
      permissions: ['room.read', 'room.update', 'room.create', 'room.close'],
      rooms: ['key-*'],
    });
    expect((await rooms(as)).body.map((room: Json) => room.name)).toEqual([inside]);
    const put = async (room: string) =>
      (await app.inject('PUT', `/api/v1/rooms/${room}`, { as, body: { title: 'Changed' } })).status;
    expect([await put(inside), await put(outside), await put('never-made')]).toEqual([
      200, 404, 404,
    ]);
    const create = async (name: string) =>
      (await app.inject('POST', '/api/v1/rooms', { as, body: { name } })).status;
    expect([await create('key-b'), (await create('other-b')) >= 400]).toEqual([201, true]);
    expect(await app.sql(`SELECT FROM room WHERE title = 'Changed'`)).toHaveLength(1);
    expect(await app.sql(`SELECT FROM room WHERE name = 'other-b'`)).toEqual([]);
  });

  it('is taken from the Authorization header only, and no other credential is taken for one', async () => {
    const { key } = await newKey({ name: 'header', permissions: ['room.read'] });
    const joinToken = app.app.get(TokenSigner).sign({
      iss: app.config.livekit.apiKey,
      sub: 'ana',
      video: { roomAdmin: true, room: 'key-a' },
      exp: Math.floor(Date.now() / 1000) + 60,
    });
    const status = async (url: string, headers: Record<string, string> = {}) =>
      (await app.inject('GET', url, { headers })).status;
    expect(await status('/api/v1/rooms', { authorization: `bearer ${key}` })).toBe(200);
    expect(
      await Promise.all([
        status(`/api/v1/rooms?access_token=${key}`),
        status(`/api/v1/rooms?token=${key}`),
        status('/api/v1/rooms', { cookie: `rolecall=${key}` }),
        status('/api/v1/rooms', { 'x-api-key': key }),
        status('/api/v1/rooms', { authorization: key }),
        status('/api/v1/rooms', {
          authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
        }),
        status('/api/v1/rooms', { authorization: `Bearer ${key}x` }),
        status('/api/v1/rooms', { authorization: `Bearer ${key.slice(0, -1)}` }),
        status('/api/v1/rooms', { authorization: `Bearer ${joinToken}` }),
        status('/api/v1/rooms', {
          authorization: `Bearer ${app.admin.headers.cookie!.split('=')[1]}`,
        }),
      ]),
    ).toEqual(Array(10).fill(401));
  });

  it('makes no key that outlives it or is faster', async () => {
    const expiresAt = new Date(Date.now() + 600_000).toISOString();
    const permissions = ['room.read', 'api_key.create', 'api_key.read'];
    const own = await newKey({ name: 'short', permissions, expiresAt, rateLimit: 100 });
    const make = (more: object) =>
      app.inject('POST', '/api/v1/api-keys', {
        as: own.as,
        body: { name: 'child', permissions: ['room.read'], ...more },
      });
    const later = new Date(Date.now() + 601_000).toISOString();
    for (const [more, field] of [
      [{ expiresAt: later }, 'expiresAt'],
      [{ rateLimit: 101 }, 'rateLimit'],
    ] as const) {
      const { status, body } = await make(more);
      expect([status, body.code, Object.keys(body.errors)]).toEqual([
        403,
        'access.escalation',
        [field],
      ]);
    }
    expect((await make({})).body).toMatchObject({ expiresAt, rateLimit: 100 });
    expect((await make({ expiresAt: null, rateLimit: null })).body).toMatchObject({
      expiresAt,
      rateLimit: 100,
    });
    expect((await make({ rateLimit: 5 })).body).toMatchObject({ expiresAt, rateLimit: 5 });
  });

  it('that has a rate gets 429 beyond it; others are not limited', async () => {
    const slow = await newKey({ name: 'slow', permissions: ['room.read'], rateLimit: 5 });
    const fast = await newKey({ name: 'fast', permissions: ['room.read'] });
    const burst = async (as: Credential) =>
      (await Promise.all(Array.from({ length: 40 }, () => rooms(as)))).map(({ status }) => status);
    const slowed = await burst(slow.as);
    expect(slowed.filter((status) => status === 429).length).toBeGreaterThanOrEqual(20);
    // Counted over ten seconds, as the description says.
    const { headers } = await rooms(slow.as);
    expect(Number(headers['retry-after'])).toBeGreaterThan(1);
    expect(slowed).toContain(200);
    expect(new Set(await burst(fast.as))).toEqual(new Set([200]));
  });
});
