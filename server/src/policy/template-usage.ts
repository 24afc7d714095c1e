import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import { matchesPattern } from '../grants/pattern.js';
import type { Tx } from '../ledger/transactions.js';
import { type LiveRoles, LiveRolesReader } from './live-roles.js';
import { isVisible, VisibleScopesReader } from './visible-scopes.js';

/** Where and how much templates are in use, of what the reader may see. */
export interface TemplateUsage {
  /** Template → assignments that have not ended. */
  readonly assignments: ReadonlyMap<string, number>;
  /** Template → room → people. */
  readonly live: LiveRoles['byTemplate'];
}

/** What refers to a template. */
export interface TemplateReferences {
  readonly assignments: number;
  readonly rooms: number;
  readonly seats: number;
}

/** Which rules, rooms and people use role templates. */
@Injectable()
export class TemplateUsageReader {
  constructor(
    private readonly pg: PgPool,
    private readonly liveRoles: LiveRolesReader,
    private readonly visibleScopes: VisibleScopesReader,
  ) {}

  /** Rooms outside the reader's limit are neither named nor counted. */
  async read(actor: Actor, keys: readonly string[]): Promise<TemplateUsage> {
    const { rooms, patterns } = await this.visibleScopes.read(actor, 'role_template.read');
    const [{ rows }, { byTemplate }] = await Promise.all([
      this.pg.query<{ template: string; count: number }>(
        'template-assignments',
        `SELECT template, count(*)::int AS count FROM assignment a
         WHERE template = ANY($1) AND (valid_until IS NULL OR valid_until > now())
           AND ${isVisible('a', '$2', '$3')} GROUP BY template`,
        [keys, rooms, patterns],
      ),
      this.liveRoles.read(),
    ]);
    const limit = actor.roomsFor('role_template.read');
    const isSeen = (room: string) =>
      limit === null || limit.some((pattern) => matchesPattern(pattern, room));
    const live = keys.map((key) => {
      const inRooms = [...(byTemplate.get(key) ?? [])].filter(([room]) => isSeen(room));
      return [key, new Map(inRooms)] as const;
    });
    return {
      assignments: new Map(rows.map(({ template, count }) => [template, count])),
      live: new Map(live),
    };
  }

  /** Rooms where people have the template at this moment. */
  async liveRooms(key: string): Promise<string[]> {
    return [...((await this.liveRoles.read()).byTemplate.get(key)?.keys() ?? [])];
  }

  /** Rooms whose default it is, of those that the reader may see; the first hundred. */
  async listDefaultIn(actor: Actor, key: string): Promise<string[]> {
    const { rows } = await this.pg.query<{ name: string }>(
      'template-default-rooms',
      `SELECT name FROM room
       WHERE default_template = $1 AND ($2::text[] IS NULL OR name LIKE ANY($2))
       ORDER BY name LIMIT 100`,
      [key, actor.roomsFor('role_template.read')?.map(likeOfPattern) ?? null],
    );
    return rows.map(({ name }) => name);
  }

  async countReferences(tx: Tx, key: string): Promise<TemplateReferences> {
    const { rows } = await tx.query<TemplateReferences>(
      `SELECT (SELECT count(*)::int FROM assignment WHERE template = $1
           AND (valid_until IS NULL OR valid_until > now())) AS assignments,
         (SELECT count(*)::int FROM room WHERE default_template = $1 OR promote_template = $1) AS rooms,
         (SELECT count(*)::int FROM seat WHERE override_template = $1) AS seats`,
      [key],
    );
    return rows[0] as TemplateReferences;
  }
}
