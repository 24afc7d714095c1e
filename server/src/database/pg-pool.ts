import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Connections } from './connections.js';
import { unavailableOn } from './database-errors.js';

const BY_KEY = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };

/** Postgres gives up by itself as well: a statement that nobody waits for would keep its place in line. */
const LIMITS = { lock_timeout: '1500', statement_timeout: '6000' };

/**
 * The small pool of the hot paths (issue, webhook, reconcile, writing the ledger). A statement that
 * takes too long ends with its connection: callers answer 503 instead of piling up. Searches of the
 * log have `SearchPool`.
 */
@Injectable()
export class PgPool implements OnApplicationShutdown {
  readonly pool: pg.Pool;
  /**
   * For a statement so large that planning it takes longer than running it. Postgres keeps the plan
   * of a named statement only where it thinks that one plan fits all values; here it has to. It is
   * made of look-ups by key: a plan from when the tables were empty would go on reading all of them.
   */
  private readonly plannedOnce: pg.Pool;

  constructor(connections: Connections) {
    this.pool = openPool(
      connections.shared({ max: 8, application_name: 'rolecall-hot', settings: LIMITS }),
    );
    // A plan is kept by its session.
    this.plannedOnce = openPool(
      connections.ownSession({
        max: 4,
        application_name: 'rolecall-policy',
        settings: { ...LIMITS, plan_cache_mode: 'force_generic_plan', ...BY_KEY },
      }),
    );
  }

  /** Runs one named statement. Throws an `unavailable` AppError when Postgres cannot be reached. */
  query<R extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: unknown[] = [],
    timeoutMs = 1_700,
  ): Promise<pg.QueryResult<R>> {
    return runTimed(this.pool, { name, text, values }, timeoutMs);
  }

  /** The same for a statement whose best plan does not depend on `values`. */
  queryPlannedOnce<R extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: unknown[],
    timeoutMs = 1_700,
  ): Promise<pg.QueryResult<R>> {
    return runTimed(this.plannedOnce, { name, text, values }, timeoutMs);
  }

  /** Runs one named statement, and holds none of its rows: there may be many long ones. */
  async each<R extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: unknown[],
    onRow: (row: R) => void,
    timeoutMs = 1_700,
  ): Promise<void> {
    await withClient(this.pool, (client) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error('Query read timeout')), timeoutMs);
      client
        .query(new pg.Query<R>({ name, text, values }))
        .on('row', (row) => {
          try {
            onRow(row);
          } catch (error) {
            reject(error as Error);
          }
        })
        .on('error', reject)
        .on('end', () => resolve());
      return promise.finally(() => clearTimeout(timer));
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.pool.end(), this.plannedOnce.end()]);
  }
}

const WAITS = { connectionTimeoutMillis: 1_500, idleTimeoutMillis: 30_000, keepAlive: true };

export function openPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...WAITS, ...options });
  pool.on('error', () => undefined); // an idle connection died; the next query opens another
  // One that dies while it works also fails its query, which is where it is dealt with.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

export interface TimedQuery {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** The rows of an answer are longer than their reader takes. */
export class AnswerTooLong extends Error {}

/**
 * Throws an `unavailable` AppError when Postgres cannot be reached or does not answer in time, and
 * `AnswerTooLong` when the rows have more than `mostBytes`.
 */
export function runTimed<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  query: TimedQuery,
  timeoutMs: number,
  mostBytes = Infinity,
): Promise<pg.QueryResult<R>> {
  return withClient(pool, async (client) => {
    const counted = Number.isFinite(mostBytes) ? countBytes(client, mostBytes) : null;
    try {
      // query_timeout is read per query by pg although its types only know it for the client.
      const timed = { ...query, query_timeout: timeoutMs };
      return await client.query<R>(timed);
    } catch (error) {
      if (!counted?.isTooLong()) throw error;
      throw new AnswerTooLong(`More than ${mostBytes} bytes`, { cause: error });
    } finally {
      counted?.stop();
    }
  });
}

async function withClient<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient | undefined;
  let failure: Error | undefined;
  try {
    client = await pool.connect();
    return await work(client);
  } catch (error) {
    failure = error as Error;
    throw unavailableOn(error);
  } finally {
    // A timed-out or broken connection must not serve the next caller.
    client?.release(failure && !('severity' in failure) ? failure : undefined);
  }
}

/** What carries the messages of a client; the types of pg do not have it. */
interface Wire {
  on(event: 'dataRow', listener: (message: { length: number }) => void): void;
  off(event: 'dataRow', listener: (message: { length: number }) => void): void;
  readonly stream: { destroy(): void };
}

/** Counts what comes, and cuts the connection off before the answer takes all memory. */
function countBytes(client: pg.PoolClient, mostBytes: number) {
  const { connection } = client as unknown as { connection: Wire };
  let bytes = 0;
  const count = ({ length }: { length: number }): void => {
    bytes += length;
    if (bytes > mostBytes) connection.stream.destroy();
  };
  connection.on('dataRow', count);
  return {
    isTooLong: () => bytes > mostBytes,
    stop: () => connection.off('dataRow', count),
  };
}
