import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN } from '../../test/support/sign-in.js';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { createApp } from '../create-app.js';
import { PRESETS } from '../grants/presets.js';
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
