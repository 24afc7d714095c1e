import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Post, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import {
  type Answer,
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { AppModule } from '../app.module.js';
import { newSecret, secretHash } from '../credentials/secrets.js';
import { cookieName } from '../auth/session-cookie.js';
import { createAdapter } from '../configure-app.js';
import { describeRule } from './openapi.js';
import { RequirePermission } from '../actor/access.decorators.js';
import { PERMISSIONS, type Permission } from '../actor/permissions.js';
import { readRoutes } from './route-table.js';

/** Not a Jest snapshot: it is read by people, and a diff in it is reviewed by them. */
const ROUTE_TABLE = join(import.meta.dirname, '../../test/routes.snapshot.txt');
const ROUTE_TABLE_HEAD = `# Every route and who may use it. A diff here changes who can reach what: review it as a change of
# permissions. After a change on purpose: UPDATE_ROUTES=1 with the test that reads this file.
`;

interface Operation {
  method: string;
  path: string;
  access: string;
  /** Null when being signed in is enough. */
  permission: Permission | null;
  isMutating: boolean;
}

let app: TestApp;
let operations: Operation[];
let document: Json;

beforeAll(async () => {
  app = await startTestApp({ overrides: { rateOperator: { points: 100_000, seconds: 10 } } });
  document = (await app.inject('GET', '/api/openapi.json')).body;
  operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => {
      const access = operation['x-access'] as string;
      return {
        method: method.toUpperCase(),
        path,
        access,
        permission: (/^permission (\S+)/.exec(access)?.[1] ?? null) as Permission | null,
        isMutating: !['get', 'head'].includes(method),
      };
    }),
  );
});
afterAll(() => app.stop());

const isGuarded = ({ access }: Operation) => !access.startsWith('public');
/** Participants send no cookie: for them the origin says nothing, and the token everything. */
const isForSessions = (operation: Operation) =>
  isGuarded(operation) && !operation.access.startsWith('participant');

/** Something in every place of the path. */
function urlOf({ path }: Pick<Operation, 'path'>, value = 'nothing-like-it'): string {
  return path.replace(/\{\w+\}/g, value);
}

/** What a caller may send that is wrong in itself. None of it may be looked at before who they are. */
const GARBAGE: { url?: string; body?: string; headers?: Record<string, string> }[] = [
  {},
  { body: '{"half":', headers: { 'content-type': 'application/json' } },
  { body: '{"unknown":1,"__proto__":{}}', headers: { 'content-type': 'application/json' } },
  { body: '<x/>', headers: { 'content-type': 'text/xml' } },
  { body: 'x', headers: { 'content-type': 'not a media type' } },
  { body: 'x', headers: { 'content-type': '' } },
  { body: '{}', headers: { 'content-type': 'application/json;;charset=' } },
  { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  { url: '%00' },
  { url: '%zz' },
  { url: '%FF' },
  { url: '%ED%A0%80' },
  { url: 'a'.repeat(4_000) },
  { url: '%F0%9F%8E%99%EF%B8%8F%20%2F%3A%25' },
];

/** All of it that makes a difference: a GET has no body, and not every path has a place for something. */
function garbageFor(operation: Operation): typeof GARBAGE {
  const isGet = operation.method === 'GET';
  const query = isGet ? '?filter={&range=x&unknown=1' : '';
  const sent = GARBAGE.map(({ url, ...rest }) => ({
    url: urlOf(operation, url) + query,
    ...(isGet ? {} : rest),
  }));
  return [...new Map(sent.map((each) => [JSON.stringify(each), each])).values()];
}

/** Again when Postgres was too slow for it, as clients do: that says nothing about access. */
async function send(
  { method }: Operation,
  { url = '', body, headers: more }: (typeof GARBAGE)[number],
  headers: Record<string, string>,
): Promise<Answer<Json>> {
  return until('it is answered', async () => {
    const answer = await app.inject(method, url, { body, headers: { ...headers, ...more } });
    return answer.status === 503 ? null : answer;
  });
}

/** Everything that does not get `status` (and is a problem document), in words. */
async function wrongAnswers(
  wanted: number,
  which: (operation: Operation) => boolean,
  headers: (operation: Operation) => Record<string, string>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const operation of operations.filter(which)) {
    for (const garbage of garbageFor(operation)) {
      const { status, body } = await send(operation, garbage, headers(operation));
      if (status !== wanted || body?.status !== wanted || !body.requestId) {
        wrong.push(`${operation.method} ${operation.path} ${JSON.stringify(garbage)}: ${status}`);
      }
    }
  }
  return wrong;
}

describe('the routes', () => {
  it('and their rules are those that were reviewed', () => {
    const routes = readRoutes(
      app.app.get(DiscoveryService, { strict: false }),
      app.app.get(MetadataScanner, { strict: false }),
    );
    const table = routes
      .map((route) => `${route.method.padEnd(6)} ${route.path} → ${describeRule(route)}\n`)
      .join('');
    if (process.env.UPDATE_ROUTES) writeFileSync(ROUTE_TABLE, ROUTE_TABLE_HEAD + table);
    expect(ROUTE_TABLE_HEAD + table).toBe(readFileSync(ROUTE_TABLE, 'utf8'));
  });

  it('in OpenAPI have an id each, and say what they answer', () => {
    const described = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const ids = described.map(({ operation }) => operation.operationId);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    const silent = described
      .filter(({ operation: { responses } }) => !responses['204'])
      .filter(({ operation }) => !Object.values<Json>(operation.responses)[0].content)
      .map(({ method, path }) => `${method} ${path}`)
      // Text, hashes, streams and LiveKit's own answers.
      .filter((route) => !/ \/(metrics|ledger|livekit\/(gate|webhook)|rtc|whip)/.test(route));
    expect(silent).toEqual([
      'get /api/docs',
      'get /api/docs/{file}',
      'get /api/openapi.json',
      'get /api/v1/events',
      'get /api/v1/ledger/export',
      'get /api/v1/ledger/export/verifier',
      'get /api/v1/people/{identity}/data',
      'get /api/v1/rooms/{room}/sessions/{session}/dossier',
    ]);
  });

  it('in OpenAPI are those that are served, no more and no fewer', () => {
    const fastify = app.app.getHttpAdapter().getInstance();
    const served = servedRoutes(fastify).filter(
      ({ method, url }) =>
        !['HEAD', 'OPTIONS'].includes(method) && /^\/(api|livekit|metrics)/.test(url),
    );
    const described = operations.filter(
      ({ method, path }) => method !== 'OPTIONS' && /^\/(api|livekit|metrics)/.test(path),
    );
    expect(described.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      served.map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    expect(described.length).toBeGreaterThan(60);
  });

  it('have names that no two of them share', () => {
    const ids = operations.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each<[string, () => Type]>([
    [
      'declares no access rule',
      () => {
        @Controller('api/v1/forgotten')
        class ForgottenController {
          @Get() forgotten(): string {
            return 'open to everybody';
          }
        }
        return ForgottenController;
      },
    ],
    [
      'takes a body without a schema',
      () => {
        @Controller('api/v1/unchecked')
        class UncheckedController {
          @Post() @RequirePermission('room.read') unchecked(@Body() body: object): object {
            return body;
          }
        }
        return UncheckedController;
      },
    ],
  ])('that one %s keep the app from starting', async (problem, controller) => {
    @Module({ imports: [AppModule.with(app.config)], controllers: [controller()] })
    class WithOneMore {}
    const other = await NestFactory.create<NestFastifyApplication>(
      WithOneMore,
      createAdapter(app.config),
      { bodyParser: false, abortOnError: false, logger: false },
    );
    await expect(other.init()).rejects.toThrow(problem);
    await other.close().catch(() => undefined);
  });
});

describe('every route that is not public, whatever is sent to it', () => {
  const bearer = (key: string) => () => ({ authorization: `Bearer ${key}` });

  it('answers 401 to nobody', async () => {
    expect(await wrongAnswers(401, isGuarded, () => ({}))).toEqual([]);
  });

  it('answers 401 to a session that has ended', async () => {
    const secret = newSecret();
    await app.sql(
      `INSERT INTO operator_session (operator_id, token_hash, expires_at) VALUES ($1, $2, now() - interval '1 second')`,
      [app.admin.id, secretHash(secret)],
    );
    const cookie = `${cookieName(app.config.publicUrl)}=${secret}`;
    const headers = { cookie, origin: app.config.publicUrl };
    expect(await wrongAnswers(401, isGuarded, () => headers)).toEqual([]);
  });

  it('answers 401 to a key that nobody made, even with a good session beside it', async () => {
    expect(await wrongAnswers(401, isGuarded, bearer(`rck_${newSecret()}`))).toEqual([]);
    const beside = { ...app.admin.headers, ...bearer(newSecret())() };
    expect(await wrongAnswers(401, isGuarded, () => beside)).toEqual([]);
  });

  it('answers 403 to a key with every permission but the one that it takes', async () => {
    const keys = new Map<Permission, Credential>();
    for (const permission of Object.keys(PERMISSIONS) as Permission[]) {
      const others = Object.keys(PERMISSIONS).filter((other) => other !== permission);
      keys.set(permission, await app.newApiKey(others));
    }
    const wrong = await wrongAnswers(
      403,
      (operation) => operation.permission !== null,
      (operation) => keys.get(operation.permission!)!.headers,
    );
    expect(wrong).toEqual([]);
  });

  it('answers 404 where a room is named that the key does not reach', async () => {
    const key = await app.newApiKey(Object.keys(PERMISSIONS), { rooms: ['elsewhere-*'] });
    const aboutOneRoom = (operation: Operation) => / in :room$/.test(operation.access);
    expect(operations.filter(aboutOneRoom).length).toBeGreaterThan(5);
    expect(await wrongAnswers(404, aboutOneRoom, () => key.headers)).toEqual([]);
  });

  it('answers 403 to a limited key where something of all rooms would change', async () => {
    const key = await app.newApiKey(Object.keys(PERMISSIONS), { rooms: ['*'] });
    const isGlobal = ({ permission, access }: Operation) =>
      (permission !== null && PERMISSIONS[permission].reach === 'global') ||
      / in all rooms$/.test(access);
    expect(operations.filter(isGlobal).length).toBeGreaterThan(7);
    expect(await wrongAnswers(403, isGlobal, () => key.headers)).toEqual([]);
  });

  it('answers 403 to an auditor wherever something would change', async () => {
    const auditor = await app.newOperator([{ role: 'auditor' }]);
    const isOwn = ({ access, path }: Operation) =>
      access.startsWith('signed in') ||
      /\/(preview|lookup|recognize|ledger-reviews|verifications|verify|challenge|acknowledge)$/.test(
        path,
      ) ||
      path.includes('/ledger-views');
    const isChange = (operation: Operation) =>
      isForSessions(operation) && operation.isMutating && !isOwn(operation);
    expect(operations.filter(isChange).length).toBeGreaterThan(50);
    expect(await wrongAnswers(403, isChange, () => auditor.headers)).toEqual([]);
  });

  it('answers 403 to API keys where only operators may', async () => {
    const key = await app.newApiKey(Object.keys(PERMISSIONS));
    const isForOperators = ({ access }: Operation) => access === 'signed in operator';
    expect(operations.filter(isForOperators).length).toBeGreaterThan(0);
    expect(await wrongAnswers(403, isForOperators, () => key.headers)).toEqual([]);
  });

  it('decides by the permission that the body needs before it validates the rest', async () => {
    const room = await app.newRoom();
    const as = await app.newApiKey(['seat.read', 'seat.mute']);
    const ask = (body: object) =>
      app.inject('POST', `/api/v1/rooms/${room}/seats/bulk`, { as, body });
    const { status, body } = await ask({ action: 'block', nonsense: 1 });
    expect([status, body.permission]).toEqual([403, 'seat.block']);
    expect((await ask({ action: 'mute', nonsense: 1 })).status).toBe(400);
    expect((await ask({ action: 'constructor' })).status).toBe(400);
    expect((await ask({})).status).toBe(400);
    const refused = (await app.ledger('access.refused')).filter((entry) => entry.room === room);
    expect(refused.map(({ payload }) => payload.permission)).toEqual(['seat.block']);
  });

  it.each<[string, Record<string, string>]>([
    ['from another site', { origin: 'https://evil.example' }],
    ['from a sandboxed frame', { origin: 'null' }],
    ['from our name with another port', { origin: 'http://127.0.0.1:1' }],
    ['that do not say from where', {}],
    ['from a sister domain', { 'sec-fetch-site': 'same-site' }],
  ])('answers 403 to changes %s, with a good session', async (_, headers) => {
    const cookie = app.admin.headers.cookie!;
    const isChange = (operation: Operation) => isForSessions(operation) && operation.isMutating;
    expect(await wrongAnswers(403, isChange, () => ({ cookie, ...headers }))).toEqual([]);
  });
});

describe('an operation on a seat', () => {
  it('is seen and undone by those only who may do so in its room', async () => {
    const room = await app.newRoom({ name: 'operated', default_template: 'viewer' });
    const { identity } = await app.newUser();
    const promoted = await app.inject('POST', `/api/v1/rooms/${room}/seats/${identity}/promote`, {
      as: app.admin,
      body: { template: 'speaker' },
    });
    expect(promoted.status).toBe(200);
    const url = `/api/v1/operations/${promoted.body.operationId}`;
    const everything = Object.keys(PERMISSIONS);
    const before = (await app.ledger()).length;
    for (const [as, mayRead] of [
      [await app.newApiKey([]), false],
      [await app.newApiKey(everything, { rooms: ['elsewhere'] }), false],
      [await app.newApiKey(['seat.read', 'room.read']), true],
    ] as const) {
      const seen = await app.inject('GET', url, { as });
      const undone = await app.inject('POST', `${url}/undo`, { as });
      expect([seen.status, undone.status >= 400]).toEqual([mayRead ? 200 : 404, true]);
      expect(undone.text).not.toContain(mayRead ? '\0' : identity);
    }
    const changes = (await app.ledger()).slice(before).filter((e) => e.outcome !== 'refused');
    expect(changes).toEqual([]);
    const [seat] = await app.sql('SELECT override_template FROM seat WHERE room = $1', [room]);
    expect(seat).toEqual({ override_template: 'speaker' });
  });
});

describe('ways around the rules', () => {
  /** Looking leaves a trace as well. */
  const LOOKS = ['ledger.read', 'token.previewed'];
  const changes = async () =>
    (await app.ledger()).filter(({ kind }) => !LOOKS.includes(kind)).length;

  it('do not lead through other methods', async () => {
    const before = await changes();
    const room = await app.newRoom();
    for (const operation of operations.filter((o) => isGuarded(o) && o.isMutating)) {
      const url = urlOf(operation, room);
      for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PATCH', 'GET']) {
        if (operations.some((o) => o.method === method && urlOf(o, room) === url)) continue;
        const { status } = await app.inject(method, `${url}?_method=${operation.method}`, {
          as: app.admin,
          headers: {
            'x-http-method-override': operation.method,
            'x-http-method': operation.method,
            'x-method-override': operation.method,
          },
        });
        expect([method, url, status >= 200 && status < 300 && method !== 'HEAD']).toEqual([
          method,
          url,
          false,
        ]);
      }
    }
    expect(await changes()).toBe(before);
    expect(await app.sql('SELECT FROM room WHERE name = $1', [room])).toHaveLength(1);
  });

  const SPELLINGS: [string, (path: string) => string][] = [
    ['an encoded letter', (path) => path.replace('operators', 'oper%61tors')],
    ['an encoded prefix', (path) => path.replace('/api', '/%61pi')],
    ['an encoded slash', (path) => path.replace('/v1/', '/v1%2F')],
    ['two slashes', (path) => `/${path}`],
    ['two slashes inside', (path) => path.replace('/v1/', '/v1//')],
    ['a slash at the end', (path) => `${path}/`],
    ['capitals', (path) => path.toUpperCase()],
    ['a parameter', (path) => `${path};x=1`],
    ['a dot', (path) => path.replace('/v1/', '/v1/./')],
    ['two dots', (path) => path.replace('/v1/', '/v1/session/../')],
    ['encoded dots', (path) => path.replace('/v1/', '/v1/session/%2e%2e/')],
    ['a backslash', (path) => path.replace('/v1/', '/v1\\')],
    ['a NUL', (path) => `${path}%00`],
    ['a question mark', (path) => `${path}%3Fx`],
    ['a fragment', (path) => `${path}#x`],
    ['an absolute address', (path) => `http://elsewhere.example${path}`],
  ];
  it.each(SPELLINGS)('do not lead through another spelling: %s', async (_, spell) => {
    const before = await changes();
    for (const method of ['GET', 'POST', 'HEAD']) {
      const { status, text } = await app.inject(method, spell('/api/v1/operators'), {
        body: method === 'POST' ? { email: 'x@example.com', name: 'X' } : undefined,
        headers: { accept: 'application/json' },
      });
      expect(text).not.toContain(app.admin.label);
      expect([200, 201]).not.toContain(method === 'POST' ? status : 0);
    }
    expect(await changes()).toBe(before);
  });
});

/** What Fastify itself would route, read from the tree that it prints. */
function servedRoutes(fastify: FastifyInstance): { method: string; url: string }[] {
  const stack: { depth: number; url: string }[] = [];
  return fastify
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const match = /^([│ ]*(?:[├└]── )?)(\S.*?)(?: \(([A-Z, ]+)\))?$/.exec(line);
      if (!match || match[2] === undefined) return [];
      const depth = match[1]!.length;
      while (stack.length > 0 && stack.at(-1)!.depth >= depth) stack.pop();
      const url = (stack.at(-1)?.url ?? '') + match[2];
      stack.push({ depth, url });
      return (match[3] ?? '')
        .split(', ')
        .filter(Boolean)
        .map((method) => ({ method, url }));
    });
}
