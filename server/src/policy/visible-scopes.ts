import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { Permission } from '../actor/permissions.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import { patternContains } from '../grants/pattern.js';

/** What an actor who is limited to some rooms may see: scopes that lie within the limit. */
export interface VisibleScopes {
  /** LIKE patterns of room names; null = everything, and then `patterns` is null as well. */
  rooms: string[] | null;
  patterns: string[] | null;
}

/** The assignments that a room limit leaves visible, as a condition on `alias`. */
export function isVisible(alias: string, rooms: string, patterns: string): string {
  return `(${rooms}::text[] IS NULL OR ${alias}.room_name LIKE ANY(${rooms})
    OR ${alias}.room_pattern = ANY(${patterns}::text[]))`;
}

/** Every list and count of assignments asks here what its reader may see. */
@Injectable()
export class VisibleScopesReader {
  constructor(private readonly pg: PgPool) {}

  /** Patterns cannot be compared in SQL, so those in use are compared here, before any paging. */
  async read(actor: Actor, permission: Permission): Promise<VisibleScopes> {
    const limit = actor.roomsFor(permission);
    if (limit === null) return { rooms: null, patterns: null };
    const { rows } = await this.pg.query<{ room_pattern: string }>(
      'assignment-patterns',
      'SELECT DISTINCT room_pattern FROM assignment WHERE room_pattern IS NOT NULL',
    );
    return {
      rooms: limit.map(likeOfPattern),
      patterns: rows
        .map((row) => row.room_pattern)
        .filter((inner) => limit.some((outer) => patternContains(outer, inner))),
    };
  }
}
