import { describe, expect, it, jest } from '@jest/globals';
import { ADMIN, signIn } from '../../test/support/sign-in.js';
import { startTestApp } from '../../test/support/test-app.js';

describe('the limit of sign-ins', () => {
  const wrong = (i: number) => ({ email: `guess-${i}@example.com`, password: 'guess' });

  it('lets one address try 30 times a minute, whatever it says of where it comes from', async () => {
    const strict = await startTestApp();
    try {
      for (let i = 0; i < 30; i++) {
        const headers = { 'x-forwarded-for': `10.0.0.${i}`, 'x-real-ip': `10.0.1.${i}` };
        expect((await signIn(strict, wrong(i), { headers })).status).toBe(401);
      }
      for (const body of [wrong(31), ADMIN]) {
        const answer = await signIn(strict, body, { headers: { 'x-forwarded-for': '10.9.9.9' } });
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
        found.push((await signIn(behind, wrong(i), { headers })).status);
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

  it('are counted by the clock of Postgres, whatever the clock of the server says', async () => {
    const limited = await startTestApp({ overrides: { rateSignIn: { points: 1, seconds: 60 } } });
    const dayAhead = new Date().getTime() + 86_400_000;
    const ahead = jest.spyOn(Date, 'now').mockReturnValue(dayAhead);
    try {
      expect((await signIn(limited, wrong(1))).status).toBe(401);
      ahead.mockRestore();
      const { status, headers } = await signIn(limited, wrong(2));
      expect([status, Number(headers['retry-after']) <= 60]).toEqual([429, true]);
    } finally {
      ahead.mockRestore();
      await limited.stop();
    }
  });
});
