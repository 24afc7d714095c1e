import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

it('a household with many IPv6 addresses takes the turns of one at the public tiles', async () => {
  const ask = async (remoteAddress: string) =>
    (await app.app.inject({ method: 'GET', url: '/ledger/tile/0/000', remoteAddress })).statusCode;
  const many = Array.from({ length: 300 }, (_, i) => ask(`2001:db8:0:1::${(i + 1).toString(16)}`));
  const other = ask('2001:db8:0:2::1');
  const statuses = await Promise.all(many);
  // Fifty of one network wait; the others are told to come back.
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(100);
  expect(await other).not.toBe(503);
});
