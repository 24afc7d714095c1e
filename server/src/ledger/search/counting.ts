import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Loop } from '../../common/loop.js';
import { PgPool } from '../../database/pg-pool.js';

const EVERY_MS = 5_000;
/** Entries that one statement adds up, so that it takes a fraction of a second. */
const AT_ONCE = 20_000;
const COUNT_MS = 5_500;

/**
 * Adds new entries to the counts, after their commit and past whoever waits for them. Each server
 * tries; one at a time does it.
 */
@Injectable()
export class LedgerCounting implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop = new Loop(
    {
      name: 'counting entries of the ledger',
      everyMs: EVERY_MS,
      jitter: 0.2,
      log: new Logger(LedgerCounting.name),
    },
    () => this.pass(),
  );

  constructor(private readonly pg: PgPool) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** Until nothing is left to count, or another server does it. */
  async pass(): Promise<void> {
    for (let counted = AT_ONCE; counted >= AT_ONCE;) {
      const { rows } = await this.pg.query<{ counted: number | null }>(
        'ledger-count-entries',
        'SELECT ledger_count_entries($1) AS counted',
        [AT_ONCE],
        COUNT_MS,
      );
      counted = rows[0]?.counted ?? 0;
    }
  }
}
