import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.js';
import { Connections } from '../database/connections.js';
import { PgPool } from '../database/pg-pool.js';
import { canonicalJson, storableJson } from '../common/canonical-json.js';
import { leafHash, leafText } from './leaf.js';
import type { LedgerEntryInput } from './ledger-entry.js';
import { LEDGER_KINDS, type LedgerKind } from './ledger-kinds.js';
import { LedgerService } from './ledger.service.js';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from './stored-entry.js';

/** Text that breaks what is careless: NUL, halves of surrogate pairs, escapes, any script. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(
      '\0',
      '\ud800',
      '\udfff',
      '\\',
      'u0000',
      '"',
      '\u001f',
      '\u007f',
      'é',
      '😀',
    ),
    maxLength: 12,
  }),
  fc.constantFrom('', '\\u0000', '\u2028\u2029', '\ufeff', '\b\t\n\f\r', '__proto__', 'toJSON'),
);
const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2, 0.1 + 0.2),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    text,
    number,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('1', '10', '9', 'a', 'Z')), tie('json'), {
      maxKeys: 6,
    }),
  ),
}));
const orNull = fc.option(text, { nil: null });
const kinds = Object.keys(LEDGER_KINDS) as LedgerKind[];

const entry: fc.Arbitrary<LedgerEntryInput> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    outcome: fc.constantFrom('ok' as const, 'refused' as const, 'intent' as const),
    actor: fc.record({
      kind: fc.constantFrom('system' as const, 'operator' as const, 'user' as const),
      id: orNull,
      label: text,
      requestId: orNull,
      ip: orNull,
    }),
    room: orNull,
    identity: orNull,
    reason: orNull,
    payload: fc.dictionary(text, json, { maxKeys: 6 }),
    personal: json,
  })
  .map(({ personal, ...rest }) => {
    const [member] = LEDGER_KINDS[rest.kind].personal;
    return { ...rest, payload: { ...rest.payload, ...(member && { [member]: personal }) } };
  });

/** RFC 8785 in its plainest form, to hold the fast one against. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plain(member)}`).join()}}`;
}

/**
 * V8 may read a key of one escaped character as a backslash, once it has read a backslash as a key
 * (https://github.com/nodejs/node/issues/63785). What Rolecall writes does not depend on it.
 */
const hasMisreadKeys = (json: string) => /[{,]"\\(?:u[0-9a-f]{4}|[^u])":/.test(json);

describe('leaves', () => {
  let database: TestDatabase;
  let owner: pg.Client;
  let pool: PgPool;
  let ledger: LedgerService;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    pool = new PgPool(new Connections({ databaseUrl: database.appUrl }));
    ledger = new LedgerService(pool);
  });
  afterAll(async () => {
    await ledger.onApplicationShutdown();
    await pool.onApplicationShutdown();
    await owner.end();
    await database.drop();
  });

  it('are the same in Postgres and here, whatever an entry says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 40 }), async (entries) => {
        const written = await Promise.all(entries.map((each) => ledger.appendDurably(each)));
        const { rows } = await owner.query<StoredRow>(
          `SELECT ${STORED_COLUMNS} FROM ledger_entry
           WHERE (shard, seq) IN (SELECT * FROM unnest($1::int[], $2::bigint[])) ORDER BY seq`,
          [written.map(({ shard }) => shard), written.map(({ seq }) => seq)],
        );
        const bySeq = new Map(written.map(({ seq, leafHash: hash }) => [seq, hash]));
        expect(rows).toHaveLength(entries.length);
        for (const row of rows) {
          const stored = toStoredEntry(row);
          const ours = leafHash(stored).toString('hex');
          expect([leafText(stored), row.leaf_hash?.toString('hex'), bySeq.get(stored.seq)]).toEqual(
            [leafText(stored), ours, ours],
          );
          for (const part of [leafText(stored), stored.payload, stored.personal ?? '{}']) {
            if (!hasMisreadKeys(part)) expect(part).toBe(plain(JSON.parse(part)));
          }
        }
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('have the text that the documentation says, and hide who is meant behind a salt', async () => {
    await ledger.appendDurably({
      kind: 'token.refused',
      outcome: 'refused',
      actor: {
        kind: 'operator',
        id: 'op-1',
        label: 'ana@example.org',
        requestId: 'r-1',
        ip: '::1',
      },
      room: 'hall',
      identity: 'bob',
      reason: 'he asked',
      payload: { template: 'host', code: 'no', because: [{ text: 'bob is blocked' }] },
    });
    const { rows } = await owner.query<StoredRow>(
      `SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE request_id = 'r-1'`,
    );
    const row = rows[0] as StoredRow;
    const committed = (salt: Buffer | null, part: string) =>
      createHash('sha256').update(salt!).update(part).digest('hex');
    const actor = committed(row.actor_salt, '{"id":"op-1","ip":"::1","label":"ana@example.org"}');
    const subject = committed(
      row.subject_salt,
      '{"identity":"bob","payload":{"because":[{"text":"bob is blocked"}]},"reason":"he asked"}',
    );
    const at = leafText(toStoredEntry(row))
      .slice(0, 200)
      .match(/"at":"([^"]+)"/)![1]!;
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const data =
      `{"actor":{"commitment":"${actor}","kind":"operator"},"at":"${at}","kind":"token.refused",` +
      `"outcome":"refused","payload":{"code":"no","template":"host"},"reason":null,"requestId":"r-1",` +
      `"room":"hall","seq":${row.seq},"shard":${row.shard},"subject":"${subject}","v":1}`;
    expect(leafText(toStoredEntry(row))).toBe(data);
    expect(row.leaf_hash?.toString('hex')).toBe(
      createHash('sha256').update(`\0${data}`).digest('hex'),
    );
    expect([row.actor_salt?.length, row.subject_salt?.length]).toEqual([16, 16]);
    expect(row.actor_salt).not.toEqual(row.subject_salt);
  });

  it('keep the reason of an entry about nobody', async () => {
    const reason = 'the hall is rented out';
    const actor = { kind: 'system', id: null, label: 'test' } as const;
    const { leafHash: hash } = await ledger.appendDurably({
      kind: 'room.opened',
      outcome: 'ok',
      actor,
      room: 'hall',
      reason,
      payload: {},
    });
    const { rows } = await owner.query<StoredRow>(
      `SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE leaf_hash = $1`,
      [Buffer.from(hash, 'hex')],
    );
    expect(JSON.parse(leafText(toStoredEntry(rows[0]!)))).toMatchObject({ reason, subject: null });
  });
});

describe('JSON that Postgres can keep', () => {
  it('keeps a key of one control character, whatever V8 has read before', () => {
    JSON.parse('{"h":[],"\\\\":0}');
    const value = { h: 1, '\u001f': 2, '\\': 3, '\0': '\ud800', at: new Date(0), none: undefined };
    expect(storableJson(value)).toBe(
      '{"\\u001f":2,"\\\\":3,"at":"1970-01-01T00:00:00.000Z","h":1,"\ufffd":"\ufffd"}',
    );
  });
});

describe('canonical JSON', () => {
  it.each<[unknown, string]>([
    // RFC 8785, 3.2.3: the order of UTF-16 units.
    [
      {
        '\u20ac': 'Euro Sign',
        '\r': 'Carriage Return',
        '\ufb33': 'Hebrew Letter Dalet With Dagesh',
        '1': 'One',
        '\ud83d\ude00': 'Emoji: Grinning Face',
        '\u0080': 'Control',
        '\u00f6': 'Latin Small Letter O With Diaeresis',
      },
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ],
    [{ 10: 1, 9: 2 }, '{"10":1,"9":2}'],
    [[1e30, 4.5, 2e-3, 1e-27, 0.1 + 0.2], '[1e+30,4.5,0.002,1e-27,0.30000000000000004]'],
    [{ b: undefined, a: [undefined, new Date(0)] }, '{"a":[null,"1970-01-01T00:00:00.000Z"]}'],
    [Buffer.from('x'), '{"data":[120],"type":"Buffer"}'],
  ])('of %j', (value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });
});
