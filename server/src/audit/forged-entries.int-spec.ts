import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { LedgerWorld } from '../../test/support/ledger-world.js';
import { rawAppend, type RawEntry } from '../../test/support/raw-append.js';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { LEDGER_KINDS, personalMembersOf } from '../ledger/ledger-kinds.js';

// Whoever has the server's role in the database may write entries that say anything. What they say
// is shown; it never takes a page away from who reads the log.

const ROOM = 'den';
const WHO = 'eve';
/** What entries of the server have in their payloads. */
const MEMBERS = [
  ...[
    'after',
    'alarm',
    'because',
    'before',
    'by',
    'ceiling',
    'claims',
    'code',
    'desired',
    'detail',
  ],
  ...[
    'effects',
    'entries',
    'expiresAt',
    'filter',
    'grants',
    'hold',
    'identities',
    'issuedJti',
    'jti',
  ],
  ...['kept', 'key', 'ms', 'name', 'operationId', 'operator', 'override', 'peeksAt', 'permission'],
  ...['refusal', 'rooms', 'scene', 'sid', 'state', 'subject', 'template', 'times', 'tokenHash'],
  ...['tracks', 'ttl', 'until', 'user', 'validFrom', 'validUntil', 'version', 'view', 'wanted'],
];
const NESTED = Object.fromEntries(MEMBERS.map((name) => [name, 'infinity']));
const VALUES = [
  ...['infinity', '2026-02-30T10:00:00.000Z', -1, 1e300, true, null],
  ...[[], [null], [[5]], {}, NESTED, { ...NESTED, grants: { roomJoin: true } }],
];

let app: TestApp;
let client: pg.Client;

beforeAll(async () => {
  app = await startTestApp();
  client = new pg.Client({ connectionString: app.database.appUrl });
  await client.connect();
  await app.newRoom({ name: ROOM });
  const entries = Object.keys(LEDGER_KINDS).flatMap((kind) =>
    VALUES.map((value, i): RawEntry => {
      const all = MEMBERS.map((name): [string, unknown] => [name, value]);
      // A token that says at least that it opens a door.
      const grants = kind === 'token.issued' && i % 2 === 0 ? { grants: { roomJoin: true } } : {};
      const personal = new Set(personalMembersOf(kind) ?? []);
      return {
        kind,
        outcome: ['ok', 'intent', 'applied', 'refused'][i % 4],
        actor_kind: 'operator',
        actor_id: app.admin.id,
        actor_label: 'forged',
        room: i === 5 ? null : ROOM,
        identity: i % 5 === 4 ? null : WHO,
        reason: 'forged',
        payload: Object.fromEntries([
          ...all.filter(([name]) => !personal.has(name)),
          ...Object.entries(grants),
        ]),
        personal: Object.fromEntries(all.filter(([name]) => personal.has(name))),
      };
    }),
  );
  await rawAppend(client, 0, 0, entries);
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const get = (route: string) => app.inject<Json>('GET', `/api/v1${route}`, { as: app.admin });

it('refuses text that no reader of JSON can read', async () => {
  const entry = { kind: 'token.issued', outcome: 'ok', actor_kind: 'system', payload: {} };
  const escaped = (text: string) => [{ ...entry, payload: `{"jti":"${text}"}` }];
  await expect(rawAppend(client, 0, 0, escaped('\\u0000'))).rejects.toThrow(
    /Unicode escape sequence/,
  );
  // The same letters, and no such character.
  expect((await rawAppend(client, 0, 0, escaped('\\\\u0000'))).seq).not.toBeNull();
});

it('shows what the entries say, and answers every page of the log', async () => {
  const day = '2020-01-01T00:00:00.000Z';
  const views = (await get('/ledger/anomalies')).body.data as { name: string }[];
  await new LedgerWorld(app).sealed();
  const { data: sessions } = (await get(`/rooms/${ROOM}/sessions`)).body;
  const now = encodeURIComponent(new Date().toISOString());
  const routes = [
    ...['/ledger?limit=100', '/issuances?limit=100', '/alarms', '/ledger-reviews', '/status'],
    ...['acts', 'facets', 'histogram', 'export', 'export?format=csv'].map(
      (name) => `/ledger/${name}`,
    ),
    ...['ttl>1h', `room:${ROOM}`, 'infinity'].map((query) => `/ledger/acts?query=${query}`),
    ...['', '&stopped=true', `&identity=${WHO}`, '&revoke=void_tokens'].map(
      (filter) => `/exposure?room=${ROOM}${filter}`,
    ),
    ...views.map(({ name }) => `/ledger/anomalies/${name}`),
    ...[`/people/${WHO}`, `/rooms/${ROOM}`, `/operators/${app.admin.id}`].map(
      (of) => `${of}/timeline`,
    ),
    `/explain?room=${ROOM}&identity=${WHO}&at=${now}&compareAt=${day}`,
    `/rooms/${ROOM}/seats/${WHO}`,
    `/rooms/${ROOM}/sessions/${sessions[0].id}/dossier`,
    `/rooms/${ROOM}/sessions/${sessions[0].id}/dossier?for=${WHO}`,
  ];
  const failed: unknown[] = [];
  for (const route of routes) {
    const { status, body, text } = await get(route);
    if (status >= 500 || status === 400)
      failed.push([route, status, body?.detail ?? text.slice(0, 200)]);
  }
  const answered = await app.inject<Json>('POST', '/api/v1/ledger/challenge', {
    as: app.admin,
    body: { n: 100 },
  });
  if (answered.status >= 300) failed.push(['challenge', answered.status, answered.body]);
  const tokens = await app.inject<Json>('POST', '/api/v1/ledger/recognize', {
    as: app.admin,
    body: { jti: 'infinity' },
  });
  if (tokens.status >= 500) failed.push(['recognize', tokens.status, tokens.body]);
  expect(failed).toEqual([]);
  const { body } = await get(`/exposure?room=${ROOM}&stopped=true&limit=100`);
  expect(body.data).toContainEqual(expect.objectContaining({ identity: WHO, isUnreadable: true }));
});
