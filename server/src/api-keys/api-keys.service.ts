import { Injectable } from '@nestjs/common';
import type { AccessHold, Actor } from '../actor/actor.js';
import { newSecret, secretHash } from '../credentials/secrets.js';
import { DatabaseClock } from '../database/database-clock.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { moreThanYouHold } from '../common/errors/refusals.js';
import type { Page } from '../common/http/lists.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { Transactions } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { ApiKey } from './api-key.entity.js';
import type { CreateApiKeyBody, ListApiKeysQuery } from './api-keys.schemas.js';
import type { ActorKind } from '../grants/policy.js';

interface ApiKeyRow {
  id: string;
  name: string;
  prefix: string;
  permissions: string[];
  rooms: string[] | null;
  ceiling: RoleGrants | null;
  rate_limit: number | null;
  expires_at: Date | null;
  created_at: Date;
  created_by_label: string;
  created_by_kind: ActorKind | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

type ApiKeyView = ReturnType<typeof toView>;

const COLUMNS = `k.id, k.name, k.prefix, k.permissions, k.rooms, k.ceiling, k.rate_limit, k.expires_at,
  k.created_at, k.created_by_label, k.created_by_kind, k.last_used_at, k.revoked_at`;

const SORT_COLUMNS: Record<string, string> = {
  id: 'k.id',
  name: collated('k.name'),
  createdAt: 'k.created_at',
  expiresAt: 'k.expires_at',
  lastUsedAt: 'k.last_used_at',
};

/** Machines' credentials. A key never holds or gives more than who made it did at that time. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
    private readonly clock: DatabaseClock,
  ) {}

  async list({ filter, sort, range }: ListApiKeysQuery): Promise<Page<ApiKeyView>> {
    const { rows, total } = await readPage<ApiKeyRow>(this.pg, {
      name: 'api-key-list',
      sort,
      columns: COLUMNS,
      from: 'api_key k',
      where: `($1::text IS NULL OR ${containsText('$1', ['k.name', 'k.prefix'])})
        AND ($2::boolean IS NULL OR (k.revoked_at IS NOT NULL) = $2)
        AND ($3::text[] IS NULL OR k.id::text = ANY($3))`,
      sortColumns: SORT_COLUMNS,
      key: 'k.id',
      values: [searchPattern(filter.q), filter.isRevoked ?? null, filter.id ?? null],
      range,
    });
    return { rows: rows.map(toView), total };
  }

  async get(id: string): Promise<ApiKeyView> {
    const { rows } = await this.pg.query<ApiKeyRow>(
      'api-key-get',
      `SELECT ${COLUMNS} FROM api_key k WHERE k.id = $1`,
      [id],
    );
    if (!rows[0]) throw notFound();
    return toView(rows[0]);
  }

  /** Makes a key. The key itself is in this answer and nowhere else. */
  async create(actor: Actor, body: CreateApiKeyBody): Promise<ApiKeyView & { key: string }> {
    if (body.expiresAt && body.expiresAt <= this.clock.now()) {
      throw fieldError('expiresAt', 'must be in the future');
    }
    const ceiling = ceilingFor(actor, body.permissions, body.rooms ?? null);
    const { expiresAt, rateLimit } = await this.withinOwn(actor, body);
    const key = `rck_${newSecret()}`;
    const id = await this.transactions.run(async (tx) => {
      const record = tx.manager.create(ApiKey, {
        name: body.name,
        prefix: key.slice(0, 10),
        keyHash: secretHash(key),
        permissions: [...new Set(body.permissions)],
        rooms: body.rooms ?? null,
        ceiling,
        rateLimit,
        expiresAt,
        createdBy: actor.kind === 'operator' ? actor.id : null,
        createdByLabel: actor.label,
        createdByKind: actor.kind,
      });
      await tx.manager.insert(ApiKey, record);
      tx.record({
        kind: 'api_key.created',
        outcome: 'ok',
        actor,
        payload: {
          apiKey: record.id,
          name: record.name,
          permissions: record.permissions,
          rooms: record.rooms,
          ceiling,
          expiresAt: record.expiresAt,
        },
      });
      return record.id;
    });
    return { ...(await this.get(id)), key };
  }

  /** A key that is made with a key ends with it at the latest, and is no faster. */
  private async withinOwn(
    actor: Actor,
    body: CreateApiKeyBody,
  ): Promise<{ expiresAt: Date | null; rateLimit: number | null }> {
    const asked = { expiresAt: body.expiresAt ?? null, rateLimit: body.rateLimit ?? null };
    if (actor.kind !== 'api_key' || actor.id === null) return asked;
    const own = await this.get(actor.id);
    const expiresAt = asked.expiresAt ?? own.expiresAt;
    const rateLimit = asked.rateLimit ?? own.rateLimit;
    if (own.expiresAt && expiresAt && expiresAt > own.expiresAt) {
      throw moreThanYouHold('expiresAt', [`until ${expiresAt.toISOString()}`]);
    }
    if (own.rateLimit !== null && rateLimit !== null && rateLimit > own.rateLimit) {
      throw moreThanYouHold('rateLimit', [`${rateLimit} requests`]);
    }
    return { expiresAt, rateLimit };
  }

  /** From now on the key opens nothing. Revoking twice changes nothing. */
  async revoke(actor: Actor, id: string): Promise<void> {
    const seen = await this.get(id);
    const missing = actor.lacks({
      permissions: new Set(seen.permissions),
      rooms: seen.rooms,
      ceiling: seen.ceiling,
    });
    if (missing.length > 0) throw moreThanYouHold('permissions', missing);
    await this.transactions.run(async (tx) => {
      const { rowCount } = await tx.query(
        'UPDATE api_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL',
        [id],
      );
      if (!rowCount) return;
      tx.record({
        kind: 'api_key.revoked',
        outcome: 'ok',
        actor,
        payload: { apiKey: id, name: seen.name },
      });
      tx.afterCommit(() =>
        this.hints.publish([{ topic: `operator:${id}`, type: 'session_ended' }]),
      );
    });
  }
}

/** The widest ceiling under which the actor holds all that the key would. */
function ceilingFor(
  actor: Actor,
  permissions: readonly string[],
  rooms: readonly string[] | null,
): RoleGrants | null {
  const candidates = [null, ...actor.holds.map((hold) => hold.ceiling).filter((c) => c !== null)];
  let missing: string[] = [];
  for (const ceiling of candidates) {
    const wanted: AccessHold = { permissions: new Set(permissions), rooms, ceiling };
    const lacking = actor.lacks(wanted);
    if (lacking.length === 0) return ceiling;
    missing = lacking;
  }
  throw moreThanYouHold('permissions', missing);
}

function notFound(): AppError {
  return new AppError('not_found', 'api_key.not_found', 'There is no such API key.');
}

function toView(row: ApiKeyRow) {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    permissions: row.permissions,
    rooms: row.rooms,
    ceiling: row.ceiling,
    rateLimit: row.rate_limit,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    createdBy: row.created_by_label,
    createdByKind: row.created_by_kind,
    lastUsedAt: row.last_used_at,
    isRevoked: row.revoked_at !== null,
  };
}
