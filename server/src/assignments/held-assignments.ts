import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { leftJoinUser } from '../users/user-sql.js';

/** A role that a person holds by an assignment. */
export interface HeldAssignment {
  readonly id: string;
  readonly identity: string;
  readonly template: string;
  /** A name or a pattern; null: every room. */
  readonly scope: string | null;
  readonly isPattern: boolean;
  readonly since: Date;
}

/** What single people have held for long. */
@Injectable()
export class HeldAssignments {
  constructor(private readonly pg: PgPool) {}

  /** Assignments to one person that hold now and were made before then, the oldest first. */
  async listBefore(before: Date, limit: number): Promise<HeldAssignment[]> {
    const { rows } = await this.pg.query<HeldAssignment>(
      'assignments-held',
      `SELECT a.id, u.identity, a.template, coalesce(a.room_name, a.room_pattern) AS scope,
         a.room_pattern IS NOT NULL AS "isPattern",
         coalesce(a.valid_from, a.created_at) AS since
       FROM assignment a ${leftJoinUser('a.user_id')}
       WHERE u.identity IS NOT NULL AND u.deleted_at IS NULL AND coalesce(a.valid_from, a.created_at) < $1
         AND a.created_at < $1 AND (a.valid_until IS NULL OR a.valid_until > now())
       ORDER BY a.created_at, a.id LIMIT $2`,
      [before, limit],
    );
    return rows;
  }
}
