import { DataSource } from 'typeorm';
import { AppLogger } from '../common/app-logger.js';
import { Passwords } from '../credentials/passwords.js';
import type { AppConfig } from '../config/app-config.js';
import { openConnections } from '../database/connections.js';
import { dataSourceOptions } from '../database/data-source.js';
import { PgPool } from '../database/pg-pool.js';
import { Transactions } from '../ledger/transactions.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { FirstAdmin } from '../operators/first-admin.js';
import { FirstStart } from './first-start.js';

/** Does what a first start does, without a server, which then never learns the password. */
export async function createFirstAdmin(config: AppConfig): Promise<FirstAdmin | null> {
  const connections = await openConnections(config, console);
  const dataSource = new DataSource(dataSourceOptions(connections));
  const pool = new PgPool(connections);
  try {
    await dataSource.initialize();
    const ledger = new LedgerService(pool);
    const transactions = new Transactions(dataSource, ledger);
    const log = new AppLogger(config);
    return await new FirstStart(transactions, ledger, new Passwords(), log, config).prepare();
  } finally {
    await pool.onApplicationShutdown();
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** What the terminal shows about it. */
export function describeFirstAdmin({ email, password }: FirstAdmin): string {
  const told =
    password === null
      ? 'the one in ROLECALL_ADMIN_PASSWORD'
      : `${password}   (shown once: keep it, and change it under Account)`;
  return `First sign-in: ${email}\nPassword: ${told}`;
}
