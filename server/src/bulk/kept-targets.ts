import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

export type KeptTarget = Readonly<Record<string, unknown>>;

/** What is kept of a person as one of many in a bulk operation. */
@Injectable()
export class KeptTargets {
  constructor(private readonly pg: PgPool) {}

  /** In these rooms, newest first. */
  async list(identity: string, rooms: readonly string[], limit: number): Promise<KeptTarget[]> {
    const { rows } = await this.pg.query<KeptTarget>(
      'bulk-kept',
      `SELECT o.id AS operation, o.room, o.action, t.outcome, t.detail,
         o.created_at AS "createdAt", t.settled_at AS "settledAt"
       FROM bulk_operation o JOIN bulk_target t ON t.operation = o.id AND t.identity = $2
       WHERE o.room = ANY($1) ORDER BY o.created_at DESC LIMIT $3`,
      [rooms, identity, limit],
      30_000,
    );
    return rows;
  }
}
