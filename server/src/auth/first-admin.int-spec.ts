import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ADMIN } from '../../test/support/sign-in.js';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { AppLogger } from '../common/app-logger.js';
import { AppError } from '../common/errors/app-error.js';
import { createApp } from '../create-app.js';
import { Passwords } from '../credentials/passwords.js';
import { PRESETS } from '../grants/presets.js';
import { Transactions } from '../ledger/transactions.js';
import { FirstStart } from '../start/first-start.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

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

  it('is told their password though the answer to the commit is lost, and else how to set one', async () => {
    const database = await createTestDatabase();
    const config = { ...app.config, databaseUrl: database.appUrl, adminPassword: null };
    const one = await createApp(config);
    try {
      await one.init();
      const transactions = one.get(Transactions);
      const run = transactions.run.bind(transactions);
      let lost = 0;
      jest.spyOn(transactions, 'run').mockImplementation(async (work) => {
        const result = await run(work);
        if (result === true && lost++ === 0) {
          throw new AppError('unavailable', 'database.unavailable', 'Connection terminated');
        }
        return result;
      });
      const made = await one.get(FirstStart).prepare();
      expect(lost).toBeGreaterThan(0);
      // Older than the start that made them, as a later start finds them.
      const { rows } = await transactions.run((tx) =>
        tx.query<{ password_hash: string }>(
          `UPDATE operator SET created_at = now() - interval '1 hour' RETURNING password_hash`,
        ),
      );
      expect(rows).toHaveLength(1);
      const requester = { key: 'test', isKnown: true };
      const hash = rows[0]?.password_hash ?? '';
      expect(await one.get(Passwords).verify(hash, made?.password ?? '', requester)).toBe(true);

      const said = jest.spyOn(one.get(AppLogger), 'log');
      expect(await one.get(FirstStart).prepare()).toBeNull();
      expect(said.mock.calls.flat().join()).toContain(
        `operators password --email ${config.adminEmail}`,
      );
    } finally {
      await one.close();
      await database.drop();
    }
  });

  it('does not get a password that is guessed first', async () => {
    const database = await createTestDatabase();
    const config = { ...app.config, databaseUrl: database.appUrl, adminPassword: 'password1234' };
    const one = await createApp(config);
    try {
      await one.init();
      await expect(one.get(FirstStart).prepare()).rejects.toThrow(/ROLECALL_ADMIN_PASSWORD is one/);
    } finally {
      await one.close();
      await database.drop();
    }
  });
});
