import { Injectable } from '@nestjs/common';
import { SearchPool } from '../database/search-pool.js';
import type { ActorKind } from '../grants/policy.js';
import { ledgerId } from './ledger-entry.js';
import { isGrantedIn, isInstantIn } from './payload-sql.js';

/** A token that was issued and has not expired. */
export interface LivingToken {
  readonly issuanceId: string;
  readonly jti: string;
  readonly room: string;
  readonly identity: string;
  readonly template: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** The entry cannot be read as one of a token, so it says the most that there can be. */
  readonly isUnreadable: boolean;
  readonly issuer: { kind: ActorKind; id: string | null; label: string };
  /** Grants by name that its issuer may give, in alternatives; null: no ceiling. */
  readonly ceiling: readonly (readonly string[])[] | null;
}

export interface LivingTokensFilter {
  readonly room?: string | undefined;
  readonly identity?: string | undefined;
  /** Id or label of who issued it. */
  readonly issuer?: string | undefined;
  /** LIKE patterns of rooms; null: all. */
  readonly rooms: readonly string[] | null;
}

interface TokenRow {
  at: Date;
  at_us: string;
  shard: number;
  seq: string;
  room: string;
  identity: string;
  jti: string | null;
  template: string | null;
  expires_at: string | null;
  ceiling: unknown;
  actor_kind: ActorKind;
  actor_id: string | null;
  actor_label: string | null;
}

/** Finds tokens by their time: the ledger is in its order, and no token lives longer than policy allows. */
@Injectable()
export class LivingTokens {
  constructor(private readonly searches: SearchPool) {}

  /** Those that expire after `now`, newest first; of tokens that join no room none. */
  async list(
    filter: LivingTokensFilter,
    { now, longestMs, limit }: { now: Date; longestMs: number; limit: number },
  ): Promise<LivingToken[]> {
    const values: unknown[] = [new Date(now.getTime() - longestMs), now.toISOString(), limit];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    const conditions: string[] = [];
    const { room, identity, issuer, rooms } = filter;
    if (room !== undefined) conditions.push(`room = ${parameter(room)}`);
    if (identity !== undefined) conditions.push(`identity = ${parameter(identity)}`);
    if (issuer !== undefined) {
      const given = parameter(issuer);
      conditions.push(`(actor_id = ${given} OR actor_label = ${given})`);
    }
    if (rooms !== null) conditions.push(`room LIKE ANY(${parameter(rooms)}::text[])`);
    const { rows } = await this.searches.query<TokenRow>(
      '', // the text differs with the filter, so it is not kept prepared
      `SELECT at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq, room, identity,
         payload->>'jti' AS jti, payload->>'template' AS template,
         payload->>'expiresAt' AS expires_at, payload->'ceiling' AS ceiling,
         actor_kind, actor_id, actor_label
       FROM ledger_entry
       WHERE kind = 'token.issued' AND at > $1 AND room IS NOT NULL AND identity IS NOT NULL
         AND (payload->>'expiresAt' COLLATE "C" > $2::text
           OR (${isInstantIn('expiresAt')}) IS NOT TRUE)
         AND ${isGrantedIn(`'roomJoin'`)}
         ${conditions.map((condition) => `AND ${condition}`).join(' ')}
       ORDER BY at DESC LIMIT $3`,
      values,
    );
    return rows.map((row) => toToken(row, longestMs));
  }
}

/** Tells what its entry says, and where that cannot be, the most that a token may do. */
function toToken(row: TokenRow, longestMs: number): LivingToken {
  const end = Date.parse(row.expires_at ?? '');
  const ceiling = readCeiling(row.ceiling);
  const isUnreadable =
    Number.isNaN(end) || row.jti === null || row.template === null || ceiling === undefined;
  return {
    issuanceId: ledgerId({ shard: row.shard, seq: Number(row.seq), atMicros: row.at_us }),
    jti: row.jti ?? '',
    room: row.room,
    identity: row.identity,
    template: row.template ?? '',
    issuedAt: row.at,
    expiresAt: new Date(Number.isNaN(end) ? row.at.getTime() + longestMs : end),
    isUnreadable,
    issuer: { kind: row.actor_kind, id: row.actor_id, label: row.actor_label ?? 'erased' },
    ceiling: ceiling ?? null,
  };
}

/** Undefined: it is none. */
export function readCeiling(value: unknown): LivingToken['ceiling'] | undefined {
  if (value === null || value === undefined) return null;
  const isNames = (names: unknown): names is string[] =>
    Array.isArray(names) && names.every((name) => typeof name === 'string');
  return Array.isArray(value) && value.every(isNames) ? value : undefined;
}
