import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import type { LedgerEntryInput } from '../../ledger/ledger-entry.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import { type MatchField, printQuery } from '../../ledger/query/index.js';
import { LedgerCounting } from '../../ledger/search/counting.js';

jest.setTimeout(120_000);

/** Every character that breaks a line, a query, a pattern or a table, and one text of 64 KiB. */
const HOSTILE = [
  'a\r\nb: c',
  '\u202eevil\u2066',
  'line\u2028line\u2029',
  '\u001b[31mred\u0007',
  '100%_\\*',
  'comma, "quote" \\"',
  '-room:x since:now',
  "'); DROP TABLE room; --",
  '=HYPERLINK("x")',
  '😀 ёж ＡＢＣ',
  '__proto__',
];

let app: TestApp;
let auditor: Credential;

beforeAll(async () => {
  app = await startTestApp();
  auditor = await app.newOperator([{ role: 'auditor' }]);
});
afterAll(() => app?.stop());

type Written = Partial<Omit<LedgerEntryInput, 'kind'>> & { kind: string };

/** One after the other, so that their order is known. */
async function write(...entries: Written[]): Promise<void> {
  const ledger = app.app.get(LedgerService);
  for (const entry of entries) {
    const whole = { outcome: 'ok', actor: SYSTEM_ACTOR, payload: {}, ...entry };
    await ledger.appendDurably(whole as LedgerEntryInput);
  }
}

async function get(path: string, query: Record<string, string> = {}, as = auditor): Promise<Json> {
  const url = `/api/v1/ledger/${path}?${new URLSearchParams(query)}`;
  const { status, body } = await app.inject<Json>('GET', url, { as });
  return { status, ...body };
}

const acts = (query: string, more: Record<string, string> = {}, as = auditor) =>
  get('acts', { query, ...more }, as);

/** All acts of a search, page by page. */
async function allActs(query: string, limit: number, as = auditor): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Json = await acts(query, { limit: String(limit), cursor }, as);
    expect(page.status).toBe(200);
    found.push(...page.data);
    cursor = page.pageInfo.next;
  }
  return found;
}

const literal = (field: MatchField, text: string): string =>
  printQuery({
    fields: { [field]: { any: [{ text, isPattern: false }], none: [] } },
    ttl: [],
    since: null,
    before: null,
    text: { all: [], none: [] },
  });

describe('the log by acts', () => {
  it('has one row for an operation, with its steps, names and roles', async () => {
    const { id, identity } = await app.newUser({ name: 'Omar Haddad' });
    const kim = await app.newOperator([{ role: 'admin' }]);
    const promoted = {
      kind: 'seat.promoted',
      actor: { kind: 'operator', id: kim.id, label: kim.label },
      room: 'town-hall',
      identity,
      reason: 'Next question',
    } as const;
    const operationId = '0190a3b2-1111-4222-8333-444455556666';
    const state = (template: string) => ({ template, version: 1, permission: null });
    const payload = { operationId, before: state('viewer'), after: state('speaker') };
    await write(
      { ...promoted, outcome: 'intent', payload },
      { ...promoted, outcome: 'applied', payload },
      {
        kind: 'seat.silenced',
        room: 'town-hall',
        identity,
        payload: { operationId, action: 'hold', ms: 212 },
      },
    );
    const { data } = await acts(`room:town-hall ${literal('identity', identity)}`);
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({
      kind: 'seat.promoted',
      group: 'seats',
      outcome: 'applied',
      operationId,
      entry: { outcome: 'intent', reason: 'Next question' },
      steps: [
        { step: 'requested', ms: 0 },
        { step: 'confirmed', outcome: 'applied' },
        { step: 'effect', kind: 'seat.silenced' },
      ],
      people: {
        actor: { kind: 'operator', id: kim.id },
        subject: { kind: 'user', id, identity, name: 'Omar Haddad' },
      },
      role: { key: 'speaker', name: expect.any(String), color: expect.any(String), version: 1 },
      before: { key: 'viewer' },
      repeated: null,
    });
    expect(data[0].id).toBe(data[0].steps[0].id);
    // Whatever is asked for of it, the row is whole, and it is there once, however small the pages.
    for (const outcome of ['requested', 'confirmed', 'applied,intent']) {
      const found = await allActs(
        `room:town-hall ${literal('identity', identity)} outcome:${outcome}`,
        1,
      );
      expect([outcome, found.map((act) => act.steps.length)]).toEqual([outcome, [3]]);
    }
  });

  it('folds connects of one person that follow each other', async () => {
    const admitted = { kind: 'gate.admitted', room: 'lobby' };
    await write(
      { ...admitted, identity: 'mia' },
      { ...admitted, identity: 'mia' },
      { ...admitted, identity: 'cy' },
      { ...admitted, identity: 'mia' },
      { kind: 'participant.joined', room: 'lobby', identity: 'mia' },
      { ...admitted, identity: 'mia' },
      { kind: 'gate.refused', outcome: 'refused', room: 'lobby', identity: 'mia' },
    );
    const { data } = await acts('room:lobby');
    expect(
      data.map((act: Json) => [act.kind, act.entry.identity, act.repeated?.count ?? null]),
    ).toEqual([
      ['gate.refused', 'mia', null],
      ['gate.admitted', 'mia', null],
      ['participant.joined', 'mia', null],
      ['gate.admitted', 'mia', 3],
      ['gate.admitted', 'cy', null],
    ]);
  });

  it('says of a search that cannot be read what is wrong, where, and what is possible', async () => {
    for (const path of ['acts', 'facets', 'histogram']) {
      const problem = await get(path, { query: 'room:a outcom:refused' });
      expect([path, problem.status]).toEqual([path, 400]);
      expect(problem.errors.query).toMatch(
        /^at character 8 \(outcom\): there is no field outcom.*Possible: outcome/,
      );
    }
    expect((await acts('', { zone: 'Mars/Olympus' })).errors).toHaveProperty('zone');
    expect((await get('facets', { fields: 'room,nonsense' })).errors).toHaveProperty('fields');
  });
});

describe('searches', () => {
  const cases: [query: string, (entry: Json) => boolean][] = [
    ['room:search-a', ({ room }) => room === 'search-a'],
    ['room:search-a,search-b', ({ room }) => room !== 'search-c'],
    ['room:search-* -room:search-a', ({ room }) => room !== 'search-a'],
    ['identity:p1 room:search-*', ({ identity }) => identity === 'p1'],
    ['room:search-* -identity:p1,p2', ({ identity }) => !['p1', 'p2'].includes(identity)],
    ['room:search-* outcome:refused', ({ outcome }) => outcome === 'refused'],
    ['room:search-* kind:seats', ({ kind }) => kind.startsWith('seat.')],
    ['room:search-* kind:token.*', ({ kind }) => kind.startsWith('token.')],
    ['room:search-* -kind:tokens,seats', ({ kind }) => !/^(token|seat)\./.test(kind)],
    ['room:search-* template:host', ({ payload }) => templateIn(payload) === 'host'],
    [
      'room:search-* ttl>=600',
      ({ kind, payload }) => kind === 'token.issued' && payload.ttl >= 600,
    ],
    ['room:search-* ttl<10m', ({ kind, payload }) => kind === 'token.issued' && payload.ttl < 600],
    [
      'room:search-* via:requested',
      ({ kind, payload }) => /^(token|gate)/.test(kind) && payload.source === 'requested',
    ],
    ['room:search-* ip:203.0.113.*', ({ ip }) => ip?.startsWith('203.0.113.')],
    ['room:search-* actorKind:participant', ({ actor }) => actor.kind === 'participant'],
    ['room:search-* "Reason 7"', ({ reason }) => reason?.includes('reason 7')],
    ['room:search-* -"Reason 7"', ({ reason }) => !reason?.includes('reason 7')],
    ['room:search-* requestId:r-11', ({ requestId }) => requestId === 'r-11'],
    ['room:search-* hash:' + 'ab'.repeat(32), () => false],
    ['before:2020-01-01', () => false],
  ];
  let all: Json[];

  const templateIn = (payload: Json) =>
    payload.template ?? payload.after?.template ?? payload.before?.template;

  beforeAll(async () => {
    const kinds = ['token.issued', 'token.refused', 'seat.muted', 'gate.admitted', 'user.updated'];
    await Promise.all(
      Array.from({ length: 400 }, (_, i) => {
        const kind = kinds[i % kinds.length] as string;
        const template = ['viewer', 'speaker', 'host'][i % 3];
        return write({
          kind,
          outcome: kind === 'token.refused' ? 'refused' : 'ok',
          room: `search-${'abc'[i % 3]}`,
          identity: i % 7 === 0 ? null : `p${i % 5}`,
          reason: i % 4 === 0 ? null : `the reason ${i % 10}`,
          actor: {
            kind: i % 9 === 0 ? 'participant' : 'system',
            id: null,
            label: `actor ${i % 6}`,
            ip: i % 2 === 0 ? `203.0.113.${i % 250}` : `198.51.100.${i % 250}`,
            requestId: `r-${i}`,
          },
          payload:
            kind === 'seat.muted'
              ? { after: { template } }
              : { template, ttl: i * 4, source: i % 2 === 0 ? 'requested' : 'assignment' },
        });
      }),
    );
    all = (await allActs('room:search-*', 200)).flatMap(({ entry }) => [entry]);
  });

  it.each(cases)('find what they ask for, on pages of any size: %s', async (query, matches) => {
    // Not folded: what is compared is entries.
    const wanted = all.filter((entry) => entry.kind !== 'gate.admitted' && matches(entry));
    for (const limit of [7, 200]) {
      const found = (await allActs(`${query} -kind:gate.*`, limit)).map(({ entry }) => entry.id);
      expect(found).toEqual(wanted.map(({ id }) => id));
    }
  });

  it.each(cases)('are counted as they are found: %s', async (query) => {
    const found: Json[] = [];
    for (let cursor = ''; cursor !== null;) {
      const page = await get('../ledger', { query, limit: '200', cursor });
      found.push(...page.data);
      cursor = page.pageInfo.next;
    }
    const facets = await get('facets', { query, fields: 'outcome,room,template,via', top: '50' });
    expect(facets).toMatchObject({ basis: 'exact', total: found.length });
    const histogram = await get('histogram', { query });
    expect([histogram.basis, histogram.total]).toEqual(['exact', found.length]);
    const sum = histogram.buckets.reduce((n: number, bucket: Json) => n + bucket.total, 0);
    expect(sum).toBe(found.length);
    const outcomes: Record<string, number> = {};
    for (const { outcome } of found) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (query.includes('outcome:')) return;
    const counted = Object.fromEntries(
      facets.data[0].values.map(({ value, count }: Json) => [value, count]),
    );
    expect(counted).toEqual(outcomes);
    const acts = await get('facets', { query, fields: 'room', of: 'acts' });
    expect(acts.total).toBe(found.filter(({ outcome }) => outcome !== 'intent').length);
  });

  it('count a field without what is asked of it, so that its other values show', async () => {
    const { data } = await get('facets', {
      query: 'room:search-a outcome:refused',
      fields: 'room,outcome',
    });
    const [rooms, outcomes] = data;
    const inSearch = rooms.values.filter(({ value }: Json) => value.startsWith('search-'));
    expect(inSearch.map(({ value }: Json) => value).sort()).toEqual([
      'search-a',
      'search-b',
      'search-c',
    ]);
    expect(rooms.values.filter(({ isChosen }: Json) => isChosen)).toEqual([
      expect.objectContaining({ value: 'search-a' }),
    ]);
    expect(outcomes.values.map(({ value }: Json) => value).sort()).toEqual(['ok', 'refused']);
  });

  it('follow the brush', async () => {
    const half = all[Math.floor(all.length / 2)].at as string;
    const inside = all.filter(({ at }) => at >= half).length;
    const query = 'room:search-* -kind:gate.*';
    const [older, newer] = await Promise.all([
      get('facets', { query, to: half, fields: 'room' }),
      get('facets', { query, from: half, fields: 'room' }),
    ]);
    const gates = all.filter(({ kind }) => kind === 'gate.admitted');
    expect(newer.total).toBe(inside - gates.filter(({ at }) => at >= half).length);
    expect(older.total + newer.total).toBe((await get('facets', { query, fields: 'room' })).total);
  });
});

describe('who reads some rooms only', () => {
  it('sees, counts and is told of these alone', async () => {
    await write(
      { kind: 'seat.muted', room: 'mine-1', identity: 'ana', payload: {} },
      { kind: 'token.refused', outcome: 'refused', room: 'mine-2', identity: 'ana' },
      { kind: 'seat.muted', room: 'other-1', identity: 'secret', payload: { template: 'secret' } },
      { kind: 'operator.signed_in', actor: { kind: 'operator', id: null, label: 'secret' } },
    );
    for (const rooms of [['mine-*'], ['mine-1', 'mine-2']]) {
      const limited = await app.newOperator([{ role: 'auditor', rooms }]);
      for (const query of [
        '',
        'kind:seat.muted',
        '-room:mine-1',
        'outcome:ok,refused',
        'since:1h',
      ]) {
        const found = await allActs(query, 50, limited);
        expect(found.map(({ entry }) => entry.room).every((room) => /^mine-/.test(room))).toBe(
          true,
        );
        const fields = 'outcome,kind,group,actor,actorKind,room,identity,template,via,ip';
        const facets = await get('facets', { query, fields }, limited);
        expect(facets.total).toBe(found.length);
        expect(JSON.stringify(facets)).not.toMatch(/other-1|secret/);
        for (const { values } of facets.data) {
          for (const { count } of values) expect(count).toBeLessThanOrEqual(2);
        }
        expect((await get('histogram', { query }, limited)).total).toBe(found.length);
      }
    }
  });

  it('needs the permission', async () => {
    const key = await app.newApiKey(['token.issue']);
    for (const path of ['acts', 'facets', 'histogram']) {
      expect((await get(path, {}, key)).status).toBe(403);
    }
  });
});

describe('hostile text', () => {
  it.each(HOSTILE)('passes unharmed through rows, counts and searches: %j', async (text) => {
    await write({
      kind: 'seat.muted',
      room: text,
      identity: text,
      reason: text,
      actor: { kind: 'participant', id: text, label: text, ip: null, requestId: text },
      payload: { template: text, metadata: text.repeat(3_000).slice(0, 60_000) },
    });
    for (const field of ['room', 'identity', 'actor', 'template', 'requestId'] as const) {
      const query = literal(field, text);
      const { data, status } = await acts(query);
      expect([query, status, data?.length]).toEqual([query, 200, 1]);
      expect(data[0].entry).toMatchObject({ room: text, identity: text, reason: text });
      expect(data[0]).toMatchObject({ people: { subject: { name: text } }, role: { key: text } });
    }
    const { data } = await get('facets', {
      query: literal('room', text),
      fields: 'identity,actor',
    });
    for (const { values } of data)
      expect(values).toEqual([expect.objectContaining({ value: text, count: 1 })]);
    expect(
      (await get('facets', { query: literal('identity', text), fields: 'room' })).data[0].values,
    ).toEqual([expect.objectContaining({ value: text })]);
  });
});

describe('the counts that are kept', () => {
  const counts = () =>
    app.sql('SELECT minutes, at, kind, outcome, entries FROM ledger_count ORDER BY 1, 2, 3, 4');

  it('are those of all entries, whoever wrote them, and know those that are not added up yet', async () => {
    const counting = app.app.get(LedgerCounting);
    await counting.onModuleDestroy();
    await counting.pass();
    const before = (await get('facets', { fields: 'kind' })).total;
    await Promise.all([
      write(...Array.from({ length: 20 }, () => ({ kind: 'user.updated' }))),
      app.newApiKey(['token.issue']),
      app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: 'counted' } }),
    ]);
    const [{ n }] = (await app.sql('SELECT count(*)::int AS n FROM ledger_entry')) as [Json];
    const after = await get('facets', { fields: 'kind' });
    expect(after.basis).toBe('exact');
    expect(after.total).toBe(n);
    expect(after.total).toBeGreaterThan(before + 20);
    await counting.pass();
    const added = await counts();
    await app.database.asOwner('SELECT ledger_recount()');
    expect(await counts()).toEqual(added);
  });

  it('cannot be written by the server', async () => {
    const [{ n }] = (await app.sql(
      `SELECT count(*)::int AS n FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p,
         unnest(ARRAY['ledger_count', 'ledger_counted']) AS t
       WHERE has_table_privilege('rolecall_app', t, p)`,
    )) as [Json];
    expect(n).toBe(0);
  });
});

describe('more entries than are read for an answer', () => {
  const COUNT = 40_000;

  beforeAll(async () => {
    // Over four days; every hundredth is of a rare role, and five have a reason that nobody indexes.
    await app.sql(
      `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label, room, identity, reason, payload)
       SELECT 9, n, now() - interval '5 days' + n * interval '8 seconds', 'token.issued', 'ok', 'system', 'many',
         'many-' || n % 3, 'crowd-' || n % 500, CASE WHEN n % 8000 = 77 THEN 'needle' END,
         json_build_object('template', CASE WHEN n % 20 = 0 THEN 'rare' ELSE 'usual' END, 'ttl', 600)
       FROM generate_series(1, ${COUNT}) n`,
    );
    await app.sql('ANALYZE ledger_entry');
    await app.database.asOwner('SELECT ledger_recount()');
  });

  it('are counted exactly by kind and outcome, from the counts that are kept', async () => {
    const [{ n }] = (await app.sql(
      `SELECT count(*)::int AS n FROM ledger_entry WHERE kind = 'token.issued'`,
    )) as [Json];
    const facets = await get('facets', { query: 'kind:token.issued', fields: 'kind,outcome' });
    expect([facets.basis, facets.total]).toEqual(['exact', n]);
    const histogram = await get('histogram', { query: 'kind:token.issued', zone: 'Europe/Berlin' });
    expect([histogram.basis, histogram.total]).toEqual(['exact', n]);
    // A part of a bar: what is before it is taken away again.
    const [{ at, rest }] = (await app.sql(
      `SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, $1::int - seq::int + 1 AS rest
       FROM ledger_entry WHERE shard = 9 AND seq = 12345`,
      [COUNT],
    )) as [Json];
    const part = await get('histogram', { query: `kind:token.issued since:${at}` });
    expect([part.basis, part.total]).toEqual(['exact', n - (COUNT - rest)]);
  });

  it('are estimated by what cannot be counted so, and said to be', async () => {
    for (const query of ['template:rare', 'room:many-1']) {
      const wanted = query === 'template:rare' ? COUNT / 20 : COUNT / 3;
      const facets = await get('facets', { query, fields: 'template,room' });
      const histogram = await get('histogram', { query });
      for (const { basis, total, looked } of [facets, histogram]) {
        expect([query, basis]).toEqual([query, 'estimate']);
        expect(Math.abs(total - wanted) / wanted).toBeLessThan(0.2);
        expect(looked).toBeLessThan(12_000);
      }
    }
    const { data } = await get('facets', { query: 'room:many-1', fields: 'room' });
    const counts = data[0].values.filter(({ value }: Json) => value.startsWith('many-'));
    expect(counts).toHaveLength(3);
    for (const { count } of counts)
      expect(Math.abs(count - COUNT / 3) / (COUNT / 3)).toBeLessThan(0.2);
  });

  it('are looked through a stretch at a time, until everything is found once', async () => {
    const found = await allActs('needle room:many-*', 3);
    expect(found.map(({ entry }) => entry.seq)).toEqual([32_077, 24_077, 16_077, 8_077, 77]);
    const [first] = await Promise.all([acts('needle', { limit: '50' })]);
    if (!first.searched.isWhole) expect(first.pageInfo.next).not.toBeNull();
  });
});
