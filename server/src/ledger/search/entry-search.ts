import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';
import { COLUMNS, cursorAt, type EntryRow, type EntryView, toView } from '../entry-view.js';
import type { Cursor } from '../ledger.schemas.js';
import { conditionsOfSearch, type LogSearch, type Parameter, timesOfSearch } from './conditions.js';
import { type Counted, isCut, withinBytes } from '../within-bytes.js';
import { type Path, pathOf } from './path.js';

/** A place between entries. */
interface Place {
  readonly at_us: string;
  readonly shard: number;
  readonly seq: string | number;
}

export interface SearchPage {
  readonly data: EntryView[];
  readonly pageInfo: { readonly next: string | null; readonly prev: string | null };
  readonly searched: { readonly until: Date | null; readonly isWhole: boolean };
}

export interface PageQuery {
  readonly cursor: Cursor | null;
  readonly limit: number;
}

/** How many entries are looked at first, and how many times more each time. */
const FIRST_LOOK = 2_000;
const MORE = 4;
const LARGEST_LOOK = 40_000;
/** No further look begins after this; what there is by then is the page. */
const BUDGET_MS = 150;

/**
 * Finds entries newest first, by keyset. What no index can find is looked for a stretch at a time:
 * a page ends when it is full or the time is up, and says how far it has looked.
 */
@Injectable()
export class EntrySearch {
  constructor(private readonly searches: SearchPool) {}

  async page(search: LogSearch, { cursor, limit }: PageQuery): Promise<SearchPage> {
    const isBack = cursor?.way === 'prev';
    const start = cursor && {
      at_us: cursor.atMicros,
      shard: cursor.shard,
      seq: cursor.seq,
    };
    const { rows, stopped, isFull } = await this.find(search, start, isBack, limit + 1);
    const hasMore = rows.length > limit || isFull;
    const page = rows.slice(0, limit);
    if (isBack) page.reverse();
    // Where nothing was found, it goes on from where the search stopped.
    const furthest = hasMore ? null : stopped;
    const last = (isBack ? null : furthest) ?? page.at(-1);
    const first = (isBack ? furthest : null) ?? page[0];
    const isFurther = hasMore || furthest !== null;
    return {
      data: page.map(toView),
      pageInfo: {
        next: last && (isBack || isFurther) ? cursorAt('next', last as EntryRow) : null,
        prev:
          first && (isBack ? isFurther : cursor !== null)
            ? cursorAt('prev', first as EntryRow)
            : null,
      },
      searched: {
        // It tells how close entries are to each other, also those of rooms that its reader may not see.
        until: search.rooms === null ? furthest && instantOf(furthest) : null,
        isWhole: furthest === null,
      },
    };
  }

  private async find(
    search: LogSearch,
    start: Place | null,
    isBack: boolean,
    wanted: number,
  ): Promise<{ rows: EntryRow[]; stopped: Place | null; isFull: boolean }> {
    const path = pathOf(search);
    const began = performance.now();
    const read = (from: Place | null, to: Place | null, limit: number) =>
      this.read(search, path, { from, to, isBack, limit });
    if (path.isWhole) {
      const found = await read(start, null, wanted);
      return { rows: found, stopped: null, isFull: isCut(found) };
    }
    const rows: EntryRow[] = [];
    let from = start;
    for (let look = FIRST_LOOK; ; look = Math.min(look * MORE, LARGEST_LOOK)) {
      const to = await this.placeAfter(search, path, from, isBack, look);
      const found = await read(from, to, wanted - rows.length);
      rows.push(...found);
      const isFull = isCut(found);
      if (to === null || rows.length >= wanted || isFull) return { rows, stopped: null, isFull };
      if (performance.now() - began > BUDGET_MS) return { rows, stopped: to, isFull };
      from = to;
    }
  }

  /** Entries after `from` up to `to`, both in the order of reading; fewer where they are long. */
  private async read(
    search: LogSearch,
    path: Path,
    bounds: { from: Place | null; to: Place | null; isBack: boolean; limit: number },
  ): Promise<(EntryRow & Counted)[]> {
    const { from, to, isBack, limit } = bounds;
    const values: unknown[] = [];
    const parameter: Parameter = (value) => `$${values.push(value)}`;
    const within = [
      ...timesOfSearch(search, parameter),
      ...(from ? [beyond(from, isBack ? '>' : '<', parameter)] : []),
      ...(to ? [beyond(to, isBack ? '<=' : '>=', parameter)] : []),
    ];
    const order = orderOf(isBack);
    const most = parameter(limit);
    const select = (conditions: readonly string[]) =>
      `SELECT ${COLUMNS} FROM ledger_entry ${where(conditions)} ${order} LIMIT ${most}`;
    const eachOf = (branches: readonly string[]) =>
      branches.map((branch) => `(${select([branch, ...within])})`).join(' UNION ALL ');
    const sql = path.isWhole
      ? `SELECT * FROM (${eachOf(branchesOf(path, parameter))}) AS found ${order} LIMIT ${most}`
      : select([...conditionsOfSearch(search, parameter), ...within]);
    const { rows } = await this.searches.query<EntryRow & Counted>(
      '',
      withinBytes(sql, order),
      values,
    );
    return rows;
  }

  /** The place of the entry that is `count` further on the path; null: there are fewer. */
  private async placeAfter(
    search: LogSearch,
    path: Path,
    from: Place | null,
    isBack: boolean,
    count: number,
  ): Promise<Place | null> {
    const values: unknown[] = [];
    const parameter: Parameter = (value) => `$${values.push(value)}`;
    const within = [
      ...timesOfSearch(search, parameter),
      ...(from ? [beyond(from, isBack ? '>' : '<', parameter)] : []),
    ];
    const order = orderOf(isBack);
    const most = parameter(count);
    const keys = (branch: string) =>
      `(SELECT at, shard, seq FROM ledger_entry ${where([branch, ...within])} ${order} LIMIT ${most})`;
    const all = branchesOf(path, parameter).map(keys).join(' UNION ALL ');
    const { rows } = await this.searches.query<Place>(
      '',
      `SELECT (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq
       FROM (${all}) AS found ${order} OFFSET ${most}::bigint - 1 LIMIT 1`,
      values,
    );
    return rows[0] ?? null;
  }
}

function instantOf({ at_us: atMicros }: Place): Date {
  return new Date(Number(BigInt(atMicros) / 1_000n));
}

/** Reading by the time alone is one branch. */
function branchesOf(path: Path, parameter: Parameter): string[] {
  const branches = path.branches(parameter);
  return branches.length > 0 ? branches : ['true'];
}

function orderOf(isBack: boolean): string {
  const way = isBack ? 'ASC' : 'DESC';
  return `ORDER BY at ${way}, shard ${way}, seq ${way}`;
}

function where(conditions: readonly string[]): string {
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
}

/** The time by itself as well, so that whole partitions are left out. */
function beyond(
  { at_us: at, shard, seq }: Place,
  operator: '<' | '<=' | '>' | '>=',
  parameter: Parameter,
): string {
  const instant = `to_timestamp(0) + ${parameter(at)}::bigint * interval '1 microsecond'`;
  const side = operator.startsWith('<') ? '<=' : '>=';
  return `at ${side} ${instant} AND (at, shard, seq) ${operator} (${instant}, ${parameter(shard)}::int, ${parameter(seq)}::bigint)`;
}
