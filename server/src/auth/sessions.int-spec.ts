import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { whileHeld } from '../../test/support/held-row.js';
import {
  ADMIN,
  cookiesOf,
  newPerson,
  newSession,
  signIn,
  startSignInApp,
  statusOfMe,
} from '../../test/support/sign-in.js';
import {
  type Answer,
  type Credential,
  type Json,
  type TestApp,
} from '../../test/support/test-app.js';
import { PERMISSIONS } from '../actor/permissions.js';
import { secretHash } from '../credentials/secrets.js';

let app: TestApp;
beforeAll(async () => {
  app = await startSignInApp();
});
afterAll(() => app?.stop());

describe('a session', () => {
  it('is dead on the server after signing out', async () => {
    const session = await newSession(app);
    const answer = await app.inject('DELETE', '/api/v1/session', { as: session });
    expect(answer.status).toBe(204);
    expect(cookiesOf(answer)).toEqual([
      expect.stringMatching(/^rolecall=; .*Max-Age=0/),
      expect.stringMatching(/^rolecall-3000=; .*Max-Age=0/),
    ]);
    expect(await statusOfMe(app, session)).toBe(401);
  });

  it.each([
    ['eight hours without a request', `last_seen_at = now() - interval '8 hours 1 second'`],
    ['seven days in any case', `expires_at = now() - interval '1 second'`],
  ])('ends after %s', async (_, change) => {
    const session = await newSession(app);
    const hash = secretHash(session.headers.cookie!.split('=')[1]!);
    await app.sql(`UPDATE operator_session SET ${change} WHERE token_hash = $1`, [hash]);
    expect(await statusOfMe(app, session)).toBe(401);
  });

  it('lives on while it is used, but never past seven days', async () => {
    const session = await newSession(app);
    const hash = secretHash(session.headers.cookie!.split('=')[1]!);
    const [row] = await app.sql(
      `UPDATE operator_session SET last_seen_at = now() - interval '7 hours' WHERE token_hash = $1
       RETURNING expires_at > now() + interval '7 days' AS is_too_long`,
      [hash],
    );
    expect(row).toEqual({ is_too_long: false });
    expect(await statusOfMe(app, session)).toBe(200);
  });

  it('ends at once when its operator is disabled, and stays dead when they are enabled again', async () => {
    const person = await newPerson(app, [{ role: 'moderator' }]);
    const session = await newSession(app, person);
    const set = (isDisabled: boolean) =>
      app.inject('PUT', `/api/v1/operators/${person.id}`, { as: app.admin, body: { isDisabled } });
    expect((await set(true)).status).toBe(200);
    expect(await statusOfMe(app, session)).toBe(401);
    expect((await set(false)).status).toBe(200);
    expect(await statusOfMe(app, session)).toBe(401);
    await newSession(app, person);
  });

  it('loses its permissions with the next request when an access role is taken away', async () => {
    const person = await newPerson(app, [{ role: 'admin' }]);
    const session = await newSession(app, person);
    const list = () => app.inject('GET', '/api/v1/operators', { as: session });
    expect((await list()).status).toBe(200);
    await app.inject('PUT', `/api/v1/operators/${person.id}`, {
      as: app.admin,
      body: { access: [] },
    });
    expect((await list()).status).toBe(403);
  });

  it('ends, and every other one of theirs, when an admin sets a new password', async () => {
    const person = await newPerson(app);
    const session = await newSession(app, person);
    const password = 'set by the admin';
    await app.inject('PUT', `/api/v1/operators/${person.id}`, {
      as: app.admin,
      body: { password },
    });
    expect(await statusOfMe(app, session)).toBe(401);
    const { email } = person;
    expect((await signIn(app, { email, password: person.password })).status).toBe(401);
    expect((await signIn(app, { email, password })).status).toBe(200);
  });
});

describe('while a password is checked', () => {
  /** An admin changes the operator; `work` has begun before that counts. */
  const changedBefore = async (id: string, body: object, work: () => Promise<Answer>) => {
    const path = `/api/v1/operators/${id}`;
    const change = () => app.inject('PUT', path, { as: app.admin, body });
    const operator = 'SELECT FROM operator WHERE id = $1';
    const [changed, done] = await whileHeld(app, operator, [id], [change, work]);
    expect(changed?.status).toBe(200);
    return done as Answer<Json>;
  };

  it.each([{ password: 'set by the admin' }, { isDisabled: true }])(
    'a sign-in that an admin ends by %j opens no session',
    async (body) => {
      const { id, email, password } = await newPerson(app);
      const answer = await changedBefore(id, body, () => signIn(app, { email, password }));
      expect(answer).toMatchObject({ status: 401, body: { code: 'auth.wrong_credentials' } });
      expect(cookiesOf(answer)).toEqual([]);
    },
  );

  it('their own change does not replace the password that an admin sets', async () => {
    const person = await newPerson(app);
    const session = await newSession(app, person);
    const answer = await changedBefore(person.id, { password: 'set by the admin' }, () =>
      app.inject('PUT', '/api/v1/me/password', {
        as: session,
        body: { currentPassword: person.password, newPassword: 'a better password' },
      }),
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'auth.wrong_password' } });
    const { email } = person;
    expect((await signIn(app, { email, password: 'set by the admin' })).status).toBe(200);
  });
});

describe('changing the own password', () => {
  const change = (as: Credential, body: object) =>
    app.inject('PUT', '/api/v1/me/password', { as, body });

  it('needs the current one, ends the other sessions, and keeps this one', async () => {
    const person = await newPerson(app);
    const [here, elsewhere] = [await newSession(app, person), await newSession(app, person)];
    const newPassword = 'a better password';
    const wrong = await change(here, { currentPassword: 'not this one', newPassword });
    expect([wrong.status, Object.keys(wrong.body.errors)]).toEqual([400, ['currentPassword']]);
    expect(await statusOfMe(app, elsewhere)).toBe(200);

    expect((await change(here, { currentPassword: person.password, newPassword })).status).toBe(
      204,
    );
    expect(await statusOfMe(app, here)).toBe(200);
    expect(await statusOfMe(app, elsewhere)).toBe(401);
    expect((await signIn(app, { email: person.email, password: person.password })).status).toBe(
      401,
    );
    expect((await signIn(app, { email: person.email, password: newPassword })).status).toBe(200);
  });

  it('refuses a short one, and an API key has none', async () => {
    const session = await newSession(app);
    const short = await change(session, { currentPassword: ADMIN.password, newPassword: 'short' });
    expect([short.status, Object.keys(short.body.errors)]).toEqual([400, ['newPassword']]);
    const key = await app.newApiKey(Object.keys(PERMISSIONS));
    const body = { currentPassword: ADMIN.password, newPassword: 'a better password' };
    expect((await change(key, body)).status).toBe(403);
  });
});
