import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Batcher } from '../common/batcher.js';
import { AppError } from '../common/errors/app-error.js';
import { PgPool } from '../database/pg-pool.js';
import type { LedgerEntryInput, LedgerRef } from './ledger-entry.js';

/** What `append` needs of a transaction: its own connection. */
export interface LedgerConnection {
  query<R extends object>(sql: string, values?: unknown[]): Promise<{ rows: R[] }>;
}

interface InsertedRow {
  seq: string;
  at_us: string;
}

const TEXTS =
  'kind, outcome, actor_kind, actor_id, actor_label, room, identity, request_id, ip, reason';

/**
 * $1 shard, $2 epoch, $3 count, $4 the entries as one JSON document, which costs half of what an
 * array per column does. The head row hands out the numbers and fences: a writer whose epoch is not
 * the head's any more inserts nothing.
 */
const INSERT = `
  WITH head AS (
    UPDATE ledger_head SET seq = seq + $3, lease_until = now() + interval '30 seconds'
    WHERE shard = $1 AND epoch = $2 RETURNING seq
  ), inserted AS (
    INSERT INTO ledger_entry (shard, seq, at, ${TEXTS}, payload)
    SELECT $1, head.seq - $3 + e.ord, statement_timestamp(), e.kind, e.outcome, e.actor_kind,
      e.actor_id, e.actor_label, e.room, e.identity, e.request_id, e.ip, e.reason, e.payload
    FROM head, ROWS FROM (jsonb_to_recordset($4::jsonb) AS (
      ${TEXTS.replaceAll(',', ' text,')} text, payload jsonb
    )) WITH ORDINALITY AS e(${TEXTS}, payload, ord)
  )
  SELECT seq, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint::text AS at_us FROM head`;

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
  private readonly batcher: Batcher<LedgerEntryInput, LedgerRef>;

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

  /**
   * Writes entries on shard 0 inside the caller's transaction, so that both commit or neither.
   * Call it last: it takes the head's row lock until the commit. (`Transactions.run` does.)
   */
  async append(connection: LedgerConnection, entries: LedgerEntryInput[]): Promise<LedgerRef[]> {
    if (entries.length === 0) return [];
    const { rows } = await connection.query<InsertedRow>(INSERT, [
      0,
      0,
      entries.length,
      toJson(entries),
    ]);
    return toRefs(0, entries.length, rows);
  }

  /**
   * Writes one entry that stands alone (issuance, refusals, what webhooks tell). Entries that wait
   * go out together, one statement per flush, with no artificial delay. Rejects with `unavailable`
   * when the entry could not be committed.
   */
  appendDurably(entry: LedgerEntryInput): Promise<LedgerRef> {
    return this.batcher.load(entry);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.batcher.drained();
    if (!this.lease) return;
    await this.pg
      .query('ledger-release', 'UPDATE ledger_head SET lease_until = now() WHERE holder = $1', [
        this.holder,
      ])
      .catch(() => undefined); // the lease ends by itself
  }

  private async writeBatch(entries: LedgerEntryInput[]): Promise<LedgerRef[]> {
    const json = toJson(entries);
    for (let attempt = 0; attempt < 3; attempt++) {
      const lease = this.lease ?? (this.lease = await this.claimShard());
      const { rows } = await this.pg.query<InsertedRow>('ledger-insert', INSERT, [
        lease.shard,
        lease.epoch,
        entries.length,
        json,
      ]);
      if (rows.length === 1) return toRefs(lease.shard, entries.length, rows);
      this.lease = null; // another process took the shard while this one was away
    }
    throw new AppError('unavailable', 'ledger.lost_shard', 'The ledger cannot be written now.', {
      retryAfter: 1,
    });
  }

  /** Takes a shard whose lease has ended, or opens a new one. The higher epoch shuts out its last holder. */
  private async claimShard(): Promise<{ shard: number; epoch: string }> {
    const { rows } = await this.pg.query<{ shard: number; epoch: string }>(
      'ledger-claim',
      `WITH free AS (
         SELECT shard FROM ledger_head WHERE shard > 0 AND (lease_until < now() OR holder = $1)
         ORDER BY shard LIMIT 1 FOR UPDATE SKIP LOCKED
       ), taken AS (
         UPDATE ledger_head h SET epoch = epoch + 1, holder = $1, lease_until = now() + interval '30 seconds'
         FROM free WHERE h.shard = free.shard RETURNING h.shard, h.epoch
       ), opened AS (
         INSERT INTO ledger_head (shard, epoch, holder, lease_until)
         SELECT (SELECT max(shard) + 1 FROM ledger_head), 1, $1, now() + interval '30 seconds'
         WHERE NOT EXISTS (SELECT 1 FROM taken)
         ON CONFLICT (shard) DO NOTHING RETURNING shard, epoch
       )
       SELECT shard, epoch::text FROM taken UNION ALL SELECT shard, epoch::text FROM opened`,
      [this.holder],
    );
    const row = rows[0];
    if (row) return row;
    return this.claimShard(); // two processes opened the same number; the next one is free
  }
}

function toRefs(shard: number, count: number, rows: InsertedRow[]): LedgerRef[] {
  const row = rows[0];
  if (!row) throw new AppError('unavailable', 'ledger.lost_shard', 'The ledger cannot be written.');
  const last = Number(row.seq);
  return Array.from({ length: count }, (_, i) => ({
    shard,
    seq: last - count + 1 + i,
    atMicros: row.at_us,
  }));
}

function toJson(entries: LedgerEntryInput[]): string {
  const rows = entries.map(({ actor, ...entry }) => ({
    kind: entry.kind,
    outcome: entry.outcome,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_label: actor.label,
    room: entry.room,
    identity: entry.identity,
    request_id: actor.requestId,
    ip: actor.ip,
    reason: entry.reason,
    payload: entry.payload,
  }));
  return storableJson(JSON.stringify(rows));
}

/**
 * Postgres holds neither U+0000 nor halves of surrogate pairs, and `stringify` escapes exactly these.
 * An entry must not be lost for them, nor those that go out in the same statement: a refusal quotes
 * what somebody sent.
 */
function storableJson(json: string): string {
  if (!json.includes('\\u')) return json;
  return json.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '$1\\ufffd');
}
