import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  type Answer,
  type Credential,
  type InjectOptions,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { BODY_LIMIT } from '../configure-app.js';
import { DirectRoutes } from './direct-routes.js';

/** The same app with the route as it is, and with the route as Nest runs it. */
let direct: TestApp;
let byNest: TestApp;
let room: string;
let identity: string;
const callers: Record<string, Credential> = {};

beforeAll(async () => {
  direct = await startTestApp();
  const nest = jest.spyOn(DirectRoutes.prototype, 'handlerOf').mockReturnValue(undefined);
  byNest = await startTestApp({ database: direct.database });
  nest.mockRestore();
  room = await direct.newRoom({ default_template: 'speaker' });
  ({ identity } = await direct.newUser({ name: 'Ana' }));
  callers['backend'] = await direct.newApiKey(['token.issue']);
  callers['reader'] = await direct.newApiKey(['room.read']);
  callers['elsewhere'] = await direct.newApiKey(['token.issue'], { rooms: ['elsewhere-*'] });
  const { cookie } = direct.admin.headers;
  callers['admin'] = direct.admin;
  callers['foreign page'] = {
    ...direct.admin,
    headers: { cookie: cookie!, origin: 'https://evil.example' },
  };
  callers['wrong key'] = {
    ...direct.admin,
    headers: { authorization: `Bearer rck_${'x'.repeat(43)}` },
  };
});
afterAll(async () => {
  await byNest?.stop();
  await direct?.stop();
});

const VOLATILE = ['requestId', 'token', 'issuanceId', 'leafHash', 'jti', 'expiresAt'];
const OWN_HEADERS = ['date', 'x-request-id', 'content-length', 'retry-after'];

/** What is the same for the same request: status, headers, body, and what the ledger says of it. */
async function outcomeOf(app: TestApp, options: InjectOptions, times = 1) {
  const before = (await direct.ledger()).length;
  let answer: Answer<Json> | null = null;
  for (let i = 0; i < times; i++) answer = await app.inject('POST', '/api/v1/tokens', options);
  const { status, headers, body } = answer!;
  const entries = (await direct.ledger()).slice(before);
  const steady = (all: Json, names: readonly string[]): Json =>
    Object.fromEntries(
      Object.entries(all ?? {}).map(([name, value]) => [
        name,
        names.includes(name) ? typeof value : value,
      ]),
    );
  return {
    status,
    headers: steady(headers, OWN_HEADERS),
    body: steady(body, VOLATILE),
    entries: entries.map(({ kind, outcome, payload }) => [kind, outcome, payload['code']]),
  };
}

const json = (text: string | Buffer, headers: Record<string, string> = {}): InjectOptions => ({
  body: text,
  headers: { 'content-type': 'application/json', ...headers },
});

type Case = [string, string | null, () => InjectOptions, number, string?];

const given = (more: object = {}) => ({ body: { room, identity, ...more } });

const CASES: Case[] = [
  ['a request that is right', 'backend', () => given(), 201],
  ['an operator', 'admin', () => given({ template: 'speaker' }), 201],
  ['nobody', null, () => given(), 401],
  ['a key that opens nothing', 'wrong key', () => given(), 401],
  ['a page of another origin', 'foreign page', () => given(), 403],
  ['a key without the permission', 'reader', () => given(), 403],
  ['a key for other rooms', 'elsewhere', () => given(), 404],
  ['nobody, with a body that is wrong', null, () => json('{'), 401],
  ['no body', 'backend', () => ({}), 400],
  ['half a body', 'backend', () => json('{"room":'), 400],
  ['Latin-1', 'backend', () => json(Buffer.from('{"room":"\xe9"}', 'latin1')), 400],
  ['a prototype', 'backend', () => json('{"__proto__":{"room":"x"}}'), 400],
  ['a list', 'backend', () => json('[]'), 400],
  ['another type', 'backend', () => json('<a/>', { 'content-type': 'text/xml' }), 415],
  ['a type that is none', 'backend', () => json('{}', { 'content-type': 'json' }), 415],
  ['too large a body', 'backend', () => json(`{"name":"${'x'.repeat(BODY_LIMIT)}"}`), 413],
  ['unknown and wrong fields', 'backend', () => given({ colour: 'red', ttl: 'long' }), 400],
  ['`constructor`', 'backend', () => given({ constructor: 1 }), 400],
  ['neither identity nor user', 'backend', () => ({ body: { room } }), 400],
  ['a time to live that is too long', 'backend', () => given({ ttl: '1000d' }), 400],
  ['a room that is not there', 'backend', () => given({ room: 'no-such-room' }), 404],
  ['somebody who is not there', 'backend', () => given({ identity: 'nobody-1' }), 404],
  ['a template that policy does not give', 'backend', () => given({ template: 'host' }), 403],
  ['a room that LiveKit cannot start', 'backend', () => given({ createRoom: true }), 503],
  [
    'a key for retries that is malformed',
    'backend',
    () => ({ ...given(), headers: { 'idempotency-key': 'a b' } }),
    400,
  ],
];

describe('a direct route', () => {
  it.each(CASES)('answers %s as Nest does', async (_, caller, request, status) => {
    const options = { as: caller === null ? undefined : callers[caller], ...request() };
    const own = await outcomeOf(direct, options);
    expect(own).toEqual(await outcomeOf(byNest, options));
    expect(own.status).toBe(status);
  });

  it('limits an API key as Nest does', async () => {
    const key = await direct.newApiKey(['token.issue']);
    await direct.sql('UPDATE api_key SET rate_limit = 1 WHERE id = $1', [key.id]);
    const options = { as: key, ...given() };
    const own = await outcomeOf(direct, options, 3);
    expect(own).toEqual(await outcomeOf(byNest, options, 3));
    expect([own.status, own.headers['retry-after']]).toEqual([429, 'string']);
  });

  it('repeats an answer as Nest does', async () => {
    const again = (key: string, more: object = {}) => ({
      as: callers['backend'],
      ...given(more),
      headers: { 'idempotency-key': key },
    });
    const own = await outcomeOf(direct, again('direct-first'), 2);
    expect(own).toEqual(await outcomeOf(byNest, again('nest-first'), 2));
    expect([own.status, own.headers['idempotency-replayed']]).toEqual([201, 'true']);
    const other = await outcomeOf(direct, again('direct-first', { ttl: 60 }));
    expect(other).toEqual(await outcomeOf(byNest, again('nest-first', { ttl: 60 })));
    expect(other.status).toBe(422);
  });

  it('is counted and logged as others are', async () => {
    const count = async (app: TestApp) => {
      const { text } = await app.inject('GET', '/metrics', { as: direct.admin });
      return /rolecall_http_request_seconds_count\{[^}]*route="\/api\/v1\/tokens"[^}]*status="401"\} (\d+)/.exec(
        text,
      )?.[1];
    };
    const before = await count(direct);
    await direct.inject('POST', '/api/v1/tokens', given());
    expect(Number(await count(direct))).toBe(Number(before ?? 0) + 1);
  });

  it('is the issuing of tokens, and that alone', () => {
    const routes = direct.app.get(DirectRoutes, { strict: false });
    expect(routes.handlerOf('POST', '/api/v1/tokens')).toBeInstanceOf(Function);
    expect(routes.handlerOf('POST', '/api/v1/tokens/preview')).toBeUndefined();
    expect(routes.handlerOf('GET', '/api/v1/tokens')).toBeUndefined();
  });
});
