import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { containsText, searchPattern } from '../database/text-search.js';

const MAX_FOUND = 40;

/** Names of operators by their ids, and the other way round. */
@Injectable()
export class OperatorNames {
  constructor(private readonly pg: PgPool) {}

  async ofIds(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.pg.query<{ id: string; name: string }>(
      'operator-names',
      'SELECT id, name FROM operator WHERE id::text = ANY($1)',
      [ids],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** The ids of those whose id it is, or whose name or address contains it. */
  async idsOf(text: string): Promise<string[]> {
    const { rows } = await this.pg.query<{ id: string }>(
      'operator-ids-named',
      `SELECT id FROM operator WHERE id::text = $1 OR ${containsText('$2', ['name', 'email'])}
       ORDER BY email LIMIT ${MAX_FOUND}`,
      [text, searchPattern(text)],
    );
    return rows.map(({ id }) => id);
  }
}
