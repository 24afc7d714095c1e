import { Injectable } from '@nestjs/common';
import type { AccessHold } from '../actor/actor.js';
import { Batcher } from '../common/batcher.js';
import { rowPerHash, withoutRepeats } from '../credentials/secrets.js';
import { PgPool } from '../database/pg-pool.js';
import type { RoleGrants } from '../grants/role-grants.js';
import type { Tx } from '../ledger/transactions.js';

interface KeyRow {
  key_hash: Buffer;
  id: string;
  name: string;
  permissions: string[];
  rooms: string[] | null;
  ceiling: RoleGrants | null;
  rate_limit: number | null;
  needs_touch: boolean;
}

/** A key that is neither revoked nor expired. */
export interface ValidApiKey {
  readonly id: string;
  readonly name: string;
  readonly hold: AccessHold;
  /** Requests in 10 seconds; null: not limited. */
  readonly rateLimit: number | null;
}

export interface EndedApiKey {
  readonly id: string;
  readonly name: string;
  /** Else it has expired. */
  readonly isRevoked: boolean;
}

const IS_VALID = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())';

/** API keys as requests need them. Nothing is cached: a revoked key opens nothing from its commit on. */
@Injectable()
export class ApiKeyStore {
  private readonly byHash: Batcher<Buffer, KeyRow | null>;

  constructor(private readonly pg: PgPool) {
    this.byHash = new Batcher((hashes) => this.read(hashes));
  }

  /** The valid key with this hash, whose use is noted; or null. */
  async use(hash: Buffer): Promise<ValidApiKey | null> {
    const row = await this.byHash.load(hash);
    if (!row) return null;
    if (row.needs_touch) this.touch(row.id);
    return { id: row.id, name: row.name, hold: holdOf(row), rateLimit: row.rate_limit };
  }

  /** A key that was ended or has expired; null: no key ever had this hash. */
  async findEnded(hash: Buffer): Promise<EndedApiKey | null> {
    const { rows } = await this.pg.queryPlannedOnce<EndedApiKey>(
      'api-key-ended',
      `SELECT id, name, revoked_at IS NOT NULL AS "isRevoked" FROM api_key
       WHERE key_hash = $1 AND NOT (${IS_VALID})`,
      [hash],
    );
    return rows[0] ?? null;
  }

  async findValid(id: string): Promise<Pick<ValidApiKey, 'id' | 'name' | 'hold'> | null> {
    const { rows } = await this.pg.query<
      Pick<KeyRow, 'name' | 'permissions' | 'rooms' | 'ceiling'>
    >(
      'api-key-valid',
      `SELECT name, permissions, rooms, ceiling FROM api_key WHERE id = $1 AND ${IS_VALID}`,
      [id],
    );
    const row = rows[0];
    return row ? { id, name: row.name, hold: holdOf(row) } : null;
  }

  /** The operator who made the key; null for a key that something else made. */
  async creatorOf(tx: Tx, id: string | null): Promise<string | null> {
    const { rows } = await tx.query<{ created_by: string | null }>(
      'SELECT created_by FROM api_key WHERE id = $1',
      [id],
    );
    return rows[0]?.created_by ?? null;
  }

  private async read(hashes: Buffer[]): Promise<(KeyRow | null)[]> {
    const { rows } = await this.pg.queryPlannedOnce<KeyRow>(
      'api-keys-by-hash',
      `SELECT key_hash, id, name, permissions, rooms, ceiling, rate_limit,
         last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS needs_touch
       FROM api_key WHERE key_hash = ANY($1) AND ${IS_VALID}`,
      [withoutRepeats(hashes)],
    );
    return rowPerHash(hashes, rows, (row) => row.key_hash);
  }

  /** Once a minute is enough to know that a key is in use. Losing one changes nothing. */
  private touch(id: string): void {
    this.pg
      .query(
        'api-key-touch',
        `UPDATE api_key SET last_used_at = now()
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
        [id],
      )
      .catch(() => undefined);
  }
}

function holdOf({
  permissions,
  rooms,
  ceiling,
}: Pick<KeyRow, 'permissions' | 'rooms' | 'ceiling'>): AccessHold {
  return { permissions: new Set(permissions), rooms, ceiling };
}
