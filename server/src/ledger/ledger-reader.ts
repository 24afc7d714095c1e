import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { DatabaseClock } from '../database/database-clock.js';
import { PgPool } from '../database/pg-pool.js';
import { SearchPool } from '../database/search-pool.js';
import { containsText, searchPattern } from '../database/text-search.js';
import { timeOfTokenId } from '../common/token-id.js';
import { ForgottenEntries } from './retention/forgotten-entries.js';
import { COLUMNS, cursorAt, type EntryRow, type EntryView, toView } from './entry-view.js';
import { parseLedgerId } from './ledger-entry.js';
import {
  type LedgerFilter,
  type LedgerQuery,
  type TokenLookup,
  type TokenPayload,
} from './ledger.schemas.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { timesOf } from './query/index.js';
import { conditionsOfSearch, timesOfSearch } from './search/conditions.js';
import { type Counted, isCut, withinBytes } from './within-bytes.js';

/** A token's id has the time of our clock, its entry that of Postgres. */
const CLOCKS_DIFFER_MS = 2_000;
/** By then an entry is written or its token was never handed out. */
const WRITTEN_WITHIN_MS = 15_000;

/** An index, or the time in the id, leaves few entries to look at. */
const TOKEN_TIMEOUT_MS = 5_000;

export interface LedgerPage<T> {
  data: T[];
  /** Null when there is nothing further that way. */
  pageInfo: { next: string | null; prev: string | null };
}

/** Reads the ledger newest first, by keyset: page 10,000 costs what page 1 does. Totals are not counted. */
@Injectable()
export class LedgerReader {
  constructor(
    private readonly pg: PgPool,
    private readonly searches: SearchPool,
    private readonly clock: DatabaseClock,
    private readonly forgotten: ForgottenEntries,
  ) {}

  /** `families`: only these kinds; one that ends with a dot, e.g. `token.`, is all that begin so. */
  search(
    actor: Actor,
    query: LedgerQuery,
    families: readonly string[] = [],
  ): Promise<LedgerPage<EntryView>> {
    return this.searches.inTurn(actor, () => this.page(actor, query, families));
  }

  private async page(
    actor: Actor,
    query: LedgerQuery,
    families: readonly string[],
  ): Promise<LedgerPage<EntryView>> {
    const { cursor, limit } = query;
    const values: unknown[] = [];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    const conditions = [
      ...conditionsOf(query.filter, actor, families, parameter),
      ...conditionsOfText(query, this.clock.now(), parameter),
    ];
    const isBack = cursor?.way === 'prev';
    if (cursor) {
      const at = `to_timestamp(0) + ${parameter(cursor.atMicros)}::bigint * interval '1 microsecond'`;
      conditions.push(
        `(at, shard, seq) ${isBack ? '>' : '<'} (${at}, ${parameter(cursor.shard)}::int, ${parameter(cursor.seq)}::bigint)`,
      );
    }
    const order = isBack ? 'ASC' : 'DESC';
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const inOrder = `ORDER BY at ${order}, shard ${order}, seq ${order}`;
    const { rows } = await this.searches.query<EntryRow & Counted>(
      '', // the text differs with the filter, so it is not kept prepared
      withinBytes(
        `SELECT ${COLUMNS} FROM ledger_entry ${where} ${inOrder} LIMIT ${parameter(limit + 1)}`,
        inOrder,
      ),
      values,
    );
    const hasMore = rows.length > limit || isCut(rows);
    const page = rows.slice(0, limit);
    if (isBack) page.reverse();
    const first = page[0];
    const last = page.at(-1);
    return {
      data: page.map(toView),
      pageInfo: {
        next: last && (isBack || hasMore) ? cursorAt('next', last) : null,
        prev: first && (isBack ? hasMore : cursor !== null) ? cursorAt('prev', first) : null,
      },
    };
  }

  /** Throws `ledger.forgotten` for one that a rule let go. */
  async get(actor: Actor, id: string, families: readonly string[] = []): Promise<EntryView> {
    const ref = parseLedgerId(id);
    const values: unknown[] = [];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    const conditions = ref ? conditionsOf({}, actor, families, parameter) : ['false'];
    if (ref) {
      conditions.push(
        `at = to_timestamp(0) + ${parameter(ref.atMicros)}::bigint * interval '1 microsecond'`,
        `shard = ${parameter(ref.shard)}`,
        `seq = ${parameter(ref.seq)}`,
      );
    }
    const { rows } = await this.pg.query<EntryRow>(
      '',
      `SELECT ${COLUMNS} FROM ledger_entry WHERE ${conditions.join(' AND ')}`,
      values,
    );
    if (rows[0]) return toView(rows[0]);
    throw (await this.forgotten.problemOf(actor, id)) ?? notFound();
  }

  /** The entry of a token that was issued, by the hash of the token or by its id. */
  async findToken(actor: Actor, { jti, tokenHash }: TokenLookup): Promise<EntryView> {
    const limit = actor.roomsFor('ledger.read')?.map(likeOfPattern) ?? null;
    const { rows } = await (jti === undefined
      ? // By itself Postgres would read the whole table: it cannot tell how little the index leaves.
        this.pg.queryPlannedOnce<EntryRow>(
          'ledger-token-by-hash',
          `SELECT ${COLUMNS} FROM ledger_entry WHERE kind = 'token.issued'
             AND left(split_part(payload::text, '"tokenHash":"', 2), 64) = $1
             AND ($2::text[] IS NULL OR room LIKE ANY($2))`,
          [tokenHash?.toLowerCase(), limit],
          TOKEN_TIMEOUT_MS,
        )
      : this.findByTokenId(jti, limit));
    if (rows[0]) return toView(rows[0]);
    throw notFound();
  }

  /** The id says when the token was made, so that few entries have to be read. */
  private async findByTokenId(
    jti: string,
    limit: readonly string[] | null,
  ): Promise<{ rows: EntryRow[] }> {
    const madeAt = timeOfTokenId(jti);
    if (madeAt === null) return { rows: [] };
    return this.pg.query<EntryRow>(
      'ledger-token-by-id',
      `SELECT ${COLUMNS} FROM ledger_entry WHERE kind = 'token.issued' AND at >= $1 AND at < $2
         AND strpos(payload::text, $3) > 0 -- a tenth of what reading the JSON costs
         AND ($4::text[] IS NULL OR room LIKE ANY($4))
       ORDER BY at LIMIT 1`,
      [
        new Date(madeAt - CLOCKS_DIFFER_MS),
        new Date(madeAt + WRITTEN_WITHIN_MS),
        `"jti":"${jti}"`,
        limit,
      ],
      TOKEN_TIMEOUT_MS,
    );
  }
}

/** What the search asks for, by the labels and ids that the entries have. */
function conditionsOfText(
  { query: { query }, zone }: LedgerQuery,
  now: Date,
  parameter: (value: unknown) => string,
): string[] {
  const search = {
    query,
    ...timesOf(query, { now, zone }),
    rooms: null,
    actors: new Map(),
    token: null,
  };
  return [...conditionsOfSearch(search, parameter), ...timesOfSearch(search, parameter)];
}

function notFound(): AppError {
  return new AppError('not_found', 'ledger.not_found', 'There is no such entry.');
}

/** The WHERE of a filter, within the rooms that the actor may read. */
export function conditionsOf(
  filter: LedgerFilter,
  actor: Actor,
  families: readonly string[],
  parameter: (value: unknown) => string,
): string[] {
  const conditions: string[] = [];
  const anyOf = (column: string, given: string | string[] | undefined): void => {
    if (given === undefined) return;
    const all = [given].flat();
    const exact = all.filter((text) => !text.endsWith('.*'));
    const parts = all
      .filter((text) => text.endsWith('.*'))
      .map((text) => `starts_with(${column}, ${parameter(text.slice(0, -1))})`);
    if (exact.length > 0) parts.push(`${column} = ANY(${parameter(exact)}::text[])`);
    conditions.push(`(${parts.join(' OR ')})`);
  };
  if (families.length > 0)
    anyOf(
      'kind',
      families.map((family) => (family.endsWith('.') ? `${family}*` : family)),
    );
  anyOf('kind', filter.kind);
  anyOf('outcome', filter.outcome);
  if (filter.room !== undefined) conditions.push(`room = ${parameter(filter.room)}`);
  if (filter.identity !== undefined) conditions.push(`identity = ${parameter(filter.identity)}`);
  if (filter.actor !== undefined) {
    conditions.push(
      `(actor_id = ${parameter(filter.actor)} OR ${containsText(parameter(searchPattern(filter.actor)), ['actor_label'])})`,
    );
  }
  if (filter.from) conditions.push(`at >= ${parameter(filter.from)}`);
  if (filter.to) conditions.push(`at < ${parameter(filter.to)}`);
  if (filter.q !== undefined && filter.q !== '') {
    const like = parameter(searchPattern(filter.q));
    const columns = ['kind', 'room', 'identity', 'actor_label', 'reason', 'request_id'];
    conditions.push(`(${containsText(like, columns)}
      OR payload->>'jti' = ${parameter(filter.q)} OR payload->>'operationId' = ${parameter(filter.q)})`);
  }
  const limit = actor.roomsFor('ledger.read');
  if (limit !== null) {
    // What names no room (sign-ins, templates) is not about their rooms.
    conditions.push(`room LIKE ANY(${parameter(limit.map(likeOfPattern))}::text[])`);
  }
  return conditions;
}

/** An issuance shows what its payload says of the token as fields of its own. */
/** What somebody wrote past the server may be of any type: that is null. */
export function toIssuance(entry: EntryView) {
  const p = entry.payload;
  return {
    ...entry,
    jti: textOf(p['jti']),
    tokenHash: textOf(p['tokenHash']),
    template: textOf(p['template']),
    version: numberOf(p['version']),
    grants: grantsOf(p['grants']),
    ttl: numberOf(p['ttl']),
    expiresAt: textOf(p['expiresAt']),
    because: (Array.isArray(p['because']) ? p['because'] : []) as NonNullable<
      TokenPayload['because']
    >,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function grantsOf(value: unknown): NonNullable<TokenPayload['grants']> | null {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as NonNullable<TokenPayload['grants']>) : null;
}
