import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  ADMIN_PASSWORD,
  type Answer,
  type Credential,
  type InjectOptions,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { PERMISSIONS } from '../access/permissions.js';
import { createApp } from '../create-app.js';
import { PRESETS } from '../grants/presets.js';
import { FirstStart } from '../start/first-start.js';
import { secretHash } from './secrets.js';

const ADMIN = { email: 'admin@example.com', password: ADMIN_PASSWORD };
const MANY = { points: 100_000, seconds: 60 };

let app: TestApp;

const signIn = (body: object, options: InjectOptions = {}, of = app) =>
  of.inject('POST', '/api/v1/session', { body, ...options });

function cookieOf({ headers }: Answer): string {
  return String(headers['set-cookie']).split(';', 1)[0]!;
}

/** A browser that has signed in. */
async function newSession({ email, password } = ADMIN): Promise<Credential> {
  const answer = await signIn({ email, password });
  expect(answer.status).toBe(200);
  return {
    id: answer.body.operator.id,
    label: answer.body.operator.email,
    headers: { cookie: cookieOf(answer), origin: app.config.publicUrl },
  };
}

const me = (as: Credential) => app.inject('GET', '/api/v1/me', { as });
const statusOfMe = async (as: Credential) => (await me(as)).status;

let count = 0;
async function newPerson(
  access: object[] = [],
): Promise<{ email: string; password: string; id: string }> {
  const person = { email: `person-${count++}@example.com`, password: 'a password of their own' };
  const { status, body } = await app.inject('POST', '/api/v1/operators', {
    as: app.admin,
    body: { ...person, name: 'Person', access },
  });
  expect(status).toBe(201);
  return { ...person, id: body.id };
}

beforeAll(async () => {
  app = await startTestApp({ overrides: { rateSignIn: MANY } });
});
afterAll(() => app.stop());

describe('signing in', () => {
  it('answers who one is, and sets a cookie that scripts and other sites cannot use', async () => {
    const answer = await signIn(ADMIN);
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toMatch(
      /^rolecall=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800$/,
    );
    const session = { id: '', label: '', headers: { cookie: cookieOf(answer) } };
    expect((await me(session)).body).toEqual(answer.body);
    expect(answer.body).toMatchObject({ operator: { email: ADMIN.email }, rooms: null });
    expect(answer.body.permissions).toContain('operator.create');
  });

  it('over https binds the cookie to this very host', async () => {
    const secure = await startTestApp({ environment: { PUBLIC_URL: 'https://rolecall.example' } });
    try {
      const answer = await signIn(ADMIN, {}, secure);
      expect(answer.headers['set-cookie']).toMatch(
        /^__Host-rolecall=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800; Secure$/,
      );
      expect(answer.headers['strict-transport-security']).toBeDefined();
      const plainName = cookieOf(answer).replace('__Host-', '');
      const tossed = await secure.inject('GET', '/api/v1/me', { headers: { cookie: plainName } });
      expect(tossed.status).toBe(401);
    } finally {
      await secure.stop();
    }
  });

  it('refuses an unknown e-mail, a wrong password and a disabled operator in the same words', async () => {
    const person = await newPerson();
    await app.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [person.id]);
    const answers = [
      await signIn({ email: 'nobody@example.com', password: ADMIN.password }),
      await signIn({ email: ADMIN.email, password: 'not the password' }),
      await signIn({ email: person.email, password: person.password }),
    ];
    const words = answers.map(({ status, body, headers }) => {
      const { requestId, ...rest } = body;
      expect(requestId).toBeTruthy();
      expect(headers['set-cookie']).toBeUndefined();
      return { status, rest };
    });
    expect(words[0]).toMatchObject({ status: 401, rest: { code: 'auth.wrong_credentials' } });
    expect(words).toEqual([words[0], words[0], words[0]]);
    const refused = (await app.ledger('operator.sign_in_refused')).slice(-3);
    expect(refused.map((entry) => entry.payload.because)).toEqual([
      'unknown e-mail',
      'wrong password',
      'disabled',
    ]);
  });

  it('knows an e-mail in any case', async () => {
    expect((await signIn({ ...ADMIN, email: ' Admin@EXAMPLE.com ' })).status).toBe(200);
  });

  it.each([
    [{ email: 'a\u0000b@example.com', password: 'x' }, 'email'],
    [{ email: '\ud800@example.com', password: 'x' }, 'email'],
    [{ email: ADMIN.email }, 'password'],
    [{ email: [ADMIN.email], password: 'x' }, 'email'],
    [{ email: { $ne: null }, password: 'x' }, 'email'],
    [{ email: ADMIN.email, password: 'x'.repeat(2_000) }, 'password'],
    [{ ...ADMIN, isAdmin: true }, 'isAdmin'],
  ])('refuses %j by naming the field', async (body, field) => {
    const answer = await signIn(body);
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, [field]]);
  });

  it('is refused to the pages of other sites', async () => {
    const answer = await signIn(ADMIN, { headers: { origin: 'https://evil.example' } });
    expect([answer.status, answer.body.code]).toEqual([403, 'request.wrong_origin']);
  });

  it('gives a new session each time and ends the one that the browser had', async () => {
    const old = await newSession();
    const elsewhere = await newSession();
    const answer = await signIn(ADMIN, { headers: { cookie: old.headers.cookie! } });
    expect(cookieOf(answer)).not.toBe(old.headers.cookie);
    expect(await statusOfMe(old)).toBe(401);
    expect(await statusOfMe(elsewhere)).toBe(200);
  });

  it('does not adopt a session that somebody else chose', async () => {
    const chosen = `rolecall=${'A'.repeat(43)}`;
    const answer = await signIn(ADMIN, { headers: { cookie: chosen } });
    expect(cookieOf(answer)).not.toBe(chosen);
    expect(await statusOfMe({ id: '', label: '', headers: { cookie: chosen } })).toBe(401);
  });
});

describe('a session', () => {
  it('is dead on the server after signing out', async () => {
    const session = await newSession();
    const answer = await app.inject('DELETE', '/api/v1/session', { as: session });
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']).toMatch(/^rolecall=; .*Max-Age=0/);
    expect(await statusOfMe(session)).toBe(401);
  });

  it.each([
    ['eight hours without a request', `last_seen_at = now() - interval '8 hours 1 second'`],
    ['seven days in any case', `expires_at = now() - interval '1 second'`],
  ])('ends after %s', async (_, change) => {
    const session = await newSession();
    const hash = secretHash(session.headers.cookie!.split('=')[1]!);
    await app.sql(`UPDATE operator_session SET ${change} WHERE token_hash = $1`, [hash]);
    expect(await statusOfMe(session)).toBe(401);
  });

  it('lives on while it is used, but never past seven days', async () => {
    const session = await newSession();
    const hash = secretHash(session.headers.cookie!.split('=')[1]!);
    const [row] = await app.sql(
      `UPDATE operator_session SET last_seen_at = now() - interval '7 hours' WHERE token_hash = $1
       RETURNING expires_at > now() + interval '7 days' AS is_too_long`,
      [hash],
    );
    expect(row).toEqual({ is_too_long: false });
    expect(await statusOfMe(session)).toBe(200);
  });

  it('ends at once when its operator is disabled, and stays dead when they are enabled again', async () => {
    const person = await newPerson([{ role: 'moderator' }]);
    const session = await newSession(person);
    const set = (isDisabled: boolean) =>
      app.inject('PUT', `/api/v1/operators/${person.id}`, { as: app.admin, body: { isDisabled } });
    expect((await set(true)).status).toBe(200);
    expect(await statusOfMe(session)).toBe(401);
    expect((await set(false)).status).toBe(200);
    expect(await statusOfMe(session)).toBe(401);
    await newSession(person);
  });

  it('loses its permissions with the next request when an access role is taken away', async () => {
    const person = await newPerson([{ role: 'admin' }]);
    const session = await newSession(person);
    const list = () => app.inject('GET', '/api/v1/operators', { as: session });
    expect((await list()).status).toBe(200);
    await app.inject('PUT', `/api/v1/operators/${person.id}`, {
      as: app.admin,
      body: { access: [] },
    });
    expect((await list()).status).toBe(403);
  });

  it('ends, and every other one of theirs, when an admin sets a new password', async () => {
    const person = await newPerson();
    const session = await newSession(person);
    const password = 'set by the admin';
    await app.inject('PUT', `/api/v1/operators/${person.id}`, {
      as: app.admin,
      body: { password },
    });
    expect(await statusOfMe(session)).toBe(401);
    const { email } = person;
    expect((await signIn({ email, password: person.password })).status).toBe(401);
    expect((await signIn({ email, password })).status).toBe(200);
  });
});

describe('changing the own password', () => {
  const change = (as: Credential, body: object) =>
    app.inject('PUT', '/api/v1/me/password', { as, body });

  it('needs the current one, ends the other sessions, and keeps this one', async () => {
    const person = await newPerson();
    const [here, elsewhere] = [await newSession(person), await newSession(person)];
    const newPassword = 'a better password';
    const wrong = await change(here, { currentPassword: 'not this one', newPassword });
    expect([wrong.status, Object.keys(wrong.body.errors)]).toEqual([400, ['currentPassword']]);
    expect(await statusOfMe(elsewhere)).toBe(200);

    expect((await change(here, { currentPassword: person.password, newPassword })).status).toBe(
      204,
    );
    expect(await statusOfMe(here)).toBe(200);
    expect(await statusOfMe(elsewhere)).toBe(401);
    expect((await signIn({ email: person.email, password: person.password })).status).toBe(401);
    expect((await signIn({ email: person.email, password: newPassword })).status).toBe(200);
  });

  it('refuses a short one, and an API key has none', async () => {
    const session = await newSession();
    const short = await change(session, { currentPassword: ADMIN.password, newPassword: 'short' });
    expect([short.status, Object.keys(short.body.errors)]).toEqual([400, ['newPassword']]);
    const key = await app.newApiKey(Object.keys(PERMISSIONS));
    const body = { currentPassword: ADMIN.password, newPassword: 'a better password' };
    expect((await change(key, body)).status).toBe(403);
  });
});

describe('where a change comes from', () => {
  const signOut = async (headers: Record<string, string>) => {
    const { cookie } = (await newSession()).headers;
    return (
      await app.inject('DELETE', '/api/v1/session', { headers: { cookie: cookie!, ...headers } })
    ).status;
  };

  it.each<[string, Record<string, string>]>([
    ['our own origin', { origin: 'http://127.0.0.1:3000' }],
    ['another name of this machine', { origin: 'http://localhost:3000', host: 'localhost:3000' }],
    ['our own page, by Sec-Fetch-Site', { 'sec-fetch-site': 'same-origin' }],
  ])('may be %s', async (_, headers) => {
    expect(await signOut(headers)).toBe(204);
  });

  it.each<[string, Record<string, string>]>([
    ['localhost, when the request went elsewhere', { origin: 'http://localhost:3000' }],
    ['a name that begins like ours', { origin: 'http://127.0.0.1:3000.evil.example' }],
    ['our host with other credentials', { origin: 'http://127.0.0.1:3001' }],
    ['https of the same name', { origin: 'https://127.0.0.1:3000' }],
    ['a rebound name', { origin: 'http://evil.example:3000', host: 'evil.example:3000' }],
    [
      'elsewhere, whatever Sec-Fetch-Site says',
      { origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['nowhere', { 'sec-fetch-site': 'none' }],
  ])('may not be %s', async (_, headers) => {
    expect(await signOut(headers)).toBe(403);
  });
});

describe('the limit of sign-ins', () => {
  const wrong = (i: number) => ({ email: `guess-${i}@example.com`, password: 'guess' });

  it('lets one address try 30 times a minute, whatever it says of where it comes from', async () => {
    const strict = await startTestApp();
    try {
      for (let i = 0; i < 30; i++) {
        const headers = { 'x-forwarded-for': `10.0.0.${i}`, 'x-real-ip': `10.0.1.${i}` };
        expect((await signIn(wrong(i), { headers }, strict)).status).toBe(401);
      }
      for (const body of [wrong(31), ADMIN]) {
        const answer = await signIn(body, { headers: { 'x-forwarded-for': '10.9.9.9' } }, strict);
        expect([answer.status, answer.body.code]).toEqual([429, 'auth.too_many_attempts']);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
      // Who is signed in already is not kept out.
      expect((await strict.inject('GET', '/api/v1/me', { as: strict.admin })).status).toBe(200);
    } finally {
      await strict.stop();
    }
  });

  it('behind a proxy counts the address that the proxy saw, an IPv6 network as one', async () => {
    const behind = await startTestApp({
      overrides: { rateSignIn: { points: 3, seconds: 60 }, trustProxy: 1 },
    });
    const statuses = async (chains: string[]) => {
      const found: number[] = [];
      for (const [i, chain] of chains.entries()) {
        const headers = { 'x-forwarded-for': chain };
        found.push((await signIn(wrong(i), { headers }, behind)).status);
      }
      return found;
    };
    try {
      const seen = '203.0.113.7';
      expect(
        await statuses(['1.1.1.1', '2.2.2.2', '3.3.3.3'].map((fake) => `${fake}, ${seen}`)),
      ).toEqual([401, 401, 401]);
      expect(await statuses([`4.4.4.4, ${seen}`, seen, `::ffff:${seen}`])).toEqual([429, 429, 429]);
      expect(await statuses(['203.0.113.8'])).toEqual([401]);
      expect(
        await statuses(['2001:db8:1:2::1', '2001:db8:1:2:ffff::2', '2001:db8:1:2:3:4:5:6']),
      ).toEqual([401, 401, 401]);
      expect(await statuses(['2001:db8:1:2:aaaa::9', '2001:db8:1:3::1'])).toEqual([429, 401]);
    } finally {
      await behind.stop();
    }
  });

  it('lets nobody guess at one account for long, from many addresses and all at once', async () => {
    const behind = await startTestApp({ overrides: { trustProxy: 1 } });
    const from = (i: number) => ({ headers: { 'x-forwarded-for': `198.51.100.${i}` } });
    const spelling = (i: number) => (i % 2 === 0 ? 'ADMIN@example.com' : ' admin@Example.com');
    try {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          signIn({ email: spelling(i), password: `guess ${i}` }, from(i), behind),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 401)).toHaveLength(20);
      expect(statuses.filter((status) => status === 429)).toHaveLength(40);
      expect((await signIn(ADMIN, from(200), behind)).status).toBe(429);
    } finally {
      await behind.stop();
    }
  });

  it('forgets wrong guesses once the password is right', async () => {
    const behind = await startTestApp({ overrides: { rateSignIn: MANY } });
    try {
      for (let round = 0; round < 2; round++) {
        for (let i = 0; i < 15; i++) await signIn({ ...ADMIN, password: 'wrong' }, {}, behind);
        expect((await signIn(ADMIN, {}, behind)).status).toBe(200);
      }
    } finally {
      await behind.stop();
    }
  });
});

describe('the first admin', () => {
  it('is made once, with the built-in templates, by however many processes start at once', async () => {
    const database = await createTestDatabase();
    const config = { ...app.config, databaseUrl: database.appUrl };
    const processes = await Promise.all([createApp(config), createApp(config), createApp(config)]);
    try {
      await Promise.all(processes.map((one) => one.init()));
      const made = await Promise.all(processes.map((one) => one.get(FirstStart).prepare()));
      expect(made.filter(Boolean)).toEqual([{ email: ADMIN.email, password: null }]);
      const again = await processes[0].get(FirstStart).prepare();
      expect(again).toBeNull();

      const one = await startTestApp({ database });
      try {
        expect(await one.sql('SELECT FROM operator')).toHaveLength(1);
        expect(await one.ledger('operator.created')).toHaveLength(1);
        const { body } = await one.inject('GET', '/api/v1/role-templates', { as: one.admin });
        expect(body.map((t: Json) => [t.key, t.published]).sort()).toEqual(
          PRESETS.map((preset) => [preset.key, 1]).sort(),
        );
      } finally {
        await one.stop();
      }
    } finally {
      await Promise.all(processes.map((one) => one.close()));
      await database.drop();
    }
  });

  it('gets a password that is told once and kept nowhere', async () => {
    const database = await createTestDatabase();
    const config = { ...app.config, databaseUrl: database.appUrl, adminPassword: null };
    const one = await createApp(config);
    try {
      await one.init();
      const made = await one.get(FirstStart).prepare();
      expect(made?.password).toMatch(/^[\w-]{20}$/);
      expect(await one.get(FirstStart).prepare()).toBeNull();
    } finally {
      await one.close();
      await database.drop();
    }
  });
});

describe('secrets', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are in no table and no line of the log, only in the answer that hands them over', async () => {
    const noisy = await startTestApp({ environment: { ROLECALL_LOG: 'debug' } });
    const written: string[] = [];
    const writeSync = fs.writeSync.bind(fs) as (...args: unknown[]) => number;
    jest
      .spyOn(fs, 'writeSync')
      .mockImplementation((fd: number, data: unknown, ...rest: unknown[]) => {
        if (fd !== 2) return writeSync(fd, data, ...rest);
        const text = typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString();
        written.push(text);
        return Buffer.byteLength(text);
      });
    try {
      const as = noisy.admin;
      const retry = { headers: { 'idempotency-key': 'the-same-request' } };
      const secrets: Record<string, string> = {
        'the password': ADMIN_PASSWORD,
        'a wrong password': 'wrong but still a secret',
        'the new password': 'a new and better password',
        'an operator’s password': 'somebody else’s password',
        'the LiveKit secret': noisy.config.livekit.apiSecret,
      };
      const signedIn = await signIn(ADMIN, {}, noisy);
      secrets['the session'] = cookieOf(signedIn).split('=')[1]!;
      await signIn({ ...ADMIN, password: secrets['a wrong password'] }, {}, noisy);
      const session = {
        ...as,
        headers: { cookie: cookieOf(signedIn), origin: noisy.config.publicUrl },
      };
      const post = (url: string, body: object) => noisy.inject('POST', url, { as, body, ...retry });
      await noisy.newRoom({ name: 'secret-room', default_template: 'viewer' });
      for (const attempt of [1, 2]) {
        retry.headers['idempotency-key'] = 'key';
        const key = await post('/api/v1/api-keys', { name: 'k', permissions: ['room.read'] });
        expect([key.status, typeof key.body.key]).toEqual([
          201,
          attempt === 1 ? 'string' : 'object',
        ]);
        if (attempt === 1) secrets['the API key'] = key.body.key;
        retry.headers['idempotency-key'] = 'operator';
        const person = await post('/api/v1/operators', { name: 'P', email: 'p@example.com' });
        expect(person.status).toBe(201);
        if (attempt === 1) secrets['the temporary password'] = person.body.temporaryPassword;
        retry.headers['idempotency-key'] = 'token';
        const asked = { room: 'secret-room', identity: 'ana', createUser: true };
        const token = await post('/api/v1/tokens', asked);
        expect(token.status).toBe(201);
        secrets[`token ${attempt}`] = token.body.token.split('.')[2];
        retry.headers['idempotency-key'] = 'livekit';
        const convention = { room_name: 'secret-room', participant_identity: 'ana' };
        const source = await post('/livekit/token', convention);
        expect(source.status).toBe(201);
        secrets[`token for LiveKit ${attempt}`] = source.body.participant_token.split('.')[2];
      }
      expect(secrets['token 2']).toBe(secrets['token 1']);
      expect(secrets['token for LiveKit 2']).toBe(secrets['token for LiveKit 1']);
      await noisy.inject('GET', '/api/v1/rooms', {
        headers: { authorization: `Bearer ${secrets['the API key']}x` },
      });
      await noisy.inject('POST', '/api/v1/operators', {
        as,
        body: {
          email: 'q@example.com',
          name: 'Q',
          password: secrets['an operator’s password'],
          access: [],
        },
      });
      await noisy.inject('PUT', '/api/v1/me/password', {
        as: session,
        body: { currentPassword: ADMIN_PASSWORD, newPassword: secrets['the new password'] },
        headers: { 'idempotency-key': 'password' },
      });

      const tables = await noisy.sql<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
      );
      let stored = '';
      for (const { name } of tables) {
        const rows = await noisy.sql<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
        stored += rows.map(({ row }) => row).join('\n');
      }
      const log = written.join('');
      expect(log).toContain('/api/v1/tokens');
      expect(stored.length).toBeGreaterThan(5_000);
      for (const [what, secret] of Object.entries(secrets)) {
        expect([what, typeof secret, secret.length > 10]).toEqual([what, 'string', true]);
        expect([what, stored.includes(secret)]).toEqual([what, false]);
        expect([what, log.includes(secret)]).toEqual([what, false]);
      }
      // A fast hash of a request that holds a password would give the password to who reads the table.
      const rows = await noisy.sql<{ fingerprint: Buffer }>(
        'SELECT fingerprint FROM idempotency_key',
      );
      const body = JSON.stringify({
        currentPassword: ADMIN_PASSWORD,
        newPassword: secrets['the new password'],
      });
      const guess = secretHash(`PUT /api/v1/me/password\n${body}`);
      expect(rows.some(({ fingerprint }) => fingerprint.equals(guess))).toBe(false);
    } finally {
      await noisy.stop();
    }
  });
});
