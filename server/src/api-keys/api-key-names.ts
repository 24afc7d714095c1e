import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { containsText, searchPattern } from '../database/text-search.js';

const MAX_FOUND = 40;

/** Names of API keys by their ids, and the other way round; also of those that were revoked. */
@Injectable()
export class ApiKeyNames {
  constructor(private readonly pg: PgPool) {}

  async ofIds(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.pg.query<{ id: string; name: string }>(
      'api-key-names',
      'SELECT id, name FROM api_key WHERE id::text = ANY($1)',
      [ids],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** The ids of those whose id it is, or whose name contains it. */
  async idsOf(text: string): Promise<string[]> {
    const { rows } = await this.pg.query<{ id: string }>(
      'api-key-ids-named',
      `SELECT id FROM api_key WHERE id::text = $1 OR ${containsText('$2', ['name'])}
       ORDER BY name LIMIT ${MAX_FOUND}`,
      [text, searchPattern(text)],
    );
    return rows.map(({ id }) => id);
  }
}
