import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

export type KeptRequest = Readonly<Record<string, unknown>>;

/** What is kept of a person's raised hands, invitations and questions to unmute. */
@Injectable()
export class KeptRequests {
  constructor(private readonly pg: PgPool) {}

  /** In these rooms, newest first. */
  async list(identity: string, rooms: readonly string[], limit: number): Promise<KeptRequest[]> {
    const { rows } = await this.pg.query<KeptRequest>(
      'stage-kept',
      `SELECT id, room, kind, state, template, source, note, word, created_at AS "createdAt",
         decided_at AS "decidedAt", expires_at AS "expiresAt"
       FROM stage_request WHERE room = ANY($1) AND identity = $2
       ORDER BY created_at DESC LIMIT $3`,
      [rooms, identity, limit],
      30_000,
    );
    return rows;
  }
}
