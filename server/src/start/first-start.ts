import { Inject, Injectable } from '@nestjs/common';
import { AppLogger } from '../common/app-logger.js';
import { AppError } from '../common/errors/app-error.js';
import { pause } from '../common/pause.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { Passwords } from '../credentials/passwords.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import {
  addFirstAdmin,
  draftFirstAdmin,
  type FirstAdmin,
  type FirstAdminDraft,
  findUnusedAdmin,
  hasOperators,
} from '../operators/first-admin.js';
import { addBuiltInTemplates } from '../role-templates/built-in-templates.js';
import { recordSettings } from './record-settings.js';

const RETRY_MS = 1_000;

/** What an empty installation needs before anybody can use it: the built-in templates and one admin. */
@Injectable()
export class FirstStart {
  /** Until then `/readyz` answers 503. */
  isPrepared = false;
  /** Kept until it is known to be there: the answer to a commit may be lost. */
  private draft: FirstAdminDraft | null = null;

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
    const admin = await this.prepareAdmin();
    this.isPrepared = true;
    return admin;
  }

  private async prepareAdmin(): Promise<FirstAdmin | null> {
    const isNew = !(await this.transactions.run(hasOperators));
    if (isNew) this.draft ??= await draftFirstAdmin(this.passwords, this.config);
    const { draft } = this;
    if (draft && (await this.oneByOne((tx) => addFirstAdmin(tx, draft)))) {
      this.draft = null;
      return { email: draft.email, password: draft.password };
    }
    if (this.config.adminPassword === null) await this.tellUnusedAdmin();
    return null;
  }

  /** An earlier start may have ended before anybody read the password that it told once. */
  private async tellUnusedAdmin(): Promise<void> {
    const email = await this.transactions.run(findUnusedAdmin);
    if (email === null) return;
    this.log.log(
      `Nobody has signed in as ${email} yet. A new password, if the first one is lost: ` +
        `npm run rolecall -- operators password --email ${email}`,
    );
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
