import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ADMIN,
  cookieOf,
  cookiesOf,
  me,
  newPerson,
  newSession,
  signIn,
  startSignInApp,
  statusOfMe,
} from '../../test/support/sign-in.js';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startSignInApp();
});
afterAll(() => app?.stop());

describe('signing in', () => {
  it('answers who one is, and sets a cookie that scripts and other sites cannot use', async () => {
    const answer = await signIn(app, ADMIN);
    expect(answer.status).toBe(200);
    expect(cookiesOf(answer)).toEqual([
      expect.stringMatching(
        /^rolecall=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800$/,
      ),
      expect.stringMatching(/^rolecall-3000=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; /),
      expect.stringMatching(
        /^rolecall-3000-device=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=15552000$/,
      ),
    ]);
    const session = { id: '', label: '', headers: { cookie: cookieOf(answer) } };
    expect((await me(app, session)).body).toEqual(answer.body);
    expect(answer.body).toMatchObject({ operator: { email: ADMIN.email }, rooms: null });
    expect(answer.body.permissions).toContain('operator.create');
  });

  it('over https binds the cookie to this very host', async () => {
    const secure = await startTestApp({ environment: { PUBLIC_URL: 'https://rolecall.example' } });
    try {
      const answer = await signIn(secure, ADMIN);
      expect(cookiesOf(answer)).toEqual([
        expect.stringMatching(
          /^__Host-rolecall=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800; Secure$/,
        ),
        expect.stringMatching(/^__Host-rolecall-443=[\w-]{43}; Path=\/; HttpOnly; .*; Secure$/),
        expect.stringMatching(
          /^__Host-rolecall-443-device=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=15552000; Secure$/,
        ),
      ]);
      expect(answer.headers['strict-transport-security']).toBeDefined();
      const plainName = cookieOf(answer).replace('__Host-', '');
      const tossed = await secure.inject('GET', '/api/v1/me', { headers: { cookie: plainName } });
      expect(tossed.status).toBe(401);
    } finally {
      await secure.stop();
    }
  });

  it('refuses an unknown e-mail, a wrong password and a disabled operator in the same words', async () => {
    const person = await newPerson(app);
    await app.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [person.id]);
    const answers = [
      await signIn(app, { email: 'nobody@example.com', password: ADMIN.password }),
      await signIn(app, { email: ADMIN.email, password: 'not the password' }),
      await signIn(app, { email: person.email, password: person.password }),
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
    expect((await signIn(app, { ...ADMIN, email: ' Admin@EXAMPLE.com ' })).status).toBe(200);
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
    const answer = await signIn(app, body);
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, [field]]);
  });

  it('is refused to the pages of other sites', async () => {
    const answer = await signIn(app, ADMIN, { headers: { origin: 'https://evil.example' } });
    expect([answer.status, answer.body.code]).toEqual([403, 'request.wrong_origin']);
  });

  it('gives a new session each time and ends the one that the browser had', async () => {
    const old = await newSession(app);
    const elsewhere = await newSession(app);
    const answer = await signIn(app, ADMIN, { headers: { cookie: old.headers.cookie! } });
    expect(cookieOf(answer)).not.toBe(old.headers.cookie);
    expect(await statusOfMe(app, old)).toBe(401);
    expect(await statusOfMe(app, elsewhere)).toBe(200);
  });

  it('does not adopt a session that somebody else chose', async () => {
    const chosen = `rolecall=${'A'.repeat(43)}`;
    const answer = await signIn(app, ADMIN, { headers: { cookie: chosen } });
    expect(cookieOf(answer)).not.toBe(chosen);
    expect(await statusOfMe(app, { id: '', label: '', headers: { cookie: chosen } })).toBe(401);
  });
});

describe('where a change comes from', () => {
  const signOut = async (headers: Record<string, string>) => {
    const { cookie } = (await newSession(app)).headers;
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
