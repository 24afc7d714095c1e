import { migrations } from '@rolecall/migrations';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** The application's own connection pool; `migrate.ts` uses the same options with the owner's URL. */
export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    migrations,
    migrationsTransactionMode: 'each',
    synchronize: false,
    migrationsRun: false,
    uuidExtension: 'pgcrypto',
    applicationName: 'rolecall',
    installExtensions: false,
    extra: {
      max: 10,
      connectionTimeoutMillis: 1_500,
      idleTimeoutMillis: 30_000,
      // A Postgres that hangs must not hang us: callers get 503 within two seconds.
      query_timeout: 1_700,
    },
  };
}

/** For TypeORM's command line: `typeorm migration:generate -d server/dist/database/cli-data-source.js`. */
export function ownerDataSource(url: string): DataSource {
  return new DataSource({
    ...dataSourceOptions(url),
    extra: { max: 2, connectionTimeoutMillis: 5_000 },
  });
}
