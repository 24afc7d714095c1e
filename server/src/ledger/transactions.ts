import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import type { LedgerEntryInput } from './ledger-entry.js';
import { LedgerService } from './ledger.service.js';
import { constraintError, unavailableOn } from '../database/database-errors.js';

/** One transaction, with the ledger entries and the news that belong to it. */
export interface Tx {
  /** TypeORM on this transaction's connection. */
  manager: EntityManager;
  /** Plain SQL on the same connection. */
  query<R extends object = Record<string, unknown>>(
    sql: string,
    values?: unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>;
  /** Written just before the commit: the change and its entry commit together. */
  record(entry: LedgerEntryInput): void;
  /** Runs after the commit; what it throws is not the caller's problem. Never a second writer. */
  afterCommit(work: () => void): void;
}

@Injectable()
export class Transactions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerService,
  ) {}

  /**
   * Runs `work` in one transaction and returns its result after the commit. Violated constraints
   * come out as errors that name the field, a lost database as `unavailable`. No network call other
   * than to Postgres may happen inside (rule 9).
   */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const entries: LedgerEntryInput[] = [];
    const news: (() => void)[] = [];
    try {
      const client = (await runner.connect()) as pg.PoolClient;
      await runner.startTransaction();
      const tx: Tx = {
        manager: runner.manager,
        query: async <R extends object>(sql: string, values?: unknown[]) => {
          const result = await client.query(sql, values);
          return { rows: result.rows as R[], rowCount: result.rowCount };
        },
        record: (entry) => entries.push(entry),
        afterCommit: (work) => news.push(work),
      };
      const result = await work(tx);
      await this.ledger.append(tx, entries);
      await runner.commitTransaction();
      for (const tell of news) {
        try {
          tell();
        } catch {
          // The change is committed; the next reader finds it without the notification.
        }
      }
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw constraintError(unavailableOn(error));
    } finally {
      await runner.release().catch(() => undefined);
    }
  }
}
