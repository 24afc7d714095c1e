import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

export interface UserName {
  readonly id: string;
  readonly identity: string;
  readonly name: string;
}

/** The names of users now, for what names them by their identity. */
@Injectable()
export class UserNames {
  constructor(private readonly pg: PgPool) {}

  async ofIdentities(identities: readonly string[]): Promise<Map<string, UserName>> {
    if (identities.length === 0) return new Map();
    const { rows } = await this.pg.query<UserName>(
      'user-names',
      'SELECT id, identity, name FROM app_user WHERE identity = ANY($1) AND deleted_at IS NULL',
      [identities],
    );
    return new Map(rows.map((row) => [row.identity, row]));
  }
}
