import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

/** The row of a user, with what only the table knows. */
export interface KeptUser {
  readonly id: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly isSuspended: boolean;
  readonly tokensVoidBefore: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** A deleted user is hidden; the row stays, so that nobody else gets the identity. */
  readonly deletedAt: Date | null;
}

/** What is kept of a person as a user. */
@Injectable()
export class KeptUsers {
  constructor(private readonly pg: PgPool) {}

  /** Null: nobody was ever added by this identity. */
  async find(identity: string): Promise<KeptUser | null> {
    const { rows } = await this.pg.query<KeptUser>(
      'user-kept',
      `SELECT id, identity, name, kind, metadata, attributes, is_suspended AS "isSuspended",
         tokens_void_before AS "tokensVoidBefore", created_at AS "createdAt",
         updated_at AS "updatedAt", deleted_at AS "deletedAt"
       FROM app_user WHERE identity = $1`,
      [identity],
    );
    return rows[0] ?? null;
  }
}
