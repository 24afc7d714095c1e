import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';
import type { ActorKind } from '../../grants/policy.js';
import { ledgerId } from '../ledger-entry.js';
import type { LedgerKind } from '../ledger-kinds.js';
import { type Counted, isCut, withinBytes } from '../within-bytes.js';

/** An entry as a timeline takes it: of tokens only what it needs. */
export interface TimelineEntry {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly outcome: string;
  readonly room: string | null;
  readonly identity: string | null;
  readonly actor: { readonly kind: ActorKind; readonly id: string | null; readonly label: string };
  readonly payload: Readonly<Record<string, unknown>>;
}

export type TimelineOf =
  { readonly identity: string } | { readonly room: string } | { readonly operator: string };

export interface TimelineFilter {
  readonly of: TimelineOf;
  /** LIKE patterns of rooms; null: all. */
  readonly rooms: readonly string[] | null;
  /** Null: entries of every kind. */
  readonly kinds: readonly LedgerKind[] | null;
}

/** The claims and grants of a token are most of its entry. */
const COLUMNS = `at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq, kind, outcome,
  room, identity, actor_kind, actor_id, actor_label,
  CASE WHEN kind = 'token.issued' THEN json_build_object('jti', payload->'jti',
    'template', payload->'template', 'version', payload->'version', 'expiresAt', payload->'expiresAt')
  ELSE payload END AS payload,
  CASE WHEN kind <> 'token.issued' THEN personal END AS personal`;
/** Who, what, where and when: of acts by an operator nothing else is shown. */
const FEW_COLUMNS = `at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq, kind, outcome,
  room, identity, actor_kind, actor_id, actor_label, '{}'::json AS payload, NULL AS personal`;
/** What a span may have beside its number of entries. */
const MOST_BYTES = 16 * 1024 * 1024;
const NEWEST_FIRST = 'ORDER BY at DESC, shard DESC, seq DESC';

interface Row {
  at: Date;
  at_us: string;
  shard: number;
  seq: string;
  kind: string;
  outcome: string;
  room: string | null;
  identity: string | null;
  actor_kind: ActorKind;
  actor_id: string | null;
  actor_label: string | null;
  payload: Record<string, unknown>;
  personal: Record<string, unknown> | null;
}

/** Entries about one person or room, or by one operator, in a turn. Each statement reads one index. */
@Injectable()
export class TimelineReader {
  constructor(private readonly searches: SearchPool) {}

  /** Those between the two instants, newest first; `isPartial`: there are more. */
  async list(
    filter: TimelineFilter,
    from: Date,
    to: Date,
    limit: number,
  ): Promise<{ entries: TimelineEntry[]; isPartial: boolean }> {
    const rows = await this.read(filter, from, to, limit + 1);
    const entries = rows.slice(0, limit).map(toEntry);
    return { entries, isPartial: rows.length > limit || isCut(rows) };
  }

  /** The last ones before an instant, newest first. */
  async listBefore(filter: TimelineFilter, before: Date, limit: number): Promise<TimelineEntry[]> {
    return (await this.read(filter, null, before, limit)).map(toEntry);
  }

  /**
   * The newest entry of each person and room before an instant, of kinds that
   * `ix_ledger_entry_policy` has: they are constants of the statement, so that Postgres can use it.
   */
  async listNewest(
    { identities, room, rooms }: NewestOf,
    kinds: readonly LedgerKind[],
    before: Date,
    limit: number,
  ): Promise<TimelineEntry[]> {
    const { rows } = await this.searches.query<Row>(
      '', // the text differs with the kinds, so it is not kept prepared
      `SELECT DISTINCT ON (identity, room) ${COLUMNS} FROM ledger_entry
       WHERE identity = ANY($1) AND ($2::text IS NULL OR room = $2)
         AND ($3::text[] IS NULL OR room LIKE ANY($3)) AND room IS NOT NULL
         AND at < $4 AND outcome IN ('intent', 'ok') AND ${among(kinds)}
       ORDER BY identity, room, at DESC, shard DESC, seq DESC LIMIT $5`,
      [identities, room, rooms, before, limit],
    );
    return rows.map(toEntry);
  }

  /** Entries that are about a room as such before an instant, of kinds of `ix_ledger_entry_policy`. */
  async listOfRoom(
    room: string,
    kinds: readonly LedgerKind[],
    before: Date,
    limit: number,
  ): Promise<TimelineEntry[]> {
    const { rows } = await this.searches.query<Row>(
      '',
      `SELECT ${COLUMNS} FROM ledger_entry
       WHERE identity IS NULL AND room = $1 AND at < $2 AND ${among(kinds)} ${NEWEST_FIRST} LIMIT $3`,
      [room, before, limit],
    );
    return rows.map(toEntry);
  }

  /**
   * Entries about an operator's account, oldest first. They are rare: an index has their kinds. The
   * entry of the first admin has the address alone.
   */
  async listOfAccount(
    { id, email }: { readonly id: string; readonly email: string | null },
    kinds: readonly LedgerKind[],
    before: Date,
    limit: number,
  ): Promise<TimelineEntry[]> {
    const { rows } = await this.searches.query<Row>(
      '',
      `SELECT ${COLUMNS} FROM ledger_entry
       WHERE ${among(kinds)} AND at < $2
         AND (personal->>'operator' = $1 OR personal->>'operator' IS NULL AND personal->>'email' = $4)
       ${NEWEST_FIRST} LIMIT $3`,
      [id, before, limit, email],
    );
    return rows.map(toEntry).reverse();
  }

  private async read(
    { of, rooms, kinds }: TimelineFilter,
    from: Date | null,
    to: Date,
    limit: number,
  ): Promise<(Row & Counted)[]> {
    const values: unknown[] = [to, limit];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    const conditions = [`at < $1`];
    if (from) conditions.push(`at >= ${parameter(from)}`);
    if ('identity' in of) {
      conditions.push(`identity = ${parameter(of.identity)}`, 'room IS NOT NULL');
    } else if ('room' in of) conditions.push(`room = ${parameter(of.room)}`);
    else conditions.push(`actor_kind = 'operator' AND actor_id = ${parameter(of.operator)}`);
    // Postgres takes an operator's entries for few, and would read all of the span to sort them. Where
    // the newest of them begin, the index alone tells.
    if (from && 'operator' in of && kinds === null && rooms === null) {
      conditions.push(`at >= coalesce((SELECT at FROM ledger_entry WHERE ${conditions.join(' AND ')}
        ORDER BY at DESC OFFSET $2::bigint - 1 LIMIT 1), '-infinity')`);
    }
    if (kinds !== null) conditions.push(`kind = ANY(${parameter(kinds)}::text[])`);
    if (rooms !== null) conditions.push(`room LIKE ANY(${parameter(rooms)}::text[])`);
    const { rows } = await this.searches.query<Row & Counted>(
      '',
      withinBytes(
        `SELECT ${'operator' in of ? FEW_COLUMNS : COLUMNS} FROM ledger_entry
         WHERE ${conditions.join(' AND ')} ${NEWEST_FIRST} LIMIT $2`,
        NEWEST_FIRST,
        MOST_BYTES,
      ),
      values,
    );
    return rows;
  }
}

export interface NewestOf {
  readonly identities: readonly string[];
  /** Null: all rooms. */
  readonly room: string | null;
  /** LIKE patterns of rooms; null: all. */
  readonly rooms: readonly string[] | null;
}

function among(kinds: readonly LedgerKind[]): string {
  return `kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`;
}

function toEntry(row: Row): TimelineEntry {
  return {
    id: ledgerId({ shard: row.shard, seq: Number(row.seq), atMicros: row.at_us }),
    at: row.at,
    kind: row.kind,
    outcome: row.outcome,
    room: row.room,
    identity: row.identity,
    actor: { kind: row.actor_kind, id: row.actor_id, label: row.actor_label ?? 'erased' },
    payload: row.personal ? { ...row.payload, ...row.personal } : row.payload,
  };
}
