import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';

/** Entries of one kind and outcome within one stretch of time. */
export interface CountedStretch {
  /** The number of the stretch, from 0. */
  readonly n: number;
  readonly kind: string;
  readonly outcome: string;
  readonly entries: number;
}

export interface CountsQuery {
  /** Where the stretches begin, and where the last one ends; in order. */
  readonly edges: readonly Date[];
  /** Null: all. */
  readonly kinds: readonly string[] | null;
  /** By kind and outcome, or added up. */
  readonly isByKind: boolean;
}

const MINUTE_MS = 60_000;
/** Widths that are kept, the widest first: fewest rows have to be added up. */
const WIDTHS = [1_440, 60, 5];
const FINEST = 5;
/** More uncounted entries than this are not counted for one answer. */
const MAX_TAIL = 50_000;

/** $1 edges, $2 minutes, $3 kinds, $4 whether by kind and outcome. Counted ones, and those since, in one snapshot. */
const COUNTS = `
  WITH behind AS (
    SELECT h.shard, coalesce(c.seq, 0) AS seq, coalesce(c.at, h.opened_at - interval '1 minute') AS at,
      h.seq - coalesce(c.seq, 0) AS entries
    FROM ledger_head h LEFT JOIN ledger_counted c USING (shard) WHERE h.seq > coalesce(c.seq, 0)
  )
  SELECT n - 1 AS n, CASE WHEN $4 THEN kind ELSE '' END AS kind,
    CASE WHEN $4 THEN outcome ELSE '' END AS outcome, sum(entries)::float8 AS entries,
    (SELECT coalesce(sum(b.entries), 0) FROM behind b)::float8 AS behind
  FROM (
    SELECT width_bucket(at, $1::timestamptz[]) AS n, kind, outcome, entries
    FROM ledger_count
    WHERE minutes = $2 AND at >= ($1::timestamptz[])[1]
      AND at < ($1::timestamptz[])[cardinality($1::timestamptz[])]
    UNION ALL
    -- In the order of the key, so that Postgres reads by it: it cannot tell how few these are.
    SELECT width_bucket(tail.at, $1::timestamptz[]), tail.kind, tail.outcome, 1
    FROM behind b CROSS JOIN LATERAL (
      SELECT e.at, e.kind, e.outcome FROM ledger_entry e
      WHERE e.at >= b.at AND e.shard = b.shard AND e.seq > b.seq
      ORDER BY e.at, e.shard, e.seq LIMIT ${MAX_TAIL}) AS tail
    WHERE tail.at >= ($1::timestamptz[])[1]
      AND tail.at < ($1::timestamptz[])[cardinality($1::timestamptz[])]
  ) AS all_of
  WHERE $3::text[] IS NULL OR kind = ANY($3)
  GROUP BY 1, 2, 3`;

/** Counts by time, kind and outcome that are kept, so that no entry is read for them. */
@Injectable()
export class LedgerCounts {
  constructor(private readonly searches: SearchPool) {}

  /** Whether an edge of theirs may be at the instant. */
  static isEdge(at: Date): boolean {
    return at.getTime() % (FINEST * MINUTE_MS) === 0;
  }

  /** Null: too many entries are not counted yet. The edges have to be edges of the counts. */
  async read({ edges, kinds, isByKind }: CountsQuery): Promise<CountedStretch[] | null> {
    if (edges.length < 2) return [];
    const fits = (width: number) =>
      edges.every((edge) => edge.getTime() % (width * MINUTE_MS) === 0);
    const width = WIDTHS.find(fits) ?? FINEST;
    const { rows } = await this.searches.query<CountedStretch & { behind: number }>(
      'ledger-counts',
      COUNTS,
      [edges, width, kinds, isByKind],
    );
    return (rows[0]?.behind ?? 0) > MAX_TAIL ? null : rows;
  }

  /** When the first entry was written, up to five minutes early; null: there is none yet. */
  async beginning(): Promise<Date | null> {
    const { rows } = await this.searches.query<{ at: Date | null }>(
      'ledger-beginning',
      'SELECT at FROM ledger_entry ORDER BY at LIMIT 1',
    );
    return rows[0]?.at ?? null;
  }
}
