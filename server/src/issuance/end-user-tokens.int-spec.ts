import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { TokenVerifier } from 'livekit-server-sdk';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { AUDIENCE, ISSUER, KeyServer, UserIssuer } from '../../test/support/user-jwt.js';

const PAGE = 'https://app.example.com';

let issuer: UserIssuer;
let app: TestApp;

beforeAll(async () => {
  issuer = await UserIssuer.create();
  app = await startTestApp({
    environment: {
      ROLECALL_USER_JWT_ISSUER: ISSUER,
      ROLECALL_USER_JWT_AUDIENCE: AUDIENCE,
      ROLECALL_USER_JWT_PUBLIC_KEY: (await issuer.pem()).replaceAll('\n', '\\n'),
      ROLECALL_CORS_ORIGINS: `${PAGE}, capacitor://localhost`,
      ROLECALL_RATE_USER: '5/60s',
      ROLECALL_LOG: 'silent',
    },
  });
});
afterAll(() => app.stop());

const newIdentity = () => `user-${randomUUID()}`;

function ask(jwt: string, body: object, headers: Record<string, string> = {}, at = app) {
  return at.inject('POST', '/livekit/token', {
    body,
    headers: { authorization: `Bearer ${jwt}`, ...headers },
  });
}

const verify = (token: string) =>
  new TokenVerifier(app.config.livekit.apiKey, app.config.livekit.apiSecret).verify(token);
const entriesOf = async (kind: string, identity: string) =>
  (await app.ledger(kind)).filter((entry) => entry.identity === identity);

describe('a token that an end user asks for', () => {
  it('is for the identity in their JWT, with the role that policy gives', async () => {
    const room = await app.newRoom({ default_template: 'speaker' });
    const sub = newIdentity();
    const jwt = await issuer.sign({ sub, name: 'Ana Ruiz' });
    const { status, body } = await ask(jwt, { room_name: room, room_config: {} });
    expect([status, Object.keys(body).sort()]).toEqual([201, ['participant_token', 'server_url']]);
    expect(await verify(body.participant_token)).toMatchObject({
      sub,
      name: 'Ana Ruiz',
      video: { room, roomJoin: true, canPublishSources: ['camera', 'microphone'] },
    });
    const [entry] = await entriesOf('token.issued', sub);
    expect(entry).toMatchObject({ actor_kind: 'user', actor_id: sub, room });
    // Nobody gave it but policy, so no issuer's ceiling bounds it.
    expect(entry?.payload).toMatchObject({ template: 'speaker', ceiling: null });
    // Who was new is a user now, and the ledger says by whom.
    expect(await entriesOf('user.created', sub)).toMatchObject([{ actor_kind: 'user' }]);
  });

  it('comes in the older shape as well, and the user id may be left out', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const sub = newIdentity();
    for (const who of [{}, { userId: sub }, { user_id: sub }]) {
      const { status, body } = await ask(await issuer.sign({ sub }), { room, ...who });
      expect([status, Object.keys(body).sort()]).toEqual([201, ['token', 'url']]);
      expect((await verify(body.token)).sub).toBe(sub);
    }
  });

  it('carries the display name that they choose, and nothing else of their choice', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const sub = newIdentity();
    const jwt = await issuer.sign({ sub });
    const own = { room_name: room, participant_identity: sub, participant_name: 'Bea' };
    expect(await verify((await ask(jwt, own)).body.participant_token)).toMatchObject({
      name: 'Bea',
    });
    for (const [field, value] of [
      ['participant_identity', 'boss'],
      ['participant_metadata', '{"admin":true}'],
      ['participant_attributes', { admin: 'yes' }],
      ['room_config', { agents: [{ agent_name: 'helper' }] }],
    ] as const) {
      const { status, body } = await ask(jwt, { room_name: room, [field]: value });
      expect([status, body.code, Object.keys(body.errors)]).toEqual([
        403,
        'token.field_refused',
        [field],
      ]);
    }
    const [attempt] = await entriesOf('token.refused', 'boss');
    expect(attempt).toMatchObject({ actor_kind: 'user', actor_id: sub });
  });

  it('reads the identity from the claim that is configured, a number as well', async () => {
    const other = await startTestApp({
      database: app.database,
      environment: {
        ROLECALL_USER_JWT_ISSUER: ISSUER,
        ROLECALL_USER_JWT_PUBLIC_KEY: await issuer.pem(),
        ROLECALL_USER_JWT_IDENTITY_CLAIM: 'user_id',
      },
    });
    const room = await app.newRoom({ default_template: 'viewer' });
    const user_id = Math.floor(Math.random() * 1e12);
    const claims = { sub: 'internal', user_id, aud: undefined };
    const { status } = await ask(await issuer.sign(claims), { room_name: room }, {}, other);
    // Without a configured audience only a JWT that names none is for us.
    const named = await issuer.sign({ ...claims, aud: 'another service' });
    const refused = await ask(named, { room_name: room }, {}, other);
    await other.stop();
    expect([status, refused.status]).toEqual([201, 401]);
    expect(await entriesOf('token.issued', String(user_id))).toHaveLength(1);
  });

  it('is refused with a reason that they may know, and the whole one in the ledger', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const closed = await app.newRoom({ default_template: 'viewer', is_closed: true });
    const roleless = await app.newRoom({ default_template: null });
    const { identity: suspended } = await app.newUser({ is_suspended: true });
    const { identity: blocked } = await app.newUser();
    const block = `/api/v1/rooms/${room}/seats/${blocked}/block`;
    await app.inject('POST', block, { as: app.admin, body: { reason: 'insults the speaker' } });
    const stranger = newIdentity();
    for (const [sub, where, text] of [
      [suspended, room, 'Your account is suspended.'],
      [blocked, room, 'You are blocked from this room.'],
      [stranger, closed, 'The room is closed.'],
      [stranger, roleless, 'You may not join this room.'],
      [stranger, 'no-such-room', 'You may not join this room.'],
    ] as const) {
      const {
        status,
        body,
        text: whole,
      } = await ask(await issuer.sign({ sub }), {
        room_name: where,
      });
      expect([status, body.code, body.detail]).toEqual([403, 'token.refused', text]);
      expect(whole).not.toMatch(/because|insults|admin@/);
    }
    const [entry] = await entriesOf('token.refused', blocked);
    expect(JSON.stringify(entry?.payload.because)).toContain('insults the speaker');
    // A refusal adds nobody.
    expect(await entriesOf('user.created', stranger)).toEqual([]);
  });

  it('is not given to a user who was deleted', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const { id, identity } = await app.newUser();
    await app.inject('DELETE', `/api/v1/users/${id}`, { as: app.admin });
    const { status, body } = await ask(await issuer.sign({ sub: identity }), { room_name: room });
    expect([status, body.detail]).toEqual([403, 'Your account was deleted.']);
  });
});

describe('a JWT that proves nobody', () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = () => ({ iss: ISSUER, aud: AUDIENCE, sub: 'mallory', exp: now() + 60 });
  const signedWith = (claims: () => JWTPayload, header = {}) => issuer.sign(claims(), header);

  it.each<[string, () => string | Promise<string>, RegExp]>([
    ['has expired', () => signedWith(() => ({ sub: 'm', exp: now() - 60 })), /expired/],
    ['is not valid yet', () => signedWith(() => ({ sub: 'm', nbf: now() + 60 })), /not valid yet/],
    ['has no expiry', () => signedWith(() => ({ sub: 'm', exp: undefined })), /exp/],
    ['is of another issuer', () => signedWith(() => ({ sub: 'm', iss: 'https://x/' })), /issuer/],
    ['has no issuer', () => signedWith(() => ({ sub: 'm', iss: undefined })), /issuer/],
    ['is for somebody else', () => signedWith(() => ({ sub: 'm', aud: 'other' })), /audience/],
    ['is for nobody', () => signedWith(() => ({ sub: 'm', aud: undefined })), /audience/],
    ['names nobody', () => signedWith(() => ({})), /claim sub/],
    ['names an object', () => signedWith(() => ({ sub: {} }) as never), /claim sub|sub/],
    [
      'names an identity that is reserved',
      () => signedWith(() => ({ sub: 'rolecall-peek:1' })),
      /claim sub/,
    ],
    [
      'is signed with another key',
      async () => (await UserIssuer.create()).sign({ sub: 'm' }),
      /signature/,
    ],
    [
      'uses another algorithm',
      async () => (await UserIssuer.create('RS256')).sign({ sub: 'm' }),
      /algorithm/,
    ],
    ['is not signed', () => `${b64({ alg: 'none' })}.${b64(payload())}.`, /algorithm/],
    [
      'is signed with the public key as a secret',
      async () => {
        const text = `${b64({ alg: 'HS256' })}.${b64(payload())}`;
        const secret = await issuer.pem();
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      },
      /algorithm/,
    ],
    [
      'brings the key that it is signed with',
      async () => {
        const other = await UserIssuer.create();
        return other.sign({ sub: 'm' }, { jwk: await other.jwk() });
      },
      /signature/,
    ],
    ['is nonsense', () => 'a.b.c', /readable/],
  ])('%s', async (_name, make, reason) => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const { status, body } = await ask(await make(), { room_name: room });
    expect([status, body.code]).toEqual([401, 'auth.user_token_invalid']);
    expect(body.detail).toMatch(reason);
  });

  it('is decided before the body is looked at, and opens nothing else', async () => {
    expect((await ask('a.b.c', '{"not json' as never)).status).toBe(401);
    const jwt = await issuer.sign({ sub: newIdentity() });
    const headers = { authorization: `Bearer ${jwt}` };
    const tokens = await app.inject('POST', '/api/v1/tokens', { headers, body: {} });
    const users = await app.inject('GET', '/api/v1/users', { headers });
    expect([tokens.status, users.status]).toEqual([401, 401]);
  });

  it('is worth nothing while no issuer is configured', async () => {
    const off = await startTestApp({
      database: app.database,
      environment: { ROLECALL_USER_JWT_PUBLIC_KEY: await issuer.pem() },
    });
    const { status } = await ask(await issuer.sign({ sub: 'm' }), { room_name: 'x' }, {}, off);
    await off.stop();
    expect(status).toBe(401);
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    app.inject('OPTIONS', '/livekit/token', {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });

  it.each([PAGE, 'capacitor://localhost'])('may ask when they are listed: %s', async (origin) => {
    const { status, headers } = await preflight(origin);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': expect.stringContaining('authorization'),
      vary: expect.stringContaining('Origin'),
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    // A page reads refusals as well.
    const refused = await ask('a.b.c', {}, { origin });
    expect(refused.headers).toMatchObject({ 'access-control-allow-origin': origin });
  });

  it.each([
    'https://evil.example.com',
    'http://app.example.com',
    `${PAGE}:8443`,
    `${PAGE}.evil.example`,
    'null',
  ])('get nothing otherwise: %s', async (origin) => {
    const { headers } = await preflight(origin);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers.vary).toContain('Origin');
    const room = await app.newRoom({ default_template: 'viewer' });
    const jwt = await issuer.sign({ sub: newIdentity() });
    const answer = await ask(jwt, { room_name: room }, { origin });
    expect([answer.status, answer.body.code]).toEqual([403, 'request.wrong_origin']);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

it('counts each user, and each address before it checks a signature', async () => {
  const room = await app.newRoom({ default_template: 'viewer' });
  const sub = newIdentity();
  const statuses: number[] = [];
  let last;
  for (let i = 0; i < 6; i++) {
    last = await ask(await issuer.sign({ sub }), { room_name: room });
    statuses.push(last.status);
  }
  expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
  expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask(await issuer.sign({ sub: newIdentity() }), { room_name: room })).status).toBe(
    201,
  );
  const narrow = await startTestApp({
    database: app.database,
    environment: {
      ROLECALL_USER_JWT_ISSUER: ISSUER,
      ROLECALL_USER_JWT_PUBLIC_KEY: await issuer.pem(),
      ROLECALL_RATE_USER_ADDRESS: '2/60s',
    },
  });
  const wrong = [];
  for (let i = 0; i < 3; i++) wrong.push((await ask('a.b.c', {}, {}, narrow)).status);
  const backend = await app.newApiKey(['token.issue']);
  const key = await narrow.inject('POST', '/livekit/token', { as: backend, body: {} });
  await narrow.stop();
  expect([...wrong, key.status]).toEqual([401, 401, 429, 400]);
});

describe('keys that the issuer publishes', () => {
  const startReading = ({ url }: KeyServer) =>
    startTestApp({
      database: app.database,
      environment: {
        ROLECALL_USER_JWT_ISSUER: ISSUER,
        ROLECALL_USER_JWT_AUDIENCE: AUDIENCE,
        ROLECALL_USER_JWT_JWKS_URL: url,
        ROLECALL_LOG: 'silent',
      },
    });

  it('are read once, again for a new one, and their absence is no refusal', async () => {
    const server = new KeyServer();
    await server.start();
    const [first, second, foreign] = await Promise.all([
      UserIssuer.create('RS256', 'one'),
      UserIssuer.create('EdDSA', 'two'),
      UserIssuer.create('RS256', 'one'),
    ]);
    const shared = { kty: 'oct', kid: 'secret', k: Buffer.alloc(32).toString('base64url') };
    server.keys = [await first.jwk(), await second.jwk(), shared];
    const at = await startReading(server);
    const room = await app.newRoom({ default_template: 'viewer' });
    const status = async (jwt: string) => (await ask(jwt, { room_name: room }, {}, at)).status;
    const of = (one: UserIssuer, header = {}) => one.sign({ sub: newIdentity() }, header);

    await server.stop();
    const down = await ask(await of(first), { room_name: room }, {}, at);
    expect([down.status, down.body.code]).toEqual([503, 'auth.user_keys_unavailable']);
    expect(down.headers['retry-after']).toBe('5');
    await server.start();
    // Where it failed just now, nobody makes us ask again and again.
    const many = await Promise.all([1, 2, 3, 4, 5].map(async () => status(await of(first))));
    expect([many, server.asked]).toEqual([[503, 503, 503, 503, 503], 0]);
    await until('it is asked again', async () => (await status(await of(first))) === 201);
    expect(await status(await of(second))).toBe(201);
    expect(server.asked).toBe(1);

    // A key of another kind, one that nobody published, and the other issuer's under this one's name.
    expect(await status(await of(first, { kid: 'two' }))).toBe(401);
    expect(await status(await of(first, { kid: 'three' }))).toBe(401);
    expect(await status(await of(foreign))).toBe(401);
    // Unknown names do not make it ask again and again.
    expect(server.asked).toBe(1);
    await server.stop();
    expect(await status(await of(first))).toBe(201);
    await at.stop();
  });

  it('are not read to the end where the answer has none', async () => {
    const issuer = await UserIssuer.create('ES256', 'k1');
    const chunk = ' '.repeat(64 * 1024);
    let sent = 0;
    const server = createServer((_request, response) => {
      const more = () => {
        do sent += chunk.length;
        while (response.write(chunk) && !response.destroyed);
      };
      response.on('drain', more);
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const at = await startTestApp({
      database: app.database,
      environment: {
        ROLECALL_USER_JWT_ISSUER: ISSUER,
        ROLECALL_USER_JWT_AUDIENCE: AUDIENCE,
        ROLECALL_USER_JWT_JWKS_URL: `http://127.0.0.1:${port}/`,
        ROLECALL_LOG: 'silent',
      },
    });
    const jwt = await issuer.sign({ sub: newIdentity() });
    const answer = await ask(jwt, { room_name: 'any' }, {}, at);
    await at.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect([answer.status, answer.body.code]).toEqual([503, 'auth.user_keys_unavailable']);
    // What was under way as well: in five seconds it would be gigabytes.
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  it('are tried in turn for a token that does not name one', async () => {
    const server = new KeyServer();
    await server.start();
    const [old, current, foreign] = await Promise.all([
      UserIssuer.create('ES256', 'old'),
      UserIssuer.create('ES256', 'current'),
      UserIssuer.create('ES256', 'current'),
    ]);
    server.keys = [await old.jwk(), await current.jwk()];
    const at = await startReading(server);
    const room = await app.newRoom({ default_template: 'viewer' });
    const statuses: number[] = [];
    for (const one of [old, current, foreign]) {
      const jwt = await one.sign({ sub: newIdentity() }, { kid: undefined });
      statuses.push((await ask(jwt, { room_name: room }, {}, at)).status);
    }
    await at.stop();
    await server.stop();
    expect(statuses).toEqual([201, 201, 401]);
  });
});
