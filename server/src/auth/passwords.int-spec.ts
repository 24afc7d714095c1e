import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newPerson, newSession, startSignInApp } from '../../test/support/sign-in.js';
import { type Answer, type Json, type TestApp } from '../../test/support/test-app.js';
import { Passwords } from '../credentials/passwords.js';

let app: TestApp;
beforeAll(async () => {
  app = await startSignInApp();
});
afterAll(() => app?.stop());

let count = 0;

describe('hashing passwords', () => {
  it('takes turns by operator, and those who are known do not wait for strangers', async () => {
    const passwords = app.app.get(Passwords);
    const order: string[] = [];
    const hash = async (name: string, key: string, isKnown: boolean) => {
      await passwords.hash('some password', { key, isKnown });
      order.push(name);
    };
    await Promise.all([
      ...Array.from({ length: 20 }, () => hash('flood', 'one', true)),
      ...Array.from({ length: 20 }, () => hash('stranger', '192.0.2.1', false)),
      hash('operator', 'two', true),
      hash('newcomer', '192.0.2.2', false),
    ]);
    const before = (name: string, of: string) =>
      order.slice(0, order.indexOf(name)).filter((other) => other === of).length;
    expect(before('operator', 'flood')).toBeLessThanOrEqual(3);
    expect(before('newcomer', 'stranger')).toBeLessThanOrEqual(3);
  });

  it('tells too many of one kind to come back, and takes the next ones again', async () => {
    const passwords = app.app.get(Passwords);
    const turn = { key: 'one', isKnown: true };
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, () => passwords.hash('some password', turn)),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(7);
    expect((refused[0] as PromiseRejectedResult).reason).toMatchObject({ code: 'auth.busy' });
    expect(await passwords.hash('some password', turn)).toMatch(/^\$argon2id/);
  });
});

describe('a password that is guessed first', () => {
  const weak = 'password1234';
  it.each<[string, string, () => Promise<Answer<Json>>]>([
    [
      'of a new operator',
      'password',
      () =>
        app.inject('POST', '/api/v1/operators', {
          as: app.admin,
          body: { email: `weak-${count++}@example.com`, name: 'W', password: weak, access: [] },
        }),
    ],
    [
      'that an admin sets',
      'password',
      async () => {
        const { id } = await newPerson(app);
        return app.inject('PUT', `/api/v1/operators/${id}`, {
          as: app.admin,
          body: { password: weak },
        });
      },
    ],
    [
      'that somebody sets themselves',
      'newPassword',
      async () => {
        const person = await newPerson(app);
        return app.inject('PUT', '/api/v1/me/password', {
          as: await newSession(app, person),
          body: { currentPassword: person.password, newPassword: weak },
        });
      },
    ],
    [
      'that is the own e-mail',
      'password',
      () =>
        app.inject('POST', '/api/v1/operators', {
          as: app.admin,
          body: {
            email: 'jane.smithson@example.com',
            name: 'J',
            password: 'jane.smithson',
            access: [],
          },
        }),
    ],
  ])('%s is refused by name', async (_, field, send) => {
    const { status, body } = await send();
    expect([status, body.code, Object.keys(body.errors)]).toEqual([
      400,
      'auth.weak_password',
      [field],
    ]);
  });
});
