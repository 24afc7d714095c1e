import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

export interface ShardReport {
  shard: number;
  entries: number;
  /** Numbers that were handed out and have no entry, or have two. */
  problems: string[];
}

/** A full scan may take long on a large ledger. */
const TIMEOUT_MS = 600_000;

/** Checks that nothing is missing: each shard's numbers run from 1 to its head without a gap. */
@Injectable()
export class LedgerVerifier {
  constructor(private readonly pg: PgPool) {}

  async verify(): Promise<ShardReport[]> {
    const { rows } = await this.pg.query<{
      shard: number;
      head: string;
      entries: string;
      first: string | null;
      last: string | null;
      distinct_seqs: string;
    }>(
      'ledger-verify',
      `SELECT h.shard, h.seq AS head, count(e.seq) AS entries, min(e.seq) AS first, max(e.seq) AS last,
         count(DISTINCT e.seq) AS distinct_seqs
       FROM ledger_head h LEFT JOIN ledger_entry e ON e.shard = h.shard
       GROUP BY h.shard, h.seq ORDER BY h.shard`,
      [],
      TIMEOUT_MS,
    );
    return rows.map((row) => {
      const [head, entries, distinct] = [row.head, row.entries, row.distinct_seqs].map(Number) as [
        number,
        number,
        number,
      ];
      const problems: string[] = [];
      if (distinct !== entries) problems.push(`${entries - distinct} numbers stand twice`);
      if (distinct < head) problems.push(`${head - distinct} of ${head} entries are missing`);
      if (row.last !== null && Number(row.last) > head) problems.push('entries beyond the head');
      return { shard: row.shard, entries, problems };
    });
  }
}
