import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { inSequence } from '../common/in-parallel.js';
import { Loop } from '../common/loop.js';
import { PgPool } from './pg-pool.js';

const EVERY_MS = 3_600_000;
/** Rows that one statement deletes, so that no lock is held for long. */
const BATCH = 5_000;

type Chore = () => Promise<unknown>;

/**
 * Runs each hour what a server that runs for months needs: features add chores for their own tables.
 * Every server runs them, so a chore must be safe in several processes at once.
 */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly chores: Chore[] = [];
  private readonly loop = new Loop(
    {
      name: 'housekeeping',
      everyMs: EVERY_MS,
      jitter: 0.1,
      log: new Logger(Housekeeping.name),
    },
    () => this.run(),
  );

  constructor(private readonly pg: PgPool) {}

  add(chore: Chore): void {
    this.chores.push(chore);
  }

  /** Deletes the rows of `table` that meet `condition`. `key` is its primary key. */
  addExpiry(table: string, key: string, condition: string): void {
    const sql = `DELETE FROM ${table} WHERE (${key}) IN (
      SELECT ${key} FROM ${table} WHERE ${condition} LIMIT ${BATCH})`;
    this.add(async () => {
      for (let deleted = BATCH; deleted >= BATCH;) {
        deleted = (await this.pg.query(`expiry-${table}`, sql)).rowCount ?? 0;
      }
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** One chore that fails keeps none of the others from running. */
  run(): Promise<void> {
    return inSequence(this.chores);
  }
}
