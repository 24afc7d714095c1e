import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import type { Actor } from '../../src/actor/actor.js';
import { newSecret, secretHash } from '../../src/credentials/secrets.js';
import { cookieName } from '../../src/auth/session-cookie.js';
import { type AppConfig, parseConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import { type Hint, Hints } from '../../src/hints/hints.js';
import { AlarmWatch } from '../../src/alarms/alarm-watch.js';
import { startSealing } from '../../src/ledger/sealing/start-sealing.js';
import { FirstStart } from '../../src/start/first-start.js';
import { assertOwnChangesExplained, BY_SQL } from './own-changes.js';
import { WHOLE_PAYLOAD } from './ledger-sql.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const ADMIN_PASSWORD = 'correct horse battery';

/** Who sends a request: an operator's cookie (with our own Origin) or an API key. */
export interface Credential {
  readonly id: string;
  readonly label: string;
  readonly headers: Record<string, string>;
}

export interface InjectOptions {
  as?: Credential;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer<T = Record<string, never>> {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  /** Parsed JSON; undefined when there is none. */
  body: T;
  text: string;
}

/** What tests look at; every field of a record, and of a problem document. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

export interface LedgerRow {
  seq: number;
  kind: string;
  outcome: string;
  actor_kind: Actor['kind'];
  actor_id: string | null;
  actor_label: string;
  room: string | null;
  identity: string | null;
  request_id: string | null;
  reason: string | null;
  payload: Record<string, Json>;
}

export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly config: AppConfig;
  readonly database: TestDatabase;
  /** As the owner: for what a test arranges or checks behind the app's back. */
  readonly sql: <R extends object = Record<string, Json>>(
    text: string,
    values?: unknown[],
  ) => Promise<R[]>;
  /** The first admin. */
  readonly admin: Credential;
  /** Every hint that was published, oldest first. */
  readonly hints: Hint[];
  inject<T = Json>(method: string, url: string, options?: InjectOptions): Promise<Answer<T>>;
  newOperator(access?: { role: string; rooms?: string[] | null }[]): Promise<Credential>;
  newApiKey(
    permissions: string[],
    options?: { rooms?: string[] | null; ceiling?: object | null },
  ): Promise<Credential>;
  newUser(
    fields?: Partial<{ identity: string; name: string; is_suspended: boolean }>,
  ): Promise<{ id: string; identity: string; name: string }>;
  newRoom(fields?: { name?: string } & Record<string, unknown>): Promise<string>;
  /** A template with one published version; answers with its key. */
  newTemplate(grants: object): Promise<string>;
  newAssignment(fields: Record<string, unknown>): Promise<string>;
  /** Entries oldest first, of one kind or of all; those of the test's own SQL only by their kind. */
  ledger(kind?: string): Promise<LedgerRow[]>;
  stop(): Promise<void>;
}

/**
 * The whole app on a database of its own, started as `main` does, not listening. Without overrides
 * it has no LiveKit server.
 */
export async function startTestApp(
  options: {
    overrides?: Partial<AppConfig>;
    environment?: Record<string, string>;
    /** Instead of one of its own; whoever made it drops it. */
    database?: TestDatabase;
  } = {},
): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const config: AppConfig = {
    ...parseConfig({
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      ROLECALL_HOME: database.home,
      ROLECALL_ADMIN_EMAIL: 'admin@example.com',
      ROLECALL_ADMIN_PASSWORD: ADMIN_PASSWORD,
      ROLECALL_LOG: 'error',
      ...options.environment,
    }),
    ...options.overrides,
  };
  const app = await createApp(config);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await app.get(FirstStart).prepare();
  startSealing(app);
  app.get(AlarmWatch).start();
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  owner.on('error', () => undefined); // tests that kill Postgres cut idle connections
  const hints: Hint[] = [];
  app.get(Hints).listen((heard) => hints.push(...heard));

  const sql = async <R extends object>(text: string, values: unknown[] = []) =>
    (await owner.query(text, values)).rows as R[];

  const insert = async (table: string, fields: Record<string, unknown>, returning: string) => {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const columns = given.map(([column]) => `"${column}"`).join(', ');
    const places = given.map((_, i) => `$${i + 1}`).join(', ');
    const [row] = await sql<Record<string, string>>(
      `INSERT INTO ${table} (${columns}) VALUES (${places}) RETURNING ${returning}`,
      given.map(([, value]) => value),
    );
    return row?.[returning] as string;
  };

  const signIn = async (id: string, label: string): Promise<Credential> => {
    const secret = newSecret();
    await sql(
      `INSERT INTO operator_session (operator_id, token_hash, expires_at)
       VALUES ($1, $2, now() + interval '1 hour')`,
      [id, secretHash(secret)],
    );
    const cookie = `${cookieName(config.publicUrl)}=${secret}`;
    return { id, label, headers: { cookie, origin: config.publicUrl } };
  };

  const [first] = await sql<{ id: string; email: string }>('SELECT id, email FROM operator');
  if (!first) throw new Error('the first start made no admin');

  return {
    app,
    config,
    database,
    sql,
    hints,
    admin: await signIn(first.id, first.email),

    async inject<T>(method: string, url: string, { as, body, headers }: InjectOptions = {}) {
      const response = await app.inject({
        method: method as 'GET',
        url,
        headers: {
          ...as?.headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : {
              payload:
                typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
            }),
      });
      const text = response.body;
      const isJson = /[/+]json/.test(String(response.headers['content-type'] ?? ''));
      return {
        status: response.statusCode,
        headers: response.headers,
        body: (isJson && text !== '' ? JSON.parse(text) : undefined) as T,
        text,
      };
    },

    async newOperator(access = [{ role: 'admin' }]) {
      const email = `${randomUUID()}@example.com`;
      const id = await insert('operator', { email, email_key: email, name: 'Somebody' }, 'id');
      for (const { role, rooms = null } of access) {
        await insert('operator_access', { operator_id: id, role, rooms }, 'id');
      }
      return signIn(id, email);
    },

    async newApiKey(permissions, { rooms = null, ceiling = null } = {}) {
      const key = `rck_${newSecret()}`;
      const name = `key ${key.slice(4, 10)}`;
      const id = await insert(
        'api_key',
        {
          name,
          prefix: key.slice(0, 10),
          key_hash: secretHash(key),
          permissions,
          rooms,
          ceiling: ceiling && JSON.stringify(ceiling),
          created_by_label: 'test',
        },
        'id',
      );
      return { id, label: name, headers: { authorization: `Bearer ${key}` } };
    },

    async newUser(fields = {}) {
      const identity = fields.identity ?? `user-${randomUUID()}`;
      const name = fields.name ?? 'Ana';
      const id = await insert('app_user', { ...fields, identity, name }, 'id');
      return { id, identity, name };
    },

    newRoom: (fields = {}) =>
      insert('room', { ...fields, name: fields.name ?? `room-${randomUUID()}` }, 'name'),

    async newTemplate(grants) {
      const key = `t-${randomUUID()}`;
      await insert('role_template', { key, name: key, published: 1 }, 'key');
      const version = { template: key, version: 1, grants: JSON.stringify(grants) };
      await insert(
        'role_template_version',
        { ...version, message: 'test', published_by_label: 'test' },
        'template',
      );
      return key;
    },

    newAssignment: (fields) => insert('assignment', { created_by_label: 'test', ...fields }, 'id'),

    ledger: (kind) =>
      sql<LedgerRow>(
        `SELECT shard, seq::int, kind, outcome, actor_kind, actor_id, actor_label, room, identity,
           request_id, reason, ${WHOLE_PAYLOAD}
         FROM ledger_entry WHERE CASE WHEN $1::text IS NULL THEN kind <> '${BY_SQL}'
           ELSE kind = $1 END ORDER BY at, shard, seq`,
        [kind ?? null],
      ),

    async stop() {
      await app.close();
      try {
        await assertOwnChangesExplained(sql);
      } finally {
        await owner.end();
        if (!options.database) await database.drop();
      }
    },
  };
}
