import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { containsText, searchPattern } from '../database/text-search.js';

const MAX_FOUND = 40;

/** An operator's account as it is now. */
export interface OperatorAccount {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly createdAt: Date;
  readonly isDisabled: boolean;
  readonly access: readonly { readonly role: string; readonly rooms: readonly string[] | null }[];
}

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

  async find(id: string): Promise<OperatorAccount | null> {
    const { rows } = await this.pg.query<OperatorAccount>(
      'operator-account',
      `SELECT o.id, o.name, o.email, o.created_at AS "createdAt", o.is_disabled AS "isDisabled",
         coalesce((SELECT json_agg(json_build_object('role', a.role, 'rooms', a.rooms) ORDER BY a.role)
           FROM operator_access a WHERE a.operator_id = o.id), '[]') AS access
       FROM operator o WHERE o.id::text = $1`,
      [id],
    );
    return rows[0] ?? null;
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
