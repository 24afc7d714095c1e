import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asSuperuser, type TestPostgresFacts } from '../../../tools/lib/test-postgres.mjs';
import { parseConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import { PgPool } from '../../src/database/pg-pool.js';
import { EventFeed } from '../../src/events/event-feed.js';
import { Hints } from '../../src/hints/hints.js';
import { migrate } from '../../src/migrate.js';
import { SweepLock } from '../../src/reconciler/sweep-lock.js';
import {
  describeWithPoolers,
  type PgBouncer,
  startPgBouncer,
  startSystemPostgres,
  type SystemPostgres,
} from '../support/system-postgres.js';
import { ADMIN_PASSWORD, startTestApp, type TestApp } from '../support/test-app.js';
import type { TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

/** What a database or a role of somebody else's may have as its defaults. */
const DEFAULTS = {
  DateStyle: "'SQL, DMY'",
  IntervalStyle: 'sql_standard',
  TimeZone: "'Pacific/Auckland'",
  search_path: '"$user", elsewhere',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  jit: 'on',
  jit_above_cost: '0',
  idle_session_timeout: "'3s'",
};

interface Server {
  readonly port: number;
  readonly superuserUrl: string;
}

const [owner, application] = ['surroundings_owner', 'surroundings_app'];
const password = 'p@ss/word#1';

function urlOf(port: number, user: string, database: string): string {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

const embedded = async (): Promise<Server & { stop(): Promise<void> }> => {
  const { superuserUrl } = JSON.parse(process.env['TEST_PG'] as string) as TestPostgresFacts;
  return { superuserUrl, port: Number(new URL(superuserUrl).port), stop: async () => undefined };
};

describeWithPoolers('Postgres as others run it', () => {
  describe.each([
    ['the embedded Postgres', embedded],
    ['the Postgres of the system', (): Promise<SystemPostgres> => startSystemPostgres()],
  ])('%s', (_, startServer) => {
    let server: Server & { stop(): Promise<void> };
    const bouncers = new Map<string, PgBouncer>();

    beforeAll(async () => {
      server = await startServer();
      await asSuperuser(server.superuserUrl, [
        `CREATE ROLE ${owner} LOGIN PASSWORD '${password}'`,
        `CREATE ROLE ${application} LOGIN PASSWORD '${password}'`,
      ]);
      for (const mode of ['session', 'transaction', 'statement'] as const) {
        const users = { [application]: password, [owner]: password };
        bouncers.set(mode, await startPgBouncer(mode, server.port, users));
      }
    });
    afterAll(async () => {
      for (const bouncer of bouncers.values()) await bouncer.stop();
      if (server) {
        await asSuperuser(server.superuserUrl, [
          `DROP ROLE IF EXISTS ${application}`,
          `DROP ROLE IF EXISTS ${owner}`,
        ]);
        await server.stop();
      }
    });

    const portOf = (way: string) => bouncers.get(way)?.port ?? server.port;

    const createDatabase = async (way: string): Promise<TestDatabase> => {
      const name = `surroundings_${randomUUID().replaceAll('-', '')}`;
      await asSuperuser(server.superuserUrl, [
        `CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'`,
        ...Object.entries(DEFAULTS).map(
          ([setting, value]) => `ALTER DATABASE ${name} SET ${setting} = ${value}`,
        ),
      ]);
      await migrate(urlOf(portOf(way), owner, name), urlOf(portOf(way), application, name));
      const ownerUrl = `${urlOf(server.port, owner, name)}?options=-c%20search_path%3Dpublic`;
      const home = mkdtempSync(join(tmpdir(), 'rolecall-test-home-'));
      return {
        ownerUrl,
        home,
        appUrl: urlOf(portOf(way), application, name),
        asOwner: (...statements) => asSuperuser(ownerUrl, statements),
        drop: async () => {
          await asSuperuser(server.superuserUrl, [`DROP DATABASE ${name} WITH (FORCE)`]);
          rmSync(home, { recursive: true, force: true });
        },
      };
    };

    const sessionUrlOf = (database: TestDatabase) => {
      const url = new URL(database.appUrl);
      url.port = String(server.port);
      return url.href;
    };

    describe.each(['directly', 'session', 'transaction'])('reached %s', (way) => {
      let database: TestDatabase;
      let test: TestApp;
      let other: TestApp;

      beforeAll(async () => {
        database = await createDatabase(way);
        const environment: Record<string, string> =
          way === 'transaction' ? { DATABASE_SESSION_URL: sessionUrlOf(database) } : {};
        test = await startTestApp({ database, environment });
        other = await startTestApp({ database, environment });
      });
      afterAll(async () => {
        await other?.stop();
        await test?.stop();
        await database?.drop();
      });

      it('issues tokens, each in one round trip or two, and reads times as they are', async () => {
        const room = await test.newRoom();
        const took: number[] = [];
        for (let n = 0; n < 8; n++) {
          const before = Date.now();
          const answer = await test.inject('POST', '/api/v1/tokens', {
            as: test.admin,
            body: { room, identity: `ana-${n}`, template: 'speaker', createUser: true },
          });
          took.push(Date.now() - before);
          expect(answer.status).toBe(201);
          expect(Math.abs(Date.parse(answer.body.expiresAt) - Date.now() - 600_000)).toBeLessThan(
            60_000,
          );
        }
        // Compiling the plan of a token takes seconds.
        expect(Math.min(...took)).toBeLessThan(500);
        const users = await test.inject('GET', '/api/v1/users?sort=["createdAt","DESC"]', {
          as: test.admin,
        });
        expect(users.body).toHaveLength(8);
        for (const user of users.body) {
          expect(Math.abs(Date.parse(user.createdAt) - Date.now())).toBeLessThan(120_000);
        }
        const ledger = await test.inject('GET', '/api/v1/ledger?limit=5', { as: test.admin });
        for (const { at } of ledger.body.data) {
          expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(120_000);
        }
        // With array_nulls = off, what an entry does not have is the text NULL.
        const texts = await test.sql(
          `SELECT kind FROM ledger_entry
           WHERE 'NULL' IN (actor_id, room, identity, request_id, ip, reason)`,
        );
        expect(texts).toEqual([]);
      });

      it('serves many requests at once, on fewer sessions than there are clients', async () => {
        const room = await test.newRoom();
        const answers = await Promise.all(
          Array.from({ length: 16 }, (_, n) =>
            (n % 2 === 0 ? test : other).inject('POST', '/api/v1/tokens', {
              as: test.admin,
              body: { room, identity: `crowd-${n}`, template: 'viewer', createUser: true },
            }),
          ),
        );
        expect(new Set(answers.map(({ status, text }) => (status === 201 ? '' : text)))).toEqual(
          new Set(['']),
        );
        // Postgres ends no session of the pool in the moment that a request takes it.
        const { rows } = await test.app
          .get(PgPool)
          .query('idle', `SELECT current_setting('idle_session_timeout') AS timeout`);
        expect(rows).toEqual([{ timeout: '0' }]);
      });

      it('tells the other server what has changed, also after a time without any news', async () => {
        const heard: string[] = [];
        const stop = other.app.get(EventFeed).listen((events) => {
          heard.push(...events.map(({ topic }) => topic));
        });
        const topic = `room:${randomUUID()}`;
        test.app.get(Hints).publish([{ topic, type: 'policy', key: null }]);
        await until('the other server hears of it', () => heard.includes(topic));
        stop();
      });

      it('lets one server sweep', async () => {
        const locks = [test.app.get(SweepLock), other.app.get(SweepLock)];
        const held = [];
        for (const lock of locks) held.push(await lock.hold());
        expect(held.filter(Boolean)).toHaveLength(1);
      });
    });

    it('does not start on a pooler by transactions alone, and says what to do', async () => {
      const database = await createDatabase('transaction');
      const start = (more: Record<string, string> = {}) =>
        createApp(
          parseConfig({
            DATABASE_URL: database.appUrl,
            ROLECALL_ADMIN_PASSWORD: ADMIN_PASSWORD,
            ROLECALL_LOG: 'silent',
            ...more,
          }),
        );
      await expect(start()).rejects.toThrow(/set DATABASE_SESSION_URL to the address of Postgres/);
      await expect(start({ DATABASE_SESSION_URL: database.appUrl })).rejects.toThrow(
        /DATABASE_SESSION_URL leads to a pooler/,
      );
      const byStatement = new URL(database.appUrl);
      byStatement.port = String(portOf('statement'));
      await expect(start({ DATABASE_URL: byStatement.href })).rejects.toThrow(
        /pool_mode = statement/,
      );
      await database.drop();
    });
  });
});
