import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';
import type { ActorKind } from '../../grants/policy.js';
import { ledgerId } from '../ledger-entry.js';
import { ANOMALY_SQL, type SqlAnomaly } from './anomaly-sql.js';

/** What differs from row to row; which of these are there depends on the anomaly. */
export interface AnomalyParts {
  readonly addresses?: string[];
  readonly outside?: 'hours' | 'rooms' | 'hours_and_rooms';
  /** How long a role was held, and the kind of the entry that ended it. */
  readonly seconds?: number;
  readonly then?: string;
  /** Keys of the role templates of their tokens, the most frequent first. */
  readonly used?: string[];
  /** The kind of the entries, and the code of the refusal in them. */
  readonly kind?: string;
  readonly code?: string;
  readonly kinds?: string[];
}

export interface AnomalyFound {
  readonly key: string;
  /** When, or when last. */
  readonly at: Date;
  readonly room: string | null;
  readonly identity: string | null;
  readonly actor: { kind: ActorKind; id: string | null; label: string } | null;
  readonly template: string | null;
  readonly parts: AnomalyParts;
  readonly count: number;
  /** Ids of entries, newest first. */
  readonly entries: readonly string[];
}

export interface AnomalyQuery {
  readonly since: Date;
  /** LIKE patterns of rooms; null: all. */
  readonly rooms: readonly string[] | null;
}

interface FoundRow {
  key: string;
  at: Date;
  room: string | null;
  identity: string | null;
  actor_kind: ActorKind | null;
  actor_id: string | null;
  actor_label: string | null;
  template: string | null;
  parts: AnomalyParts;
  count: number;
  refs: string[];
}

/** So many of the newest entries are looked at; older ones of the days asked for are not. */
const MAX_LOOKED_AT = 100_000;

/** Finds what stands out in the newest part of the log. */
@Injectable()
export class AnomalyReader {
  constructor(private readonly searches: SearchPool) {}

  /** Since when there are few enough entries to look at, if that is later than `since`. */
  async boundFor(since: Date): Promise<{ since: Date; isPartial: boolean }> {
    const { rows } = await this.searches.query<{ at: Date }>(
      'anomaly-bound',
      `SELECT at FROM ledger_entry WHERE at >= $1
       ORDER BY at DESC, shard DESC, seq DESC OFFSET ${MAX_LOOKED_AT} LIMIT 1`,
      [since],
    );
    const bound = rows[0]?.at;
    return bound ? { since: bound, isPartial: true } : { since, isPartial: false };
  }

  async count(name: SqlAnomaly, { since, rooms }: AnomalyQuery, most: number): Promise<number> {
    const { rows } = await this.searches.query<{ n: string }>(
      '', // planned for its values
      `SELECT count(*) AS n FROM (SELECT FROM (${ANOMALY_SQL[name]}) AS each LIMIT $3) AS found`,
      [since, rooms, most],
    );
    return Number(rows[0]?.n ?? 0);
  }

  /** Newest first. */
  async list(
    name: SqlAnomaly,
    { since, rooms }: AnomalyQuery,
    limit: number,
    offset: number,
  ): Promise<AnomalyFound[]> {
    const { rows } = await this.searches.query<FoundRow>(
      '',
      `SELECT * FROM (${ANOMALY_SQL[name]}) AS found ORDER BY at DESC, key LIMIT $3 OFFSET $4`,
      [since, rooms, limit, offset],
    );
    return rows.map(({ actor_kind: kind, actor_id: id, actor_label: label, refs, ...row }) => ({
      ...row,
      actor: kind === null || label === null ? null : { kind, id, label },
      entries: refs.map(toId),
    }));
  }

  /**
   * The role templates of tokens that each of them was issued since then for the rooms, the most
   * frequent first.
   */
  async templatesUsed(
    identities: readonly string[],
    { since, rooms }: AnomalyQuery,
  ): Promise<Map<string, readonly string[]>> {
    const { rows } = await this.searches.query<{ identity: string; templates: string[] }>(
      'anomaly-templates-used',
      `SELECT identity, array_agg(template ORDER BY n DESC, template) AS templates FROM (
         SELECT who.identity, e.payload->>'template' AS template, count(*) AS n
         FROM unnest($1::text[]) AS who(identity) CROSS JOIN LATERAL (
           SELECT payload FROM ledger_entry
           WHERE identity = who.identity AND kind = 'token.issued' AND at >= $2
             AND ($3::text[] IS NULL OR room LIKE ANY($3))
           ORDER BY at DESC LIMIT 200) AS e
         GROUP BY 1, 2) AS used
       WHERE template IS NOT NULL GROUP BY identity`,
      [identities, since, rooms],
    );
    return new Map(rows.map(({ identity, templates }) => [identity, templates]));
  }
}

function toId(ref: string): string {
  const [atMicros, shard, seq] = ref.split('/') as [string, string, string];
  return ledgerId({ atMicros, shard: Number(shard), seq: Number(seq) });
}
