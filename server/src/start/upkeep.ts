import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { AppLogger } from '../common/app-logger.js';
import { PgPool } from '../database/pg-pool.js';

const EVERY_MS = 3_600_000;

/** What nobody needs any more, and how much of it one statement takes: no lock is held for long. */
const LEFTOVERS: readonly [name: string, sql: string][] = [
  [
    'upkeep-idempotency',
    `DELETE FROM idempotency_key WHERE (actor, key) IN (
       SELECT actor, key FROM idempotency_key WHERE created_at < now() - interval '1 day' LIMIT 5000)`,
  ],
  [
    'upkeep-sign-in-limits',
    `DELETE FROM sign_in_limit WHERE key IN (
       SELECT key FROM sign_in_limit WHERE expire < extract(epoch FROM now()) * 1000 LIMIT 5000)`,
  ],
  [
    'upkeep-sign-in-guesses',
    `DELETE FROM sign_in_guess WHERE key IN (
       SELECT key FROM sign_in_guess WHERE expires_at < now() LIMIT 5000)`,
  ],
  [
    'upkeep-devices',
    `DELETE FROM operator_device WHERE (operator_id, token_hash) IN (
       SELECT operator_id, token_hash FROM operator_device WHERE expires_at < now() LIMIT 5000)`,
  ],
  [
    'upkeep-sessions',
    `DELETE FROM operator_session WHERE id IN (
       SELECT id FROM operator_session WHERE expires_at < now() LIMIT 5000)`,
  ],
  [
    'upkeep-stage-requests',
    `DELETE FROM stage_request WHERE id IN (
       SELECT id FROM stage_request WHERE decided_at < now() - interval '1 day' LIMIT 5000)`,
  ],
];

/**
 * Housekeeping of a server that runs for months: the ledger's coming partitions, without which
 * nothing could be issued any more, and rows that have served their time. Safe in several processes
 * at once; what fails is tried again an hour later, long before anybody misses it.
 */
@Injectable()
export class Upkeep implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly pg: PgPool,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
  }

  async run(): Promise<void> {
    try {
      await this.pg.query('upkeep-partitions', 'SELECT ledger_ensure_partitions(3)');
      for (const [name, sql] of LEFTOVERS) {
        while (((await this.pg.query(name, sql)).rowCount ?? 0) >= 5_000);
      }
    } catch (error) {
      this.logger.warn('housekeeping failed; it is tried again in an hour', { error });
    }
  }
}
