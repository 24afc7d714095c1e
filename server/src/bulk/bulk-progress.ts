import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { participantsIn } from '../rooms/room-sql.js';
import { type BulkOperation, type BulkTarget, completeCounts, type Counts } from './bulk.js';
import { OPERATION_COLUMNS, TARGET_COLUMNS } from './bulk-store.js';

/** The pace of the last seconds; longer ago LiveKit or the room was another. */
const PACE_SECONDS = 5;

/** What a target came to, as its page shows it. */
export interface TargetRow extends BulkTarget {
  readonly detail: string | null;
  readonly ms: number | null;
  readonly settledAt: Date | null;
}

/** An operation with what its targets have come to. */
export interface Progress {
  readonly operation: BulkOperation;
  readonly counts: Counts;
  readonly settledLately: number;
  /** How long that took. */
  readonly latelySeconds: number;
  readonly people: number;
}

interface ProgressRow extends BulkOperation {
  counts: Partial<Counts> | null;
  lately: number;
  lately_seconds: number | null;
  people: number;
}

/** How far operations are, and what became of their targets. */
@Injectable()
export class BulkProgress {
  constructor(private readonly pg: PgPool) {}

  async of(ids: readonly string[]): Promise<Progress[]> {
    return this.readProgress('bulk-progress', 'o.id = ANY($1)', [ids]);
  }

  /** The room's operations: those that are under way first, then the newest. */
  async listOfRoom(room: string, limit: number): Promise<Progress[]> {
    return this.readProgress('bulk-of-room', 'o.room = $1', [room, limit], 'LIMIT $2');
  }

  async page(
    id: string,
    outcomes: readonly string[] | null,
    cursor: { isBefore: boolean; position: number } | null,
    limit: number,
  ): Promise<TargetRow[]> {
    const isBefore = cursor?.isBefore ?? false;
    const { rows } = await this.pg.query<TargetRow>(
      isBefore ? 'bulk-page-before' : 'bulk-page',
      `SELECT ${TARGET_COLUMNS}, t.detail, t.ms, t.settled_at AS "settledAt" FROM bulk_target t
       WHERE t.operation = $1 AND ($2::text[] IS NULL OR t.outcome = ANY($2))
         AND t.position ${isBefore ? '<' : '>'} $3
       ORDER BY t.position ${isBefore ? 'DESC' : 'ASC'} LIMIT $4`,
      [id, outcomes, cursor?.position ?? 0, limit],
    );
    return isBefore ? rows.reverse() : rows;
  }

  private async readProgress(
    name: string,
    where: string,
    values: unknown[],
    limit = '',
  ): Promise<Progress[]> {
    const { rows } = await this.pg.query<ProgressRow>(
      name,
      `SELECT ${OPERATION_COLUMNS}, counts.of AS counts, coalesce(pace.n, 0)::int AS lately,
         extract(epoch FROM pace.span)::float8 AS lately_seconds,
         ${participantsIn('o.room')} AS people
       FROM (SELECT * FROM bulk_operation o WHERE ${where}
         ORDER BY o.finished_at IS NOT NULL, o.created_at DESC ${limit}) o
       LEFT JOIN LATERAL (SELECT jsonb_object_agg(outcome, n) AS of FROM (
         SELECT outcome, count(*) AS n FROM bulk_target t WHERE t.operation = o.id GROUP BY outcome
       ) AS each) AS counts ON true
       LEFT JOIN LATERAL (
         SELECT count(*) AS n,
           clock_timestamp() - greatest(o.created_at, clock_timestamp() - interval '${PACE_SECONDS} seconds') AS span
         FROM bulk_target t WHERE t.operation = o.id AND o.status = 'running'
           AND t.outcome IN ('applied', 'pending', 'failed')
           AND t.settled_at > clock_timestamp() - interval '${PACE_SECONDS} seconds') AS pace ON true
       ORDER BY o.finished_at IS NOT NULL, o.created_at DESC`,
      values,
    );
    return rows.map(({ counts, lately, lately_seconds, people, ...operation }) => ({
      operation,
      counts: completeCounts(counts ?? {}),
      settledLately: lately,
      latelySeconds: lately_seconds ?? 0,
      people,
    }));
  }
}
