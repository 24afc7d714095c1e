import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { ActorRef } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { Loop } from '../../common/loop.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { PgPool } from '../../database/pg-pool.js';
import { ArchiveStore } from './archive-store.js';
import { ArchiveStopped } from './archive-writer.js';
import { RetentionLock } from './retention-lock.js';
import { RETENTION_ACTOR, RetentionRun, type RunReport } from './retention-run.js';

export const RETENTION_STATES = [
  'starting',
  'off',
  'idle',
  'running',
  'elsewhere',
  'failing',
] as const;
export type RetentionState = (typeof RETENTION_STATES)[number];

const FIRST_MS = 30_000;
const EVERY_MS = 600_000;
/** A pass that takes long is not begun again at once: it would read all day. */
const REST_OF_PASSES = 20;
const REST_OF_STEPS = 3;

/** Archives and forgets by itself, on one server at a time, and says how it gets on. */
@Injectable()
export class Retention implements OnModuleDestroy {
  private readonly log = new Logger(Retention.name);
  private current: RetentionState = 'starting';
  private failure: string | null = null;
  private isStopping = false;
  private lastRunAt: Date | null = null;
  private nextRunAt: Date | null = null;
  private waitMs = EVERY_MS;
  private readonly loop = new Loop(
    {
      name: 'forgetting entries by rule',
      firstMs: FIRST_MS,
      everyMs: () => this.waitMs,
      log: this.log,
    },
    () => this.run(),
  );

  constructor(
    private readonly lock: RetentionLock,
    private readonly work: RetentionRun,
    private readonly store: ArchiveStore,
    private readonly pg: PgPool,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  get view() {
    const { folder } = this;
    const isOff = folder === null && this.current !== 'failing';
    return {
      state: isOff ? ('off' as const) : this.current,
      folder,
      detail: isOff
        ? 'ROLECALL_LEDGER_ARCHIVE is not set, so no entry leaves the database.'
        : this.failure,
      lastRunAt: this.lastRunAt,
      nextRunAt: folder === null ? null : this.nextRunAt,
    };
  }

  get folder(): string | null {
    return this.config.ledgerArchive;
  }

  start(): void {
    if (this.folder === null) return;
    this.nextRunAt = new Date(Date.now() + FIRST_MS);
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    await this.loop.stop();
    await this.store.close();
  }

  /** What rules say has changed. */
  wake(): void {
    this.loop.wake();
  }

  /** For the command line: one pass at full speed. Throws where this cannot be done here. */
  async runNow(by: ActorRef): Promise<RunReport> {
    const { folder } = this;
    if (folder === null) {
      throw new AppError(
        'conflict',
        'ledger.no_archive_folder',
        'ROLECALL_LEDGER_ARCHIVE is not set, so no entry leaves the database.',
      );
    }
    if (!(await this.lock.hold())) {
      throw new AppError('unavailable', 'ledger.busy', 'A server archives now; try again later.', {
        retryAfter: 60,
      });
    }
    try {
      return await this.work.pass({
        folder,
        by,
        goesOn: () => !this.isStopping,
        isMine: () => this.lock.hold(),
        restFactor: 0,
      });
    } finally {
      this.lock.release();
      await this.store.close();
    }
  }

  private async run(): Promise<void> {
    const { folder } = this;
    if (folder === null) return;
    if (!(await this.lock.hold())) {
      this.enter('elsewhere', null);
      return;
    }
    const began = performance.now();
    try {
      if (await this.hasWork()) {
        this.enter('running', null);
        const { archives, entries } = await this.work.pass({
          folder,
          by: RETENTION_ACTOR,
          goesOn: () => !this.isStopping,
          isMine: () => this.lock.hold(),
          restFactor: REST_OF_STEPS,
          gathers: true,
        });
        if (entries > 0) this.log.log(`${entries} entries went into ${archives} archives`);
      }
      this.lastRunAt = new Date();
      this.enter('idle', null);
    } catch (error) {
      if (error instanceof ArchiveStopped) return;
      this.enter('failing', error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      // Between passes another server, or the command line, may do it.
      this.lock.release();
      await this.store.close();
      this.waitMs = Math.max(EVERY_MS, (performance.now() - began) * REST_OF_PASSES);
      this.nextRunAt = new Date(Date.now() + this.waitMs);
    }
  }

  /** Most logs have no rules: then nothing is read. */
  private async hasWork(): Promise<boolean> {
    const { rows } = await this.pg.query<{ has: boolean }>(
      'ledger-retention-work',
      `SELECT EXISTS (SELECT FROM ledger_rule)
         OR EXISTS (SELECT FROM ledger_archive WHERE forgotten_at IS NULL) AS has`,
    );
    return rows[0]?.has === true;
  }

  private enter(state: RetentionState, failure: string | null): void {
    this.current = state;
    this.failure = failure;
  }
}
