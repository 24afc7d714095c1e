import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ADMIN, signIn, startSignInApp } from '../../../test/support/sign-in.js';
import type { Answer, Credential, Json, TestApp } from '../../../test/support/test-app.js';

jest.setTimeout(120_000);

const ENTRIES = 40_000;
const NOWHERE = 'is-in-no-entry';

let app: TestApp;

beforeAll(async () => {
  app = await startSignInApp();
  // Long texts: the search below reads all of them.
  await app.sql(
    `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label, room, reason, payload)
     SELECT 0, 0, clock_timestamp() - n * interval '1 second', 'gate.admitted', 'ok', 'system', 'Gate',
       'hall', repeat(md5(n::text), 60), '{}' FROM generate_series(1, $1::int) AS n`,
    [ENTRIES],
  );
});
afterAll(() => app?.stop());

const search = (as: Credential): Promise<Answer<Json>> =>
  app.inject<Json>('GET', `/api/v1/ledger?query=${NOWHERE}`, { as });

/** Its status, and whether it came in time. */
async function timed(
  work: () => Promise<Answer<Json>>,
): Promise<[status: number, inTime: boolean]> {
  const began = performance.now();
  const { status } = await work();
  return [status, performance.now() - began < 5_000];
}

describe('searches of the log', () => {
  it('keep nobody from a token or from signing in, however many are asked for', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const auditors = await Promise.all(
      Array.from({ length: 3 }, () => app.newOperator([{ role: 'auditor' }])),
    );
    let open = 0;
    const searches = Array.from({ length: 60 }, async (_, i) => {
      open++;
      const answer = await search(auditors[i % auditors.length] as Credential);
      open--;
      return answer;
    });
    const own: [number, boolean][] = [];
    for (let i = 0; i < 4; i++) {
      own.push(
        await timed(() =>
          app.inject('POST', '/api/v1/tokens', {
            as: app.admin,
            body: { room, identity: `guest-${i}`, createUser: true },
          }),
        ),
        await timed(() => signIn(app, ADMIN)),
      );
    }
    expect(own.map(([status, inTime]) => [status < 300, inTime])).toEqual(
      own.map(() => [true, true]),
    );
    // It was measured while searches ran.
    expect(open).toBeGreaterThan(0);

    const answers = await Promise.all(searches);
    for (const { status, headers, body } of answers) {
      expect([200, 429, 503]).toContain(status);
      if (status === 200) continue;
      expect(body.code).toMatch(/^ledger\.(searches_busy|search_too_slow|too_many_searches)$/);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    // The log is open again as soon as they are done.
    const [auditor] = auditors as [Credential];
    const { status } = await app.inject('GET', '/api/v1/ledger?query=room:hall', { as: auditor });
    expect(status).toBe(200);
  });

  it('take turns by who asks: one caller with many keeps nobody else waiting behind them', async () => {
    const [greedy, modest] = await Promise.all([
      app.newOperator([{ role: 'auditor' }]),
      app.newOperator([{ role: 'auditor' }]),
    ]);
    let open = 0;
    const many = Array.from({ length: 25 }, async () => {
      open++;
      const answer = await search(greedy);
      open--;
      return answer;
    });
    const [status, inTime] = await timed(() =>
      app.inject('GET', '/api/v1/ledger/acts?query=room:hall', { as: modest }),
    );
    expect([status, inTime, open > 0]).toEqual([200, true, true]);
    const refused = (await Promise.all(many)).filter((one) => one.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body).toMatchObject({ code: 'ledger.too_many_searches' });
  });

  it('tell a reader of some rooms nothing of how many entries others have', async () => {
    const [all, some, none] = await Promise.all([
      app.newOperator([{ role: 'auditor' }]),
      app.newOperator([{ role: 'auditor', rooms: ['hall*'] }]),
      app.newOperator([{ role: 'auditor', rooms: ['attic-*'] }]),
    ]);
    const get = async (as: Credential, url: string) =>
      (await app.inject<Json>('GET', `/api/v1/ledger/${url}`, { as })).body;
    // The time is up before it has looked at all of them.
    const searched = async (as: Credential) => (await get(as, `acts?query=${NOWHERE}`)).searched;
    expect(await searched(all)).toEqual({ until: expect.any(String), isWhole: false });
    expect(await searched(some)).toEqual({ until: null, isWhole: false });
    for (const url of ['facets?query=outcome:ok&fields=kind', 'histogram?query=outcome:ok']) {
      expect([url, (await get(none, url)).looked]).toEqual([url, 0]);
      expect((await get(some, url)).looked).toBeGreaterThan(1_000);
    }
  });

  it('are refused with the field and the place when they ask for too much text', async () => {
    const query = Array.from({ length: 100 }, (_, i) => `-t${i}`).join(' ');
    for (const route of ['ledger', 'ledger/acts', 'ledger/facets', 'ledger/histogram']) {
      const url = `/api/v1/${route}?${new URLSearchParams({ query })}`;
      const { status, body } = await app.inject<Json>('GET', url, { as: app.admin });
      expect([route, status, body.errors?.query]).toEqual([
        route,
        400,
        expect.stringContaining('at most 10 texts'),
      ]);
    }
  });
});
