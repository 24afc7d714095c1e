import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ADMIN,
  UNLIMITED,
  cookieOf,
  cookiesOf,
  deviceOf,
  jarOf,
  signIn,
} from '../../test/support/sign-in.js';
import { type Answer, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { SignInTrace } from './sign-in-trace.js';

let count = 0;

describe('guessing', () => {
  let one: TestApp;
  let other: TestApp;
  beforeAll(async () => {
    const overrides = { trustProxy: 1, rateSignIn: UNLIMITED };
    one = await startTestApp({ overrides });
    // Servers of one installation share LiveKit's secret, which the counters are keyed with.
    const shared = { ...overrides, livekit: one.config.livekit };
    other = await startTestApp({ overrides: shared, database: one.database });
  });
  afterAll(async () => {
    await other.stop();
    await one.stop();
  });

  const servers = () => [one, other];
  let addresses = 0;
  const newAddress = () => `198.51.${(addresses >> 8) & 255}.${addresses++ & 255}`;
  const tryFrom = (address: string, body: object, cookie?: string, at = 0) =>
    signIn(servers()[at % 2]!, body, {
      headers: { 'x-forwarded-for': address, ...(cookie && { cookie }) },
    });
  const wait = ({ headers }: Answer) => Number(headers['retry-after']);
  /** Time must not pass by itself in a test on a slow machine: the waits do not end … */
  const hold = (keys = '%') =>
    one.sql(`UPDATE sign_in_guess SET free_at = free_at + interval '1 hour' WHERE key LIKE $1`, [
      keys,
    ]);
  /** … until this ends them. */
  const release = () => one.sql(`UPDATE sign_in_guess SET free_at = now() - interval '1 second'`);
  /** More than so many can have been let through in a time, one every five seconds. */
  const most = (free: number, started: number) =>
    free + 1 + Math.ceil((performance.now() - started) / 5_000);
  const refusals = async (label: string) =>
    (await one.ledger('operator.sign_in_refused')).filter((e) => e.actor_label === label);
  /** As if the next sum were due. */
  const sumUp = async () => {
    await one.sql(`UPDATE sign_in_refusal SET since = since - interval '1 minute'`);
    await Promise.all(servers().map((server) => server.app.get(SignInTrace).sumUp()));
  };
  async function newVictim() {
    const victim = { email: `victim-${count++}@example.com`, password: 'green kettles sing' };
    const { status } = await one.inject('POST', '/api/v1/operators', {
      as: one.admin,
      body: { ...victim, name: 'Vic', access: [] },
    });
    expect(status).toBe(201);
    return victim;
  }

  it('from one address waits longer and longer, on all servers together, and others sign in', async () => {
    const victim = await newVictim();
    const attacker = newAddress();
    const guess = (i: number) => tryFrom(attacker, { ...victim, password: `guess ${i}` }, '', i);
    for (let i = 0; i < 10; i++) expect((await guess(i)).status).toBe(401);
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const [row] = await one.sql<{ wait: number }>(
        `SELECT extract(epoch FROM free_at - expires_at + interval '1 hour')::int AS wait
         FROM sign_in_guess WHERE key LIKE $1`,
        [`% ${attacker}`],
      );
      waits.push(row!.wait);
      await hold(`% ${attacker}`);
      const answer = await guess(i);
      expect([answer.status, answer.body.code]).toEqual([429, 'auth.too_many_attempts']);
      expect(wait(answer)).toBeGreaterThan(3_000);
      await release();
      expect((await guess(i)).status).toBe(401);
    }
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
    await hold(`% ${attacker}`);
    expect((await guess(0)).status).toBe(429);
    // Nobody else waits, not even with another wrong guess.
    expect((await tryFrom(newAddress(), victim)).status).toBe(200);
  });

  it('from many addresses at once is slowed down, and a browser that has signed in gets through', async () => {
    const victim = await newVictim();
    const known = jarOf(await tryFrom(newAddress(), victim));
    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        tryFrom(newAddress(), { ...victim, password: `guess ${i}` }, undefined, i),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    const looked = statuses.filter((status) => status === 401).length;
    expect(looked).toBeGreaterThanOrEqual(20);
    expect(looked).toBeLessThanOrEqual(most(20, started));
    expect(statuses.filter((status) => status === 429)).toHaveLength(60 - looked);
    await hold();
    // From the address of an attacker as well, and from any other.
    const attacker = newAddress();
    await tryFrom(attacker, { ...victim, password: 'guess' });
    expect((await tryFrom(attacker, victim, known)).status).toBe(200);
    // Somebody new waits some seconds, and is not kept out.
    const stranger = newAddress();
    const asked = await tryFrom(stranger, victim);
    expect(asked.status).toBe(429);
    expect(wait(asked)).toBeLessThanOrEqual(3_600 + 5);
    await release();
    expect((await tryFrom(stranger, victim)).status).toBe(200);
  });

  it('is the same for an e-mail that nobody has', async () => {
    const nobody = { email: `nobody-${count++}@example.com`, password: 'guess' };
    const victim = await newVictim();
    const tell = async (body: object) => {
      const attacker = newAddress();
      const told: unknown[] = [];
      for (let i = 0; i < 12; i++) {
        if (i === 10) await hold();
        const answer = await tryFrom(attacker, body);
        const { status, code, title } = answer.body;
        told.push([status, code, title, cookiesOf(answer), wait(answer) > 0]);
      }
      await release();
      return told;
    };
    expect(await tell(nobody)).toEqual(await tell({ ...victim, password: 'guess' }));
  });

  it('with the cookie of a browser counts for that browser, wherever it is', async () => {
    const victim = await newVictim();
    const known = deviceOf(await tryFrom(newAddress(), victim));
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      if (i === 10) await hold();
      statuses.push((await tryFrom(newAddress(), { ...victim, password: 'x' }, known)).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.slice(-2)).toEqual([429, 429]);
    // The cookie of one account is nothing to another, and signs nobody in.
    const answer = await one.inject('GET', '/api/v1/me', { headers: { cookie: known } });
    expect(answer.status).toBe(401);
  });

  it('of neighbours behind one address does not keep a known browser out', async () => {
    const strict = await startTestApp({ overrides: { rateSignIn: { points: 5, seconds: 60 } } });
    try {
      const known = deviceOf(await signIn(strict, ADMIN));
      for (let i = 0; i < 5; i++) await signIn(strict, { email: `n${i}@x.example`, password: 'x' });
      expect((await signIn(strict, ADMIN)).status).toBe(429);
      const answer = await signIn(strict, ADMIN, { headers: { cookie: known } });
      expect(answer.status).toBe(200);
      // The old value is used up; two operators may share a browser.
      expect(deviceOf(answer)).not.toBe(known);
      expect((await signIn(strict, ADMIN, { headers: { cookie: known } })).status).toBe(429);
    } finally {
      await strict.stop();
    }
  });

  it('is forgotten once the password is right', async () => {
    const victim = await newVictim();
    const address = newAddress();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++) {
        expect((await tryFrom(address, { ...victim, password: 'x' })).status).toBe(401);
        await release();
      }
      expect((await tryFrom(address, victim)).status).toBe(200);
    }
  });

  it('leaves its first and a sum in the ledger, not each', async () => {
    const victim = await newVictim();
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        tryFrom(newAddress(), { ...victim, password: `guess ${i}` }, undefined, i),
      ),
    );
    const [first, ...more] = await refusals(victim.email);
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      outcome: 'refused',
      actor_kind: 'operator',
      payload: { via: 'sign_in' },
    });
    await sumUp();
    await sumUp();
    const sums = (await refusals(victim.email)).slice(1).map(({ payload }) => payload);
    expect(sums.length).toBeLessThanOrEqual(2);
    expect(sums[0]).toMatchObject({ because: 'more attempts', via: 'sign_in' });
    expect(sums.reduce((total, sum) => total + sum.attempts, 0)).toBe(39);
    expect(sums.reduce((total, sum) => total + sum.wrong + sum.slowed, 0)).toBe(39);
    expect(sums[0]!.addresses.length).toBeLessThanOrEqual(20);
    // What came before a sign-in that works is told before it.
    await tryFrom(newAddress(), { ...victim, password: 'again' });
    await release();
    expect((await tryFrom(newAddress(), victim)).status).toBe(200);
    const all = (await one.ledger()).filter((e) => e.actor_label === victim.email);
    expect(all.slice(-2).map((e) => e.kind)).toEqual([
      'operator.sign_in_refused',
      'operator.signed_in',
    ]);
  });

  it('writes down nothing that was typed as e-mail unless it is an operator’s', async () => {
    const typed = ['my secret password', 'x'.repeat(320), '<img src=x>@example.com'];
    const address = newAddress();
    for (const email of typed) await tryFrom(address, { email, password: 'x' });
    await tryFrom('not an address, my other password', { email: 'y', password: 'x' });
    await sumUp();
    const tables = ['ledger_entry', 'sign_in_limit', 'sign_in_guess', 'sign_in_refusal'];
    let stored = '';
    for (const table of tables) {
      const rows = await one.sql<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
      stored += rows.map(({ row }) => row).join('\n');
    }
    for (const text of [...typed, 'my other password']) expect(stored).not.toContain(text);
    const [entry, ...more] = (await one.ledger('operator.sign_in_refused'))
      .filter(({ actor_id, payload }) => actor_id === null && !payload.attempts)
      .slice(-2);
    expect(
      [entry, ...more].every((e) => /^unknown e-mail [0-9a-f]{12}$/.test(e!.actor_label)),
    ).toBe(true);
    expect(JSON.stringify(entry).length).toBeLessThan(600);
  });

  it('of the current password is slowed down and written down as well', async () => {
    const victim = await newVictim();
    const signedIn = await tryFrom(newAddress(), victim);
    const as = {
      id: '',
      label: '',
      headers: { cookie: cookieOf(signedIn), origin: one.config.publicUrl },
    };
    const change = (currentPassword: string, at = 0) =>
      servers()[at % 2]!.inject('PUT', '/api/v1/me/password', {
        as,
        body: { currentPassword, newPassword: 'purple kettles hum' },
      });
    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 72 }, (_, i) => change(`guess ${i}`, i)),
    );
    const statuses = answers.map(({ status }) => status);
    const looked = statuses.filter((status) => status === 400).length;
    expect(looked).toBeGreaterThanOrEqual(10);
    expect(looked).toBeLessThanOrEqual(most(10, started));
    expect(statuses.filter((status) => status === 429)).toHaveLength(72 - looked);
    expect(wait(answers.find(({ status }) => status === 429)!)).toBeGreaterThan(0);
    await sumUp();
    const entries = (await refusals(victim.email)).map(({ payload }) => payload);
    expect(new Set(entries.map(({ via }) => via))).toEqual(new Set(['password_change']));
    expect(entries.length).toBeLessThanOrEqual(3);
    expect(entries.reduce((total, { attempts = 1 }) => total + attempts, 0)).toBe(72);
    // Who stole a session keeps its owner neither from signing in nor from changing the password.
    const mine = await tryFrom(newAddress(), victim);
    expect(mine.status).toBe(200);
    await release();
    expect((await change(victim.password)).status).toBe(204);
  });
});
