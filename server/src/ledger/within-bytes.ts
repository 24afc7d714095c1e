/**
 * SQL of the rows of `query`, which has `payload` and `personal`, until they have so many bytes: the
 * row with which they are too many is the last. `in_all` is how many `query` finds.
 */
export function withinBytes(query: string, order: string, mostBytes = PAGE_BYTES): string {
  const bytes = `octet_length(payload::text) + coalesce(octet_length(personal::text), 0)`;
  return `SELECT * FROM (
      SELECT found.*, count(*) OVER () AS in_all,
        sum(${bytes}) OVER (${order} ROWS UNBOUNDED PRECEDING) - (${bytes}) AS bytes_before
      FROM (${query}) AS found) AS measured
    WHERE bytes_before <= ${mostBytes} ${order}`;
}

/** What `withinBytes` adds to a row. */
export interface Counted {
  readonly in_all: string;
}

/** Whether rows were left out because of their length. */
export function isCut(rows: readonly Counted[]): boolean {
  return rows[0] !== undefined && Number(rows[0].in_all) > rows.length;
}

const PAGE_BYTES = 4 * 1024 * 1024;
