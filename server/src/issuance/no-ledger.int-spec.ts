import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type OwnPostgres, startOwnPostgres } from '../../test/support/own-postgres.js';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';

/** Two seconds where nothing else runs; Postgres by itself would give up after six. */
const ANSWERED_MS = 5_000;

/** Rule 1, on a Postgres of its own that is killed and locked. */
describe('without a ledger there is no token', () => {
  let own: OwnPostgres;
  let other: TestApp;

  beforeAll(async () => {
    own = await startOwnPostgres();
    other = await startTestApp({ database: own.database });
  });
  afterAll(async () => {
    await other?.stop();
    await own?.stop();
  });

  it('503 soon, by the dozen, and tokens again when Postgres is back: each with its entry', async () => {
    const room = await other.newRoom({ default_template: 'viewer' });
    const { identity } = await other.newUser();
    const as = await other.newApiKey(['token.issue']);
    const ask = async () => {
      const started = performance.now();
      const answer = await other.inject('POST', '/api/v1/tokens', { as, body: { room, identity } });
      return { ...answer, ms: performance.now() - started };
    };
    const held: string[] = [];
    const keep = (answers: { status: number; body: Json }[]) =>
      held.push(...answers.filter(({ status }) => status === 201).map(({ body }) => body.jti));

    for (let round = 0; round < 3; round++) {
      keep(await Promise.all(Array.from({ length: 10 }, ask)));
      // Some of these are under way when Postgres dies: they get a token or an error, never both.
      const underWay = Promise.all(Array.from({ length: 40 }, ask));
      await own.kill();
      const caught = await underWay;
      keep(caught);
      // The connections that Postgres leaves behind may still serve for a moment.
      await until('Postgres is gone', async () => {
        const answer = await ask();
        keep([answer]);
        return answer.status === 503;
      });
      const down = await Promise.all(Array.from({ length: 20 }, ask));
      expect(new Set(down.map(({ status }) => status))).toEqual(new Set([503]));
      for (const answer of [...down, ...caught.filter(({ status }) => status !== 201)]) {
        expect([answer.status, answer.body.token, answer.ms < ANSWERED_MS]).toEqual([
          503,
          undefined,
          true,
        ]);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
      await own.start();
      const back = await until('a token is issued again', async () => {
        const answer = await ask();
        return answer.status === 201 && answer;
      });
      keep([back]);
    }
    const entries = new Set((await other.ledger('token.issued')).map((entry) => entry.payload.jti));
    expect(held.length).toBeGreaterThan(30);
    expect(held.filter((jti) => !entries.has(jti))).toEqual([]);
    expect(new Set(held).size).toBe(held.length);
  });

  it('503 soon while somebody holds the ledger, and no waiting line is left behind', async () => {
    const room = await other.newRoom({ default_template: 'viewer' });
    const { identity } = await other.newUser();
    const as = await other.newApiKey(['token.issue']);
    const ask = async () => {
      const started = performance.now();
      const answer = await other.inject('POST', '/api/v1/tokens', { as, body: { room, identity } });
      return { status: answer.status, ms: performance.now() - started };
    };
    expect((await ask()).status).toBe(201);
    const holder = new pg.Client({ connectionString: own.database.ownerUrl });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE ledger_head IN ACCESS EXCLUSIVE MODE');
      const first = ask();
      // These come while the first one waits, so they are in the batch behind it.
      await until('the first one waits', async () => {
        const { rows } = await holder.query('SELECT FROM pg_locks WHERE NOT granted');
        return rows.length > 0;
      });
      const answers = await Promise.all([first, ...Array.from({ length: 20 }, ask)]);
      expect(answers.map(({ status, ms }) => [status, ms < ANSWERED_MS || ms])).toEqual(
        Array(21).fill([503, true]),
      );
    } finally {
      await holder.query('ROLLBACK');
      await holder.end();
    }
    expect((await ask()).status).toBe(201);
  });
});
