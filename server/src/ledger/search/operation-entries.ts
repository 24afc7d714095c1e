import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';
import { COLUMNS, type EntryRow, type EntryView, toView } from '../entry-view.js';
import { withinBytes } from '../within-bytes.js';
import { conditionsOfSearch, type LogSearch, type Parameter } from './conditions.js';

export interface OperationEntry {
  readonly operationId: string;
  readonly entry: EntryView;
  /** Whether the search finds it. */
  readonly isMatch: boolean;
}

/** What follows on an act comes soon; what waits for somebody to come back, within the session. */
const BEFORE = `interval '1 hour'`;
const AFTER = `interval '12 hours'`;
/** A room has many more entries than a person. */
const NEAR = `interval '10 minutes'`;
const PER_OPERATION = 20;

/** Finds the other entries of operations: what was asked for, what came of it, what was seen of it. */
@Injectable()
export class OperationEntries {
  constructor(private readonly searches: SearchPool) {}

  /** Of the operations that the entries cite; where entries are long, the first ones alone. */
  async of(search: LogSearch, entries: readonly EntryView[]): Promise<OperationEntry[]> {
    const asked = new Map<string, EntryView>();
    for (const entry of entries) {
      const id = operationOf(entry);
      // Without a room it would be looked for in all of the log.
      if (id !== null && entry.room !== null && !asked.has(id)) asked.set(id, entry);
    }
    if (asked.size === 0) return [];
    const values: unknown[] = [];
    const parameter: Parameter = (value) => `$${values.push(value)}`;
    const all = [...asked];
    const list = (of: (entry: EntryView, id: string) => unknown) =>
      parameter(all.map(([id, entry]) => of(entry, id)));
    const questions = `unnest(${list((_, id) => id)}::text[], ${list(({ room }) => room)}::text[],
      ${list(({ identity }) => identity)}::text[], ${list(({ at }) => at)}::timestamptz[])
      AS asked(operation, in_room, of_identity, near)`;
    const conditions = conditionsOfSearch(search, parameter);
    const isMatch = conditions.length > 0 ? conditions.join(' AND ') : 'true';
    const cited = `strpos(payload::text, concat('"operationId":"', operation, '"')) > 0`;
    // One index each: by the person, and by the room where the act is about nobody.
    const sql = `SELECT operation, found.* FROM ${questions} CROSS JOIN LATERAL (
        (SELECT ${COLUMNS}, coalesce(${isMatch}, false) AS is_match FROM ledger_entry
         WHERE identity = of_identity AND room = in_room AND at >= near - ${BEFORE}
           AND at <= near + ${AFTER} AND ${cited} ORDER BY at LIMIT ${PER_OPERATION})
        UNION ALL
        (SELECT ${COLUMNS}, coalesce(${isMatch}, false) AS is_match FROM ledger_entry
         WHERE of_identity IS NULL AND identity IS NULL AND room = in_room
           AND at >= near - ${NEAR} AND at <= near + ${NEAR} AND ${cited}
         ORDER BY at LIMIT ${PER_OPERATION})) AS found`;
    const { rows } = await this.searches.query<EntryRow & { operation: string; is_match: boolean }>(
      '',
      withinBytes(sql, 'ORDER BY at, shard, seq'),
      values,
    );
    return rows.map((row) => ({
      operationId: row.operation,
      entry: toView(row),
      isMatch: row.is_match,
    }));
  }
}

/** The operation that an entry cites; null: none. */
export function operationOf({ payload }: Pick<EntryView, 'payload'>): string | null {
  const { operationId } = payload;
  return typeof operationId === 'string' ? operationId : null;
}
