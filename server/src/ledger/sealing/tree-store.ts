import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';
import type { LedgerRef } from '../ledger-entry.js';
import type { FullTile } from '../tree/tree-edge.js';

/** The newest signed head of the tree, as Postgres has it. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  readonly at: Date;
}

/** Where the leaf of an entry is, and a tree that was the newest one then. */
export interface LeafPlace {
  /** Null: the entry is from before the tree. */
  readonly leafHash: Uint8Array | null;
  /** Null: no tree has it yet. Else `newest` has it. */
  readonly index: number | null;
  readonly newest: StoredCheckpoint | null;
}

export interface StoredKey {
  readonly generation: number;
  readonly vkey: string;
  /** A note by the generation before; null: it is the first one. */
  readonly signature: string | null;
  readonly createdAt: Date;
}

/** A shard with entries that are not in the tree. */
export interface UnsealedShard {
  readonly shard: number;
  /** The number of the first one. */
  readonly nextSeq: number;
  readonly headSeq: number;
  /** Not later than the first one's time, in microseconds. */
  readonly fromMicros: number;
}

/** Entries of one shard that were written together, in order. */
export interface WrittenGroup {
  readonly atMicros: number;
  readonly firstSeq: number;
  readonly count: number;
  readonly hashes: Uint8Array;
}

/** Entries that follow each other, in a shard and in the tree. */
export interface SealedRange {
  readonly shard: number;
  readonly firstSeq: number;
  readonly count: number;
  readonly firstMicros: number;
  readonly lastMicros: number;
}

export interface Seal {
  readonly fromSize: number;
  readonly generation: number;
  readonly root: Uint8Array;
  readonly note: string;
  readonly tiles: readonly FullTile[];
  readonly ranges: readonly SealedRange[];
}

const MICROS = '(extract(epoch FROM at) * 1000000)::bigint';
/** Reading 10,000 leaves on a busy machine may take longer than a hot statement may. */
const READ_MS = 5_000;
const PRUNED_AT_ONCE = 5_000;

/** The SQL that writes the tree, and that reads what the sealer needs. */
@Injectable()
export class TreeStore {
  constructor(private readonly pg: PgPool) {}

  async newest(): Promise<StoredCheckpoint | null> {
    const { rows } = await this.pg.query<CheckpointRow>(
      'ledger-newest-checkpoint',
      `SELECT size, root, note, at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1`,
    );
    return rows[0] ? toCheckpoint(rows[0]) : null;
  }

  /** Null: there is no such entry. */
  async placeOf({ shard, seq, atMicros }: LedgerRef): Promise<LeafPlace | null> {
    // In one statement, so that the checkpoint has every leaf that has an index.
    const { rows } = await this.pg.query<PlaceRow>(
      'ledger-leaf-place',
      `SELECT e.leaf_hash, r.index, c.* FROM ledger_entry e
       LEFT JOIN LATERAL (
         SELECT CASE WHEN e.seq < first_seq + count THEN first_index + e.seq - first_seq END AS index
         FROM ledger_range WHERE shard = $1 AND first_seq <= $2 ORDER BY first_seq DESC LIMIT 1) r ON true
       LEFT JOIN LATERAL (
         SELECT size, root, note, at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1) c ON true
       WHERE e.shard = $1 AND e.seq = $2
         AND e.at = to_timestamp(0) + $3::bigint * interval '1 microsecond'`,
      [shard, seq, atMicros],
    );
    const [row] = rows;
    if (!row) return null;
    const { leaf_hash: leafHash, index, size, root, note, at } = row;
    return {
      leafHash,
      index: index === null ? null : Number(index),
      newest: size === null ? null : toCheckpoint({ size, root, note, at }),
    };
  }

  /** The last checkpoint that is at most `step` leaves further, else the next one. */
  async checkpointAfter(size: number, step: number): Promise<StoredCheckpoint | null> {
    const { rows } = await this.pg.query<CheckpointRow>(
      'ledger-checkpoint-after',
      `SELECT size, root, note, at FROM ledger_checkpoint WHERE size = coalesce(
         (SELECT max(size) FROM ledger_checkpoint WHERE size > $1 AND size <= $1::bigint + $2),
         (SELECT min(size) FROM ledger_checkpoint WHERE size > $1))`,
      [size, step],
    );
    return rows[0] ? toCheckpoint(rows[0]) : null;
  }

  /** Of the checkpoints from `from` up to, without, `to`. */
  async checkpointSizes(from: number, to: number): Promise<number[]> {
    const { rows } = await this.pg.query<{ size: string }>(
      'ledger-checkpoint-sizes',
      'SELECT size FROM ledger_checkpoint WHERE size >= $1 AND size < $2 ORDER BY size',
      [from, to],
    );
    return rows.map(({ size }) => Number(size));
  }

  async keys(): Promise<StoredKey[]> {
    const { rows } = await this.pg.query<{
      generation: number;
      vkey: string;
      signature: string | null;
      created_at: Date;
    }>(
      'ledger-keys',
      'SELECT generation, vkey, signature, created_at FROM ledger_key ORDER BY generation, vkey',
    );
    return rows.map(({ created_at: createdAt, ...row }) => ({ ...row, createdAt }));
  }

  async generation(): Promise<number> {
    const { rows } = await this.pg.query<{ generation: number }>(
      'ledger-generation',
      'SELECT coalesce(max(generation), 0) AS generation FROM ledger_key',
    );
    return rows[0]?.generation ?? 0;
  }

  async unsealed(): Promise<UnsealedShard[]> {
    const { rows } = await this.pg.query<{
      shard: number;
      next: string;
      head: string;
      from_us: string;
    }>(
      'ledger-unsealed',
      `SELECT h.shard, coalesce(r.next, h.leaves_after + 1) AS next, h.seq AS head,
         coalesce(r.last_us, 0) AS from_us
       FROM ledger_head h LEFT JOIN LATERAL (
         SELECT first_seq + count AS next, (extract(epoch FROM last_at) * 1000000)::bigint AS last_us
         FROM ledger_range WHERE shard = h.shard ORDER BY first_seq DESC LIMIT 1) r ON true
       WHERE h.seq >= coalesce(r.next, h.leaves_after + 1) ORDER BY h.shard`,
    );
    return rows.map((row) => ({
      shard: row.shard,
      nextSeq: Number(row.next),
      headSeq: Number(row.head),
      fromMicros: Number(row.from_us),
    }));
  }

  /** How long the oldest entry has waited that is not sealed; 0: all are. */
  async sealingLag(): Promise<{ sealed: StoredCheckpoint | null; oldestMs: number }> {
    const sealed = await this.newest();
    let oldestMs = 0;
    for (const shard of await this.unsealed()) {
      const { rows } = await this.pg.query<{ ms: number | null }>(
        'ledger-oldest-unsealed',
        `SELECT 1000 * extract(epoch FROM clock_timestamp() - at)::float8 AS ms FROM ledger_entry
         WHERE shard = $1 AND seq >= $2 AND at >= to_timestamp(0) + $3::bigint * interval '1 microsecond'
         ORDER BY at LIMIT 1`,
        [shard.shard, shard.nextSeq, shard.fromMicros],
        READ_MS,
      );
      oldestMs = Math.max(oldestMs, rows[0]?.ms ?? 0);
    }
    return { sealed, oldestMs };
  }

  /** Entries with the numbers from `nextSeq` on, `limit` of them at most, in order. */
  async readGroups(
    { shard, nextSeq }: UnsealedShard,
    fromMicros: number,
    limit: number,
  ): Promise<WrittenGroup[]> {
    const { rows } = await this.pg.query<{
      at_us: string;
      first_seq: string;
      count: string;
      hashes: Buffer | null;
    }>(
      'ledger-unsealed-leaves',
      `SELECT ${MICROS} AS at_us, min(seq) AS first_seq, count(*), string_agg(leaf_hash, ''::bytea ORDER BY seq) AS hashes
       FROM ledger_entry
       WHERE shard = $1 AND seq >= $2 AND seq < $2::bigint + $4
         AND at >= to_timestamp(0) + $3::bigint * interval '1 microsecond'
       GROUP BY at ORDER BY at, min(seq)`,
      [shard, nextSeq, fromMicros, limit],
      READ_MS,
    );
    return rows.map((row) => ({
      atMicros: Number(row.at_us),
      firstSeq: Number(row.first_seq),
      count: Number(row.count),
      hashes: row.hashes ?? new Uint8Array(0),
    }));
  }

  /** False: the tree or the keys are not what the caller read, and nothing was written. */
  async seal({ fromSize, generation, root, note, tiles, ranges }: Seal): Promise<boolean> {
    const { rows } = await this.pg.query<{ isSealed: boolean }>(
      'ledger-seal',
      `SELECT ledger_seal($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS "isSealed"`,
      [
        fromSize,
        generation,
        root,
        note,
        tiles.map(({ level }) => level),
        tiles.map(({ index }) => index),
        tiles.map(({ hashes }) => hashes),
        tiles.map((tile) => tile.root),
        ranges.map(({ shard }) => shard),
        ranges.map(({ firstSeq }) => firstSeq),
        ranges.map(({ count }) => count),
        ranges.map(({ firstMicros }) => firstMicros),
        ranges.map(({ lastMicros }) => lastMicros),
      ],
      READ_MS,
    );
    return rows[0]?.isSealed === true;
  }

  /** False: there are keys of that generation already. */
  async addFirstKeys(vkeys: readonly string[]): Promise<boolean> {
    const { rows } = await this.pg.query<{ isAdded: boolean }>('ledger-add-keys', ADD_KEYS, [
      1,
      vkeys,
      null,
    ]);
    return rows[0]?.isAdded === true;
  }

  async pruneCheckpoints(): Promise<void> {
    for (let pruned = PRUNED_AT_ONCE; pruned >= PRUNED_AT_ONCE;) {
      const { rows } = await this.pg.query<{ pruned: string }>(
        'ledger-prune-checkpoints',
        'SELECT ledger_prune_checkpoints($1) AS pruned',
        [PRUNED_AT_ONCE],
        READ_MS,
      );
      pruned = Number(rows[0]?.pruned ?? 0);
    }
  }
}

/** $1 generation, $2 verifier keys, $3 the note that the generation before signed. */
export const ADD_KEYS = 'SELECT ledger_add_keys($1, $2, $3) AS "isAdded"';

interface CheckpointRow {
  size: string;
  root: Buffer;
  note: string;
  at: Date;
}

/** All of the checkpoint is null before the first one. */
type PlaceRow = { leaf_hash: Buffer | null; index: string | null; size: string | null } & Omit<
  CheckpointRow,
  'size'
>;

function toCheckpoint(row: CheckpointRow): StoredCheckpoint {
  return { ...row, size: Number(row.size) };
}
