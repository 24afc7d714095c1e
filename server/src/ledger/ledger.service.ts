import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Batcher } from '../common/batcher.js';
import { AppError } from '../common/errors/app-error.js';
import { PgPool } from '../database/pg-pool.js';
import { toColumns } from './entry-columns.js';
import type { LedgerEntryInput, WrittenEntry } from './ledger-entry.js';

/** What `append` needs of a transaction: its own connection. */
export interface LedgerConnection {
  query<R extends object>(sql: string, values?: unknown[]): Promise<{ rows: R[] }>;
}

/** All null: the shard is another writer's by now, and nothing was written. */
interface AppendedRow {
  last_seq: string | null;
  at_us: string | null;
  /** In hex, one after the other in the order of the entries. */
  leaf_hashes: string | null;
}

/** $1 shard, $2 epoch, then an array for each column. */
const APPEND = `SELECT last_seq, at_us, encode(leaf_hashes, 'hex') AS leaf_hashes FROM ledger_append($1, $2,
  $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`;
const HASH_DIGITS = 64;

/**
 * The one append-only log. There are two ways in and no third: `append` inside the transaction of
 * the change that it records, and `appendDurably` for what changes no other table. Both mean
 * committed when they return.
 */
@Injectable()
export class LedgerService implements OnApplicationShutdown {
  private readonly holder = randomUUID();
  /** The shard that this process writes alone, and the epoch that it holds it by. */
  private lease: { shard: number; epoch: string } | null = null;
  private readonly batcher: Batcher<LedgerEntryInput, WrittenEntry>;

  constructor(private readonly pg: PgPool) {
    this.batcher = new Batcher((entries) => this.writeBatch(entries), {
      maxBatch: 500,
      maxWaiting: 4_000,
      onFull: () =>
        new AppError('unavailable', 'ledger.overloaded', 'The ledger is busy; try again.', {
          retryAfter: 1,
        }),
    });
  }

  /** Makes the partitions of this month and the next ones; without one nothing can be recorded. */
  async ensurePartitions(): Promise<void> {
    await this.pg.query('ledger-partitions', 'SELECT ledger_ensure_partitions(3)');
  }

  /**
   * Writes entries on shard 0 inside the caller's transaction, so that both commit or neither.
   * Call it last: it takes the head's row lock until the commit. (`Transactions.run` does.)
   */
  async append(connection: LedgerConnection, entries: LedgerEntryInput[]): Promise<WrittenEntry[]> {
    if (entries.length === 0) return [];
    const { rows } = await connection.query<AppendedRow>(APPEND, [0, 0, ...toColumns(entries)]);
    const refs = toWritten(0, entries.length, rows[0]);
    if (refs) return refs;
    throw new AppError('unavailable', 'ledger.lost_shard', 'The ledger cannot be written.');
  }

  /**
   * Writes one entry by itself (issuance, refusals, webhooks). Entries that wait
   * go out together, one statement per flush, with no artificial delay. Rejects with `unavailable`
   * when the entry could not be committed.
   */
  appendDurably(entry: LedgerEntryInput): Promise<WrittenEntry> {
    return this.batcher.load(entry);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.batcher.drained();
    if (!this.lease) return;
    await this.pg
      .query('ledger-release', 'SELECT ledger_release_shards($1)', [this.holder])
      .catch(() => undefined); // the lease ends by itself
  }

  private async writeBatch(entries: LedgerEntryInput[]): Promise<WrittenEntry[]> {
    const columns = toColumns(entries);
    for (let attempt = 0; attempt < 3; attempt++) {
      const lease = this.lease ?? (this.lease = await this.claimShard());
      const { rows } = await this.pg.query<AppendedRow>('ledger-append', APPEND, [
        lease.shard,
        lease.epoch,
        ...columns,
      ]);
      const refs = toWritten(lease.shard, entries.length, rows[0]);
      if (refs) return refs;
      this.lease = null; // another process took the shard while this one was away
    }
    throw new AppError('unavailable', 'ledger.lost_shard', 'The ledger cannot be written now.', {
      retryAfter: 1,
    });
  }

  /** Takes a shard whose lease has ended, or opens a new one. The higher epoch shuts out its last holder. */
  private async claimShard(): Promise<{ shard: number; epoch: string }> {
    const { rows } = await this.pg.query<{ shard: number | null; epoch: string }>(
      'ledger-claim',
      'SELECT claimed_shard AS shard, claimed_epoch AS epoch FROM ledger_claim_shard($1)',
      [this.holder],
    );
    const { shard, epoch } = rows[0] as { shard: number | null; epoch: string };
    if (shard !== null) return { shard, epoch };
    return this.claimShard(); // two processes opened the same number; the next one is free
  }
}

/** Null when nothing was written. */
function toWritten(
  shard: number,
  count: number,
  row: AppendedRow | undefined,
): WrittenEntry[] | null {
  const {
    last_seq: lastSeq = null,
    at_us: atMicros = null,
    leaf_hashes: hashes = null,
  } = row ?? {};
  if (lastSeq === null || atMicros === null || hashes === null) return null;
  const last = Number(lastSeq);
  return Array.from({ length: count }, (_, i) => ({
    shard,
    seq: last - count + 1 + i,
    atMicros,
    leafHash: hashes.slice(i * HASH_DIGITS, (i + 1) * HASH_DIGITS),
  }));
}
