import { migrations } from '@rolecall/migrations';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { readPostgresUrl } from '../config/postgres-url.js';
import { connectionOf } from './connection-of.js';
import type { Connections } from './connections.js';
import { DatabaseRefused, refusalOf } from './database-refused.js';
import { examineDatabase } from './examine-database.js';

const OPTIONS = {
  type: 'postgres',
  migrations,
  migrationsTransactionMode: 'each',
  synchronize: false,
  migrationsRun: false,
  uuidExtension: 'pgcrypto',
  installExtensions: false,
} as const;

/** The application's own connection pool. TypeORM reads no URL: it would leave out all of its query. */
export function dataSourceOptions(connections: Connections): DataSourceOptions {
  return {
    ...OPTIONS,
    extra: connections.shared({
      max: 10,
      connectionTimeoutMillis: 1_500,
      idleTimeoutMillis: 30_000,
      // A Postgres that hangs must not hang us: callers get 503 within two seconds.
      query_timeout: 1_700,
      application_name: 'rolecall',
    }),
  };
}

/** For migrations, which may take as long as they need. */
export async function ownerDataSource(url: string): Promise<DataSource> {
  const address = readPostgresUrl(url);
  const findings = await examineDatabase(address, 'DATABASE_MIGRATION_URL');
  const refusal = refusalOf(findings);
  if (refusal) throw new DatabaseRefused(refusal);
  return new DataSource({
    ...OPTIONS,
    extra: connectionOf(address, findings.keepsSessions, {
      max: 2,
      connectionTimeoutMillis: 5_000,
      application_name: 'rolecall-migrate',
      settings: {
        statement_timeout: '0',
        lock_timeout: '0',
        idle_in_transaction_session_timeout: '0',
      },
    }),
  });
}
