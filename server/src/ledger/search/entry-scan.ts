import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';
import {
  conditionOfRooms,
  conditionsOfSearch,
  type LogSearch,
  type Parameter,
} from './conditions.js';
import { LedgerCounts } from './ledger-counts.js';
import { type Path, pathOf } from './path.js';

export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** A stretch of time, of which the entries before a moment in it are read. */
export interface Slice extends Span {
  readonly until: Date;
  /** How many entries of the path there are in it; null: that follows from how close they are. */
  readonly entries: number | null;
}

/** What is counted of each entry that is read. */
export interface ScanColumn {
  readonly name: string;
  readonly sql: string;
}

export interface ScanPlan {
  readonly search: LogSearch;
  readonly path: Path;
  /** All entries of the path are read. */
  readonly isExact: boolean;
  readonly slices: readonly Slice[];
  readonly perSlice: number;
}

/** Up to so many entries all are read; of more, so many from slices of the time. */
const EXACT = 10_000;
const SAMPLE = 8_000;
const SLICES = 600;
/** Each branch of a path is looked for in each slice. */
const LOOKS = 800;
const FEWEST_SLICES = 100;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** Slices that are this wide begin and end where the counts do; the widest first. */
const EDGES_MS = [60 * MINUTE_MS, 5 * MINUTE_MS];

/**
 * Reads entries to count them: all that an index leaves, or a bounded number from all parts of the
 * time with the weight of those that they speak for. It costs the same however long the log is.
 */
@Injectable()
export class EntryScan {
  constructor(
    private readonly searches: SearchPool,
    private readonly counts: LedgerCounts,
  ) {}

  /** `edges`: no slice reaches over one of them. */
  async plan(search: LogSearch, span: Span, edges: readonly Date[] = []): Promise<ScanPlan> {
    const path = await this.present(pathOf(search), span);
    if (span.from >= span.to) return { search, path, isExact: true, slices: [], perSlice: 0 };
    const isExact = (await this.countUpTo(path, span, EXACT + 1)) <= EXACT;
    if (isExact) {
      return {
        search,
        path,
        isExact,
        slices: [{ ...span, until: span.to, entries: null }],
        perSlice: EXACT + 1,
      };
    }
    const branches = path.branches(() => '').length;
    const most = Math.min(
      SLICES,
      Math.max(FEWEST_SLICES, Math.floor(LOOKS / Math.max(1, branches))),
    );
    const spans = slicesOf(span, edges, most);
    const slices = await this.withEntries(path, spans);
    return {
      search,
      path,
      isExact,
      slices,
      perSlice: Math.max(5, Math.round(SAMPLE / slices.length)),
    };
  }

  /**
   * Runs `select` over the relation `scanned`: `weight`, `at`, the columns, whether the reader may see
   * the entry (`is_readable`), and whether it matches each of `searches`, which read along the same path.
   */
  async read<R extends object>(
    { search, path, isExact, slices, perSlice }: ScanPlan,
    searches: readonly LogSearch[],
    columns: readonly ScanColumn[],
    select: (parameter: Parameter) => string,
  ): Promise<R[]> {
    if (slices.length === 0) return [];
    const values: unknown[] = [];
    const parameter: Parameter = (value) => `$${values.push(value)}`;
    const branches = path.branches(parameter);
    const branch = branches.length > 0 ? `(${branches.join(' OR ')}) AND` : '';
    const froms = parameter(slices.map(({ from }) => from));
    const tos = parameter(slices.map(({ to }) => to));
    const flags = searches.map((one, i) => {
      const all = conditionsOfSearch(one, parameter);
      return `coalesce(${all.length > 0 ? all.join(' AND ') : 'true'}, false) AS is_match_${i}`;
    });
    const entries = (
      bounds: string,
    ) => `SELECT at, kind, outcome, actor_kind, actor_id, actor_label,
      room, identity, request_id, ip, reason, payload FROM ledger_entry WHERE ${branch} ${bounds}`;
    // Those of a slice stand for all of it: by the counts, else by how much of it they reach over.
    const picked = isExact
      ? `(SELECT *, 1::float8 AS weight FROM (${entries(`at >= (${froms}::timestamptz[])[1] AND at < (${tos}::timestamptz[])[1]`)}) AS every) AS picked`
      : `unnest(${froms}::timestamptz[], ${tos}::timestamptz[],
           ${parameter(slices.map(({ until }) => until))}::timestamptz[], ${parameter(slices.map(({ entries }) => entries))}::float8[]) AS slice(lo, hi, until, total)
         ${branch === '' ? '' : cutOf(branches, perSlice)}
         CROSS JOIN LATERAL (
           SELECT *, greatest(1, CASE WHEN total IS NOT NULL THEN total / n
               WHEN n < ${perSlice} THEN extract(epoch FROM hi - lo) / extract(epoch FROM until - lo)
               ELSE extract(epoch FROM hi - lo) / greatest(extract(epoch FROM until - first), 0.001)
                 * (n - 1) / n END) AS weight
           FROM (SELECT *, count(*) OVER () AS n, min(at) OVER () AS first FROM (
             ${entries(`at >= ${branch === '' ? 'lo' : 'coalesce(cut, lo)'} AND at < until`)}
             ORDER BY at DESC LIMIT ${perSlice}) AS newest) AS known) AS picked`;
    const sql = `WITH scanned AS MATERIALIZED (
        SELECT weight, at, outcome, ${isReadable(search, parameter)} AS is_readable, ${[...columns.map(({ name, sql }) => `${sql} AS ${name}`), ...flags].join(', ')}
        FROM ${picked})
      ${select(parameter)}`;
    const { rows } = await this.searches.query<R>('', sql, values);
    return rows;
  }

  /** Without the kinds that there are none of: each would be looked for in each slice. */
  private async present(path: Path, { from, to }: Span): Promise<Path> {
    if (path.by !== 'kind' || !path.kinds || path.kinds.length === 1) return path;
    const edges = [
      new Date(Math.floor(from.getTime() / DAY_MS) * DAY_MS),
      new Date(Math.ceil(to.getTime() / DAY_MS) * DAY_MS),
    ];
    const counted = await this.counts.read({ edges, kinds: path.kinds, isByKind: true });
    if (!counted || counted.length === 0) return path;
    const kinds = [...new Set(counted.map(({ kind }) => kind))];
    return { ...path, kinds, branches: (add) => kinds.map((kind) => `kind = ${add(kind)}`) };
  }

  private async countUpTo(path: Path, { from, to }: Span, limit: number): Promise<number> {
    const values: unknown[] = [];
    const parameter: Parameter = (value) => `$${values.push(value)}`;
    const times = `at >= ${parameter(from)}::timestamptz AND at < ${parameter(to)}::timestamptz`;
    const branches = path.branches(parameter);
    const most = parameter(limit);
    const of = (branch: string) =>
      `(SELECT FROM ledger_entry WHERE ${branch} ${times} LIMIT ${most})`;
    const all = branches.length > 0 ? branches.map((branch) => of(`${branch} AND`)) : [of('')];
    const { rows } = await this.searches.query<{ n: string }>(
      '',
      `SELECT count(*) AS n FROM (SELECT FROM (${all.join(' UNION ALL ')}) AS each LIMIT ${most}) AS found`,
      values,
    );
    return Number(rows[0]?.n ?? 0);
  }

  /** What the counts know of: all slices but the first and the last, if these begin or end between. */
  private async withEntries(path: Path, spans: readonly Span[]): Promise<Slice[]> {
    const isKnown = ({ from, to }: Span) => LedgerCounts.isEdge(from) && LedgerCounts.isEdge(to);
    const first = spans.findIndex(isKnown);
    const known = spans.slice(Math.max(0, first)).filter(isKnown);
    const isRow = first >= 0 && spans.slice(first, first + known.length).every(isKnown);
    const edges = [...known.map(({ from }) => from), ...known.slice(-1).map(({ to }) => to)];
    const counted =
      path.kinds !== undefined && isRow
        ? await this.counts.read({ edges, kinds: path.kinds, isByKind: false })
        : null;
    if (!counted)
      return spans.map((span, i) => ({ ...span, until: withinOf(span, i), entries: null }));
    const sums = known.map(() => 0);
    for (const { n, entries } of counted) sums[n] = (sums[n] ?? 0) + entries;
    return spans.map((span, i) => ({
      ...span,
      until: withinOf(span, i),
      entries: sums[i - first] ?? null,
    }));
  }
}

/**
 * Where the newest of a slice begin, as `cut`. By itself Postgres would read all rows of the slice and
 * sort them, where it takes them for few; for their times alone the index is enough.
 */
function cutOf(branches: readonly string[], perSlice: number): string {
  const newest = branches.map(
    (branch) => `(SELECT at FROM ledger_entry WHERE ${branch} AND at >= lo AND at < until
      ORDER BY at DESC LIMIT ${perSlice})`,
  );
  return `LEFT JOIN LATERAL (SELECT at AS cut FROM (${newest.join(' UNION ALL ')}) AS newest
    ORDER BY at DESC OFFSET ${perSlice - 1} LIMIT 1) AS edge ON true`;
}

/** How many entries there are elsewhere is nothing for a reader of some rooms. */
function isReadable(search: LogSearch, parameter: Parameter): string {
  const condition = conditionOfRooms(search, parameter);
  return condition ? `coalesce(${condition}, false)` : 'true';
}

/** About so many of about the same length, none over one of the edges. */
function slicesOf({ from, to }: Span, edges: readonly Date[], most: number): Span[] {
  const inner = edges.filter((edge) => edge > from && edge < to);
  const cuts = [from, ...inner, to];
  const whole = to.getTime() - from.getTime();
  const spans: Span[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [begin, end] = [cuts[i] as Date, cuts[i + 1] as Date];
    const share = (end.getTime() - begin.getTime()) / whole;
    const perPart = Math.max(1, Math.floor(most * share));
    const length = (end.getTime() - begin.getTime()) / perPart;
    let last = begin;
    for (let part = 1; part <= perPart; part++) {
      const at = part === perPart ? end : onEdge(begin.getTime() + part * length, length);
      if (at > last) spans.push({ from: last, to: at });
      last = at > last ? at : last;
    }
  }
  return spans;
}

/** The counts know of slices that begin and end at their edges. */
function onEdge(ms: number, length: number): Date {
  const unit = EDGES_MS.find((edge) => length >= 2 * edge) ?? 1;
  return new Date(Math.round(ms / unit) * unit);
}

/**
 * A moment in the second half of a slice, the same at each look. Slices end on the hour, and what comes
 * before the hour, such as the end of a meeting, is not what comes all the time.
 */
function withinOf({ from, to }: Span, i: number): Date {
  const part = 0.5 + ((i * GOLDEN) % 1) / 2;
  return new Date(from.getTime() + part * (to.getTime() - from.getTime()));
}

/** Multiples of it are spread evenly, and in no period. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
