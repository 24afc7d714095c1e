import { expect } from '@jest/globals';
import {
  ADMIN_PASSWORD,
  type Answer,
  type Credential,
  type InjectOptions,
  startTestApp,
  type TestApp,
} from './test-app.js';

export const ADMIN = { email: 'admin@example.com', password: ADMIN_PASSWORD };
/** For tests that sign in often and are not about the limit. */
export const UNLIMITED = { points: 100_000, seconds: 60 };

export const startSignInApp = () => startTestApp({ overrides: { rateSignIn: UNLIMITED } });

export const signIn = (app: TestApp, body: object, options: InjectOptions = {}) =>
  app.inject('POST', '/api/v1/session', { body, ...options });

export const cookiesOf = ({ headers }: Answer) => [headers['set-cookie'] ?? []].flat().map(String);
export const cookieOf = (answer: Answer) => cookiesOf(answer)[0]!.split(';', 1)[0]!;
/** All that a browser keeps, as it sends it back. */
export const jarOf = (answer: Answer) =>
  cookiesOf(answer)
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');
export const deviceOf = (answer: Answer) =>
  cookiesOf(answer)
    .find((cookie) => cookie.includes('-device='))!
    .split(';', 1)[0]!;

/** A browser that has signed in. */
export async function newSession(app: TestApp, { email, password } = ADMIN): Promise<Credential> {
  const answer = await signIn(app, { email, password });
  expect(answer.status).toBe(200);
  return {
    id: answer.body.operator.id,
    label: answer.body.operator.email,
    headers: { cookie: cookieOf(answer), origin: app.config.publicUrl },
  };
}

export const me = (app: TestApp, as: Credential) => app.inject('GET', '/api/v1/me', { as });
export const statusOfMe = async (app: TestApp, as: Credential) => (await me(app, as)).status;

let count = 0;

/** An operator with a password. */
export async function newPerson(
  app: TestApp,
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
