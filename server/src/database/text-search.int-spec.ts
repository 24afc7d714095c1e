import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { foldText } from '../grants/fold-text.js';

const NFC = 'Zo\u00eb \u00c9mile'.normalize('NFC');
const NFD = NFC.normalize('NFD');

/** As ICU sorts them, which no order of bytes does. */
const IN_ORDER = ['aaron', 'Ändern', 'Bob', 'émile', 'Emilia', 'zoë', 'Zora'];

describe('text in every way that it can be typed', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test?.stop());

  const read = async (resource: string, query: Record<string, unknown>) => {
    const text = Object.entries(query)
      .map(([name, value]) => {
        const given = typeof value === 'string' ? value : JSON.stringify(value);
        return `${name}=${encodeURIComponent(given)}`;
      })
      .join('&');
    const answer = await test.inject<Json>('GET', `/api/v1/${resource}?${text}`, {
      as: test.admin,
    });
    expect(answer.status).toBe(200);
    return (Array.isArray(answer.body) ? answer.body : answer.body.data) as Json[];
  };
  const create = async (resource: string, body: object) => {
    const answer = await test.inject('POST', `/api/v1/${resource}`, { as: test.admin, body });
    expect(answer.status).toBe(201);
    return answer.body;
  };

  it.each([
    ['users', (name: string) => ({ name, identity: `u ${name}` })],
    ['rooms', (name: string) => ({ name: `r ${name}`, title: name })],
    ['role-templates', (name: string) => ({ key: 't-folded', name, grants: { roomJoin: true } })],
    [
      'operators',
      (name: string) => ({ email: 'f@example.org', name, access: [{ role: 'auditor' }] }),
    ],
    ['api-keys', (name: string) => ({ name, permissions: ['room.read'] })],
    ['scenes', (name: string) => ({ name, rules: [{ from: '*', to: 'viewer' }] })],
  ])(
    '%s are found by the other form, by full width and in another case',
    async (resource, body) => {
      const answer = await test.inject('POST', `/api/v1/${resource}`, {
        as: test.admin,
        body: body(NFD),
      });
      expect([answer.status, answer.body.errors]).toEqual([201, undefined]);
      for (const q of [NFC, NFD, NFC.toUpperCase(), 'ｚｏë']) {
        expect({ q, found: (await read(resource, { filter: { q } })).length }).toEqual({
          q,
          found: 1,
        });
      }
      expect(await read(resource, { filter: { q: 'Zoe Emile' } })).toEqual([]);
      // What LIKE reads as a wildcard is text, also in full width.
      expect(await read(resource, { filter: { q: '％' } })).toEqual([]);
    },
  );

  it('the ledger finds them too, by its text and by who acted', async () => {
    await create('users', { identity: `ledger ${NFD}`, name: 'x' });
    expect(await read('ledger', { filter: { q: `LEDGER ${NFC}` } })).toHaveLength(1);
  });

  it('an identity is itself byte by byte: both forms are two users', async () => {
    await create('users', { identity: 'na\u00efve' });
    await create('users', { identity: 'nai\u0308ve' });
    expect(await read('users', { filter: { identity: 'na\u00efve' } })).toHaveLength(1);
  });

  it('lists sort as people do, page by page and with an index', async () => {
    for (const name of [...IN_ORDER].reverse()) {
      await create('users', { identity: `sort ${name}`, name });
    }
    const filter = { q: 'sort ' };
    const pages = [];
    for (const range of [
      [0, 2],
      [3, 5],
      [6, 8],
    ]) {
      pages.push(...(await read('users', { filter, sort: ['name', 'ASC'], range })));
    }
    expect(pages.map(({ name }) => name)).toEqual(IN_ORDER);
    const down = await read('users', { filter, sort: ['name', 'DESC'] });
    expect(down.map(({ name }) => name)).toEqual([...IN_ORDER].reverse());

    await test.sql(
      `INSERT INTO app_user (identity, name) SELECT 'many ' || g, 'n ' || g FROM generate_series(1, 20000) g`,
    );
    await test.sql('ANALYZE app_user');
    for (const column of ['identity', 'name']) {
      const plan = await test.sql(
        `EXPLAIN SELECT * FROM app_user u WHERE u.deleted_at IS NULL
         ORDER BY u.${column} COLLATE "und-x-icu" ASC NULLS LAST, u.id OFFSET 0 LIMIT 25`,
      );
      expect(JSON.stringify(plan)).toContain(`ix_app_user_${column}_sorted`);
    }
  });

  it('warns of an identity that people take for another one', async () => {
    await create('users', { identity: 'vera', name: 'Vera' });
    const plain = await create('users', { identity: 'boris' });
    expect(plain.warnings).toBeUndefined();
    const other = await create('users', { identity: 'v\u0435ra' });
    expect(other.warnings).toMatchObject([
      { code: 'user.identity_confusable', field: 'identity', users: [{ identity: 'vera' }] },
    ]);
    // Also of users that were there before their looks were kept.
    await test.sql(`INSERT INTO app_user (identity, name) VALUES ('oleg', 'Oleg')`);
    const alike = await test.inject('GET', '/api/v1/users/look-alikes?identity=O1eg', {
      as: test.admin,
    });
    expect(alike.body.data).toMatchObject([{ identity: 'oleg' }]);
    const mine = await read('users', { filter: { identity: 'v\u0435ra' } });
    expect(mine).toHaveLength(1);
    // The same for a user that a token request adds, once.
    const room = await test.newRoom({ default_template: 'viewer' });
    const issue = async () => {
      const body = { room, identity: 'o1eg', createUser: true };
      const answer = await test.inject('POST', '/api/v1/tokens', { as: test.admin, body });
      expect(answer.status).toBe(201);
      return answer.body.warnings;
    };
    expect(await issue()).toMatchObject([{ users: [{ identity: 'oleg' }] }]);
    expect(await issue()).toBeUndefined();
  });

  it('Postgres and programs fold alike', async () => {
    const samples = [
      NFC,
      NFD,
      'ＦＵＬＬ',
      'ΟΔΟΣ',
      'οδος',
      'İstanbul',
      'STRASSE ß',
      'Ǆ',
      '🎤',
      'ﬁ',
      'a%_\\',
    ];
    const rows = await test.sql<{ text: string; folded: string }>(
      'SELECT text, rolecall_fold(text) AS folded FROM unnest($1::text[]) AS text',
      [samples],
    );
    expect(rows.map(({ folded }) => folded)).toEqual(rows.map(({ text }) => foldText(text)));
  });
});
