import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';

/** A seat as the table has it, without who set what is set on it. */
export interface KeptSeat {
  readonly room: string;
  readonly [column: string]: unknown;
}

export type KeptOperation = Readonly<Record<string, unknown>>;

/** What is kept of a person as seats, in whatever room. */
@Injectable()
export class KeptSeats {
  constructor(private readonly pg: PgPool) {}

  /** In the order of rooms, from after `after` on. `rooms`: LIKE patterns, of each list one has to match. */
  async list(
    identity: string,
    rooms: readonly (readonly string[])[],
    after: string,
    limit: number,
  ): Promise<KeptSeat[]> {
    const [first, second] = rooms;
    const { rows } = await this.pg.query<KeptSeat>(
      'seat-kept',
      `SELECT room, is_present AS "isPresent", joined_at AS "joinedAt", left_at AS "leftAt", name, kind,
         state, sid, tracks, permission, is_unlisted AS "isUnlisted",
         last_issued_at AS "lastIssuedAt", tokens_void_before AS "tokensVoidBefore",
         override_template AS "overrideTemplate", override_version AS "overrideVersion",
         override_at AS "overrideAt", override_until AS "overrideUntil",
         override_reason AS "overrideReason", block_at AS "blockAt", block_until AS "blockUntil",
         block_reason AS "blockReason", hold_sources AS "holdSources", hold_at AS "holdAt",
         hold_until AS "holdUntil", hold_reason AS "holdReason"
       FROM seat
       WHERE identity = $1 AND room > $2
         AND ($3::text[] IS NULL OR room LIKE ANY($3)) AND ($4::text[] IS NULL OR room LIKE ANY($4))
       ORDER BY room LIMIT $5`,
      [identity, after, first ?? null, second ?? null, limit],
      30_000,
    );
    return rows;
  }

  /** Operations on their seats in these rooms, newest first. */
  async listOperations(
    identity: string,
    rooms: readonly string[],
    limit: number,
  ): Promise<KeptOperation[]> {
    const { rows } = await this.pg.query<KeptOperation>(
      'seat-kept-operations',
      `SELECT id, room, action, reason, outcome, detail, created_at AS "createdAt",
         settled_at AS "settledAt"
       FROM seat_operation WHERE room = ANY($1) AND identity = $2
       ORDER BY created_at DESC LIMIT $3`,
      [rooms, identity, limit],
      30_000,
    );
    return rows;
  }
}
