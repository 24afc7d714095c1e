import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';

/** A checkpoint with all that witnesses signed of it. */
export interface CosignedRow {
  readonly size: number;
  readonly note: string;
  readonly at: Date;
  readonly lines: readonly string[];
}

/** The SQL on cosignatures. */
@Injectable()
export class CosignatureStore {
  constructor(private readonly pg: PgPool) {}

  async keep(size: number, vkey: string, line: string, signedAt: Date): Promise<void> {
    await this.pg.query(
      'ledger-keep-cosignature',
      `INSERT INTO ledger_cosignature (size, vkey, line, signed_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING`,
      [size, vkey, line, signedAt],
    );
  }

  /** What each of the keys signed last. */
  async newestOf(
    vkeys: readonly string[],
  ): Promise<{ vkey: string; size: number; signedAt: Date }[]> {
    const { rows } = await this.pg.query<{ vkey: string; size: string; signed_at: Date }>(
      'ledger-newest-cosignatures',
      `SELECT k.vkey, s.size, s.signed_at FROM unnest($1::text[]) AS k(vkey) CROSS JOIN LATERAL (
         SELECT size, signed_at FROM ledger_cosignature
         WHERE vkey = k.vkey ORDER BY size DESC, signed_at DESC LIMIT 1) s`,
      [vkeys],
    );
    return rows.map((row) => ({
      vkey: row.vkey,
      size: Number(row.size),
      signedAt: row.signed_at,
    }));
  }

  /** Checkpoints that somebody cosigned, the newest first. */
  async newestCosigned(limit: number): Promise<CosignedRow[]> {
    const { rows } = await this.pg.query<{
      size: string;
      note: string;
      at: Date;
      lines: string[];
    }>(
      'ledger-newest-cosigned',
      `SELECT c.size, c.note, c.at, array_agg(s.line ORDER BY s.signed_at DESC) AS lines
       FROM (SELECT DISTINCT size FROM ledger_cosignature ORDER BY size DESC LIMIT $1) newest
       JOIN ledger_checkpoint c ON c.size = newest.size
       JOIN ledger_cosignature s ON s.size = newest.size
       GROUP BY c.size, c.note, c.at ORDER BY c.size DESC`,
      [limit],
    );
    return rows.map((row) => ({ ...row, size: Number(row.size) }));
  }

  /** Since when a checkpoint waits that has more entries; null: none does. */
  async waitingSince(size: number): Promise<Date | null> {
    const { rows } = await this.pg.query<{ at: Date | null }>(
      'ledger-waiting-checkpoint',
      `SELECT at FROM ledger_checkpoint WHERE size > $1 ORDER BY size LIMIT 1`,
      [size],
    );
    return rows[0]?.at ?? null;
  }

  async prune(): Promise<void> {
    await this.pg.query('ledger-prune-cosignatures', 'SELECT ledger_prune_cosignatures(5000)');
  }
}
