import type { Page } from '../common/http/lists.js';
import type { PgPool } from './pg-pool.js';

export interface PageQuery {
  /** Names the prepared statements. */
  name: string;
  sort: readonly [field: string, order: 'ASC' | 'DESC'];
  columns: string;
  from: string;
  /** The same for the page and for the total; its parameters are `values`. */
  where: string;
  /** What the sortable fields are called in SQL. */
  sortColumns: Readonly<Record<string, string>>;
  /** Breaks ties, so that pages neither repeat nor skip a row. */
  key: string;
  values: unknown[];
  /** First and last row, both included. */
  range: [number, number];
}

/**
 * One page and the number of all rows, in one statement. The count is a query of its own inside it:
 * a window function would read every column of every row. A page past the end still has its total.
 */
export async function readPage<R extends object>(pg: PgPool, query: PageQuery): Promise<Page<R>> {
  const { name, sort, columns, from, where, sortColumns, key, values, range } = query;
  const [field, order] = sort;
  const count = `SELECT count(*)::int AS total FROM ${from} WHERE ${where}`;
  const next = values.length + 1;
  const { rows } = await pg.query<R & { total: number }>(
    `${name}-${field}-${order}`,
    `SELECT ${columns}, (${count}) AS total FROM ${from} WHERE ${where}
     ORDER BY ${sortColumns[field]} ${order} NULLS LAST, ${key}
     OFFSET $${next}::int LIMIT $${next + 1}::int`,
    [...values, range[0], range[1] - range[0] + 1],
  );
  if (rows[0] || range[0] === 0) return { rows, total: rows[0]?.total ?? 0 };
  const all = await pg.query<{ total: number }>(`${name}-count`, count, values);
  return { rows, total: all.rows[0]?.total ?? 0 };
}
