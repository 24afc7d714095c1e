import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { parseConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import { AlarmWatch } from '../../src/alarms/alarm-watch.js';
import { startSealing } from '../../src/ledger/sealing/start-sealing.js';
import { FirstStart } from '../../src/start/first-start.js';
import type { LiveKitServer } from './livekit-server.js';
import { assertOwnChangesExplained } from './own-changes.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const ADMIN = { email: 'admin@localhost', password: 'correct horse battery' };

export interface Answer<T = never> {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are checked by expectations
  readonly body: [T] extends [never] ? any : T;
  readonly headers: Headers;
}

/** Somebody who is signed in. */
export interface Caller {
  readonly cookie: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** A whole Rolecall in this process, on a port of its own, with the first admin signed in. */
export interface LiveApp extends Caller {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly database: TestDatabase;
  /** Somebody else signs in, with this access role; their e-mail is `role@example.com`. */
  operator(role: string): Promise<Caller>;
  /** Straight at the tables: to set a scene, or to see what no route shows. */
  sql<T extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

export interface LiveAppOptions {
  readonly livekit?: LiveKitServer;
  /** Shared with another app; else one of its own, dropped at the end. */
  readonly database?: TestDatabase;
  readonly port?: number;
  readonly env?: Record<string, string>;
}

export async function startLiveApp(options: LiveAppOptions = {}): Promise<LiveApp> {
  const database = options.database ?? (await createTestDatabase());
  const port = options.port ?? (await freeTcpPort());
  const { livekit } = options;
  const config = parseConfig({
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: database.appUrl,
    DATABASE_MIGRATION_URL: database.ownerUrl,
    ROLECALL_HOME: database.home,
    ROLECALL_ADMIN_EMAIL: ADMIN.email,
    ROLECALL_ADMIN_PASSWORD: ADMIN.password,
    ROLECALL_LOG: 'error',
    ROLECALL_GATE: 'off',
    // Bare WebSockets stand in for people.
    ROLECALL_LURKERS: 'off',
    ...(livekit && {
      LIVEKIT_URL: livekit.url,
      LIVEKIT_API_KEY: livekit.apiKey,
      LIVEKIT_API_SECRET: livekit.apiSecret,
    }),
    ...options.env,
  });
  const app = await createApp(config);
  await app.get(FirstStart).prepare();
  startSealing(app);
  app.get(AlarmWatch).start();
  await app.listen({ host: '127.0.0.1', port });
  const url = `http://127.0.0.1:${port}`;

  const call = async (
    cookie: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        cookie,
        origin: url,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      body: isJson && text ? JSON.parse(text) : text,
      headers: response.headers,
    };
  };
  const signIn = async (credentials: typeof ADMIN): Promise<Caller> => {
    const { headers: answered } = await call('', 'POST', '/api/v1/session', credentials);
    const cookie = answered.get('set-cookie')?.split(';', 1)[0] ?? '';
    return {
      cookie,
      get: (path) => call(cookie, 'GET', path),
      post: (path, body = {}, headers = {}) => call(cookie, 'POST', path, body, headers),
      send: (method, path, body) => call(cookie, method, path, body),
    };
  };
  const admin = await signIn(ADMIN);
  // Not the server's own: what a test writes past it is named in the ledger.
  const pool = new pg.Pool({
    connectionString: database.appUrl,
    application_name: 'test',
    connectionTimeoutMillis: 3_000,
    max: 2,
  });
  pool.on('error', () => undefined); // tests that kill Postgres cut idle connections

  return {
    ...admin,
    url,
    app,
    database,
    operator: async (role) => {
      const credentials = { email: `${role}@example.com`, password: 'battery staple horse' };
      await admin.post('/api/v1/operators', { ...credentials, name: role, access: [{ role }] });
      return signIn(credentials);
    },
    sql: async <T extends object>(text: string, values: unknown[] = []) => {
      const { rows } = await pool.query(text, values);
      return rows as T[];
    },
    stop: async () => {
      await app.close();
      try {
        await assertOwnChangesExplained(async (text) => (await pool.query(text)).rows);
      } finally {
        await pool.end();
        if (!options.database) await database.drop();
      }
    },
  };
}
