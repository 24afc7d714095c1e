import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ALL_PERMISSIONS } from '../src/actor/permissions.js';
import { type Credential, type Json, startTestApp, type TestApp } from './support/test-app.js';

/** FUZZ_SEED and FUZZ_RUNS replay a run, or make a longer one. */
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.FUZZ_RUNS ?? 800);

/** Streams do not end, and the gate answers to LiveKit's clients in LiveKit's way. */
const NOT_HERE = /^\/(rtc|whip|livekit\/gate|api\/v1\/events)/;

interface Operation {
  method: string;
  path: string;
  query: { name: string; schema: Json }[];
  body: Json;
}

interface Request {
  method: string;
  url: string;
  body: string | undefined;
  headers: Record<string, string>;
}

let app: TestApp;
let key: Credential;
let operations: Operation[];
/** Things that exist, so that some requests get past the first check. */
let known: string[];

beforeAll(async () => {
  app = await startTestApp({ overrides: { rateSignIn: { points: 100_000, seconds: 60 } } });
  key = await app.newApiKey(ALL_PERMISSIONS);
  const [room, user, operator] = [
    await app.newRoom({ name: 'fuzz room/ö%', default_template: 'viewer' }),
    await app.newUser(),
    await app.newOperator([{ role: 'moderator' }]),
  ];
  known = [room, user.id, user.identity, operator.id, 'viewer', 'host', '1', randomUUID()];
  const { body } = await app.inject('GET', '/api/openapi.json');
  operations = Object.entries<Json>(body.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      query: operation.parameters.filter((p: Json) => p.in === 'query'),
      body: operation.requestBody?.content['application/json'].schema,
    })),
  );
  operations = operations.filter(({ path }) => !NOT_HERE.test(path));
});
afterAll(() => app.stop());

const HOSTILE_TEXT = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfffx',
  '‮evil',
  '🎙️'.repeat(80),
  'x'.repeat(300),
  'x'.repeat(70_000),
  '*',
  '\\',
  '%',
  '_%',
  "' OR 1=1 --",
  '$1',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'null',
  '-1',
  '1e309',
  '99999999999999999999',
  '2020-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '10h',
  '999999 days',
];
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...HOSTILE_TEXT,
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    1e308,
    [],
    {},
    [[]],
    [null],
    { toString: 1, constructor: { prototype: 1 } },
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.jsonValue({ maxDepth: 2 }),
);

const someText = () =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known) },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_TEXT) },
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom(
      'camera',
      'everyone',
      '2031-05-01T10:00:00Z',
      'a@example.com',
      '#1f7a5c',
      '10m',
    ),
  );

/** A value that the schema describes; checks that only the server makes are left to chance. */
function valueOf(schema: Json): fc.Arbitrary<unknown> {
  if (!schema || typeof schema !== 'object') return hostile;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return fc.oneof(...(branches as Json[]).map(valueOf));
  switch (schema.type) {
    case 'string':
      return someText();
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer(), fc.constant(3));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueOf(schema.items), { maxLength: 3 });
    case 'object':
      return objectOf(schema);
    default:
      return hostile;
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Json) {
  const fields = Object.fromEntries(
    Object.entries<Json>(properties).map(([name, schema]) => [name, valueOf(schema)]),
  );
  const own = fc.record(fields, { requiredKeys: required, noNullPrototype: true });
  if (typeof additionalProperties !== 'object') return own;
  return fc
    .tuple(own, fc.dictionary(someText(), valueOf(additionalProperties), { maxKeys: 3 }))
    .map(([a, b]) => ({ ...a, ...b }));
}

/** One field somewhere becomes something else, or something is added. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), hostile, fc.boolean())
    .map(([way, junk, isAdded]) => {
      const copy: unknown = structuredClone(value);
      let here = copy as Record<string, unknown>;
      for (const [depth, step] of way.entries()) {
        if (typeof here !== 'object' || here === null) return junk;
        const names = Object.keys(here);
        const name = isAdded || names.length === 0 ? 'added' : names[step % names.length]!;
        const next = here[name];
        if (depth === way.length - 1 || typeof next !== 'object' || next === null) {
          here[name] = junk;
          return copy;
        }
        here = next as Record<string, unknown>;
      }
      return copy;
    });
}

const QUERY: Record<string, string[]> = {
  range: [
    '[0,24]',
    '[5,2]',
    '[3000000000,3000000005]',
    '[2147483646,2147483647]',
    '[-1,3]',
    '[0,1e9]',
  ],
  sort: [
    '["name","ASC"]',
    '["id","DESC"]',
    '["name; DROP TABLE room","ASC"]',
    '["createdAt","DESC"]',
  ],
  filter: [
    '{}',
    '{"q":"a"}',
    '{"q":"\\u0000"}',
    '{"q":"\\ud800"}',
    '{"id":["viewer","\\u0000"]}',
    '{"id":["00000000-0000-4000-8000-000000000000"]}',
    '{"user":"x"}',
    '{"room":"\\u0000"}',
    '{"template":"\\ud800"}',
    '{"__proto__":{"a":1}}',
    '{"status":"active"}',
    '{"isLive":true,"isClosed":false}',
    '{"from":"+275760-09-13T00:00:00.001Z"}',
    '{"from":"0000-01-01T00:00:00Z"}',
    '{"kind":["token.*",".*"]}',
    '[]',
    'null',
    '{"q":{"$ne":1}}',
  ],
  limit: ['1', '200', '0', '-1', '1e9', 'NaN', '0x10'],
  cursor: ['', 'AAAA', Buffer.from('["next","1",0,9007199254740993]').toString('base64url')],
  from: ['1', 'draft', '2147483648', '-1'],
  to: ['1', 'draft', '99999999999'],
};

const ENCODINGS = ['%00', '%ff', '%ED%A0%80', '%', '%zz', '..', '%2e%2e', '%2F', '%25', ';x', '+'];

const pathText = () =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...known).map(encodeURIComponent) },
    { weight: 2, arbitrary: fc.constantFrom(...ENCODINGS) },
    someText().map((text) => encodeURIComponent(text.toWellFormed())),
  );

/** Also of objects that no `String` converts. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function requestOf(operation: Operation): fc.Arbitrary<Request> {
  const { method, path, query, body } = operation;
  const places = path.match(/\{\w+\}/g) ?? [];
  const url = fc
    .tuple(...places.map(() => pathText()))
    .map((values) => places.reduce((filled, place, i) => filled.replace(place, values[i]!), path));
  const search = fc
    .tuple(
      ...query.map(({ name, schema }) =>
        fc.tuple(
          fc.constant(name),
          fc.oneof(
            fc.constant(null),
            fc.constantFrom(...(QUERY[name] ?? ['x'])),
            valueOf(schema).map(asText),
          ),
        ),
      ),
      fc.constantFrom<[string, string | null]>(['x', null], ['unknown', '1'], ['filter', '{']),
    )
    .map((pairs) =>
      pairs
        .filter((pair): pair is [string, string] => pair[1] !== null)
        .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
        .join('&'),
    );
  const good = body ? valueOf(body) : fc.constant(undefined);
  const sent = fc.oneof(
    { weight: 4, arbitrary: good },
    { weight: 4, arbitrary: good.chain(mutated) },
    { weight: 1, arbitrary: hostile },
  );
  const text = fc.oneof(
    { weight: 12, arbitrary: sent.map((value) => JSON.stringify(value)) },
    fc.constantFrom('', '{', '[', '\u0000', '{"a":1,"a":2}', '1', '['.repeat(20_000)),
  );
  const headers = fc.record(
    {
      'content-type': fc.constantFrom(
        'application/json',
        'text/plain',
        'nonsense',
        'application/json; charset=latin1',
      ),
      'if-match': fc.constantFrom('"1"', '"x"', '*', 'W/"1"', ''),
      'idempotency-key': fc.oneof(fc.uuid(), fc.constantFrom('same', '', 'with space', 'ü')),
      'x-request-id': fc.constantFrom('short', 'a-good-request-id', 'x'.repeat(500)),
    },
    { requiredKeys: [] },
  );
  return fc.record({ url, search, text, headers }).map((drawn) => ({
    method,
    url: drawn.search === '' ? drawn.url : `${drawn.url}?${drawn.search}`,
    body: ['GET', 'HEAD'].includes(method) ? undefined : drawn.text,
    headers: drawn.headers,
  }));
}

describe('random and broken requests to every route, as somebody who may do everything', () => {
  it(
    `never make the server fail, and are told what is wrong (seed ${SEED})`,
    async () => {
      process.stderr.write(`fuzz: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}\n`);
      const statuses = new Map<number, number>();
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...operations).chain(requestOf),
          fc.boolean(),
          async ({ method, url, body, headers }, isKey) => {
            // The admin's own session must outlive the run.
            const as = isKey || url.startsWith('/api/v1/session') ? key : app.admin;
            const answer = await app.inject(method, url, {
              as,
              body: body === undefined || body === '' ? undefined : body,
              headers,
            });
            const { status, text } = answer;
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            const what = `${method} ${url} ${body?.slice(0, 2_000)} ${JSON.stringify(headers)} → ${status} ${text.slice(0, 2_000)}`;
            // Without a LiveKit server, what needs one at once says so.
            const isLiveKitMissing = status === 503 && answer.body?.code?.startsWith('livekit.');
            if (status >= 500 && !isLiveKitMissing) throw new Error(what);
            if (status < 400) return;
            const { body: problem } = answer;
            if (
              !/^application\/problem\+json/.test(String(answer.headers['content-type'])) ||
              problem.status !== status ||
              typeof problem.code !== 'string' ||
              problem.requestId !== answer.headers['x-request-id']
            ) {
              throw new Error(`no problem document: ${what}`);
            }
            if (problem.code === 'request.invalid' && !problem.errors)
              throw new Error(`no field: ${what}`);
          },
        ),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      );
      // Not all of it is refused at the door, or there would be nothing to learn.
      const ok = [...statuses]
        .filter(([status]) => status < 300)
        .reduce((sum, [, n]) => sum + n, 0);
      expect(ok).toBeGreaterThan(RUNS / 20);
    },
    60_000 + RUNS * 60,
  );
});
