import { Injectable } from '@nestjs/common';
import { barsBetween, type BarUnit } from './bars.js';
import type { LogSearch } from './conditions.js';
import { countedBy } from './countable.js';
import { EntryScan, type Span } from './entry-scan.js';
import { LedgerCounts } from './ledger-counts.js';
import { type LogSpan, spanOf } from './span.js';

export interface Bar {
  readonly at: Date;
  total: number;
  readonly outcomes: Record<string, number>;
}

export interface HistogramAnswer {
  readonly from: Date;
  readonly to: Date;
  readonly unit: BarUnit;
  readonly step: number;
  readonly basis: 'exact' | 'estimate';
  readonly looked: number;
  readonly total: number;
  readonly buckets: readonly Bar[];
}

/** Counts of bars by outcome. `isExact`: all of them were counted. */
interface BarCounts {
  readonly rows: readonly { n: number; outcome: string; entries: number }[];
  readonly isExact: boolean;
  readonly looked: number;
}

/** Counts entries by time and outcome. */
@Injectable()
export class LogHistogram {
  constructor(
    private readonly scan: EntryScan,
    private readonly counts: LedgerCounts,
  ) {}

  async read(search: LogSearch, about: number, zone: string, now: Date): Promise<HistogramAnswer> {
    const span = await spanOf(search, this.counts, now);
    const { unit, step, edges } = barsBetween(span.from, span.to, about, zone);
    const { rows, isExact, looked } = await this.count(search, span, edges);
    const buckets = edges.slice(0, -1).map((at) => emptyBar(at));
    let total = 0;
    for (const { n, outcome, entries } of rows) {
      const bucket = buckets[n];
      const count = Math.round(entries);
      if (!bucket || count === 0) continue;
      bucket.outcomes[outcome] = (bucket.outcomes[outcome] ?? 0) + count;
      bucket.total += count;
      total += count;
    }
    return {
      from: edges[0] as Date,
      to: edges.at(-1) as Date,
      unit,
      step,
      basis: isExact ? 'exact' : 'estimate',
      looked,
      total,
      buckets,
    };
  }

  private async count(
    search: LogSearch,
    span: LogSpan,
    edges: readonly Date[],
  ): Promise<BarCounts> {
    const counted = countedBy(search);
    const first = edges[0] as Date;
    const isAligned = edges.every((edge) => LedgerCounts.isEdge(edge));
    if (!counted || !isAligned) return this.scanned(search, span, edges);
    const all = await this.counts.read({ edges, kinds: null, isByKind: true });
    if (!all) return this.scanned(search, span, edges);
    const rows = all.filter(counted);
    // Bars that the search asks for a part of only: the rest of them is taken away again.
    const outside = [
      { from: first, to: span.from },
      { from: span.to, to: edges.at(-1) as Date },
    ].filter(({ from, to }) => from < to && from < span.end);
    const parts = await Promise.all(outside.map((part) => this.scanned(search, part, edges)));
    return {
      rows: [
        ...rows,
        ...parts.flatMap((part) => part.rows.map((row) => ({ ...row, entries: -row.entries }))),
      ],
      isExact: parts.every(({ isExact }) => isExact),
      looked: parts.reduce((sum, { looked }) => sum + looked, 0),
    };
  }

  private async scanned(search: LogSearch, span: Span, edges: readonly Date[]): Promise<BarCounts> {
    const plan = await this.scan.plan(search, span, edges);
    const rows = await this.scan.read<{
      n: number;
      outcome: string | null;
      entries: number | null;
      looked: number;
    }>(
      plan,
      [search],
      [],
      (parameter) => `SELECT width_bucket(at, ${parameter(edges)}::timestamptz[]) - 1 AS n, outcome,
         sum(weight) FILTER (WHERE is_match_0) AS entries, (count(*) FILTER (WHERE is_readable))::int AS looked
       FROM scanned GROUP BY 1, 2`,
    );
    return {
      rows: rows.flatMap(({ n, outcome, entries }) =>
        outcome !== null && entries !== null ? [{ n, outcome, entries }] : [],
      ),
      isExact: plan.isExact,
      looked: rows.reduce((sum, { looked }) => sum + looked, 0),
    };
  }
}

function emptyBar(at: Date): Bar {
  return { at, total: 0, outcomes: {} };
}
