import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { unavailableOn } from './database-errors.js';

/**
 * The small pool of the hot paths (issue, webhook, reconcile, ledger). Statements have names, so
 * Postgres plans them once per connection. A statement that takes too long ends
 * with its connection: callers answer 503 instead of piling up.
 */
@Injectable()
export class PgPool implements OnApplicationShutdown {
  readonly pool: pg.Pool;

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    this.pool = new pg.Pool({
      connectionString: config.databaseUrl,
      max: 8,
      connectionTimeoutMillis: 1_500,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      // Postgres gives up by itself as well: a statement that nobody waits for any more would keep
      // its place in the line, and its connection, until it gets the lock.
      lock_timeout: 1_500,
      statement_timeout: 6_000,
      application_name: 'rolecall-hot',
    });
    this.pool.on('error', () => undefined); // an idle connection died; the next query opens another
    // One that dies while it works also fails its query, which is where it is dealt with.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Runs one named statement. Throws an `unavailable` AppError when Postgres cannot be reached. */
  async query<R extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: unknown[] = [],
    timeoutMs = 1_700,
  ): Promise<pg.QueryResult<R>> {
    let client: pg.PoolClient | undefined;
    let failure: Error | undefined;
    try {
      client = await this.pool.connect();
      // query_timeout is read per query by pg although its types only know it for the client.
      const query = { name, text, values, query_timeout: timeoutMs };
      return await client.query<R>(query);
    } catch (error) {
      failure = error as Error;
      throw unavailableOn(error);
    } finally {
      // A timed-out or broken connection must not serve the next caller.
      client?.release(failure && !('severity' in failure) ? failure : undefined);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
