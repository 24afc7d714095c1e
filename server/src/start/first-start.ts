import { Inject, Injectable } from '@nestjs/common';
import { AppLogger } from '../common/app-logger.js';
import { AppError } from '../common/errors/app-error.js';
import { pause } from '../common/pause.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { Passwords } from '../credentials/passwords.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { addFirstAdmin, type FirstAdmin } from '../operators/first-admin.js';
import { addBuiltInTemplates } from '../role-templates/built-in-templates.js';
import { recordSettings } from './record-settings.js';

const RETRY_MS = 1_000;

/** What an empty installation needs before anybody can use it: the built-in templates and one admin. */
@Injectable()
export class FirstStart {
  /** Until then `/readyz` answers 503. */
  isPrepared = false;

  constructor(
    private readonly transactions: Transactions,
    private readonly ledger: LedgerService,
    private readonly passwords: Passwords,
    private readonly log: AppLogger,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /**
   * Safe at every start, and from several processes at once. Answers with an admin only if it made
   * one. Waits for a database that is down or too slow; every step may be repeated.
   */
  async prepare(): Promise<FirstAdmin | null> {
    for (;;) {
      try {
        return await this.prepareOnce();
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
        const { cause } = error.options;
        const why = cause instanceof Error ? cause.message : error.message;
        this.log.warn(`The database cannot be prepared yet, trying again: ${why}`);
        await pause(RETRY_MS);
      }
    }
  }

  private async prepareOnce(): Promise<FirstAdmin | null> {
    await this.passwords.unknownHash();
    await this.ledger.ensurePartitions().catch(refuseUnmigrated);
    await this.oneByOne((tx) => addBuiltInTemplates(tx));
    await this.oneByOne((tx) => recordSettings(tx, this.config));
    const admin = await this.oneByOne((tx) => addFirstAdmin(tx, this.passwords, this.config));
    this.isPrepared = true;
    return admin;
  }

  /** Of several servers that start at the same time, one after the other does it. */
  private oneByOne<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transactions.run(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('rolecall.first_start'))`);
      return work(tx);
    });
  }
}

/** Postgres' code for a function that does not exist. */
const UNDEFINED_FUNCTION = '42883';

function refuseUnmigrated(error: unknown): never {
  if ((error as { code?: string }).code !== UNDEFINED_FUNCTION) throw error;
  throw new Error('the database is not migrated. Run: node server/dist/migrate.js');
}
