import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';

/** How e-mails are compared: case and width do not matter. */
export function keyOfEmail(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase();
}

/** The table `operator`, for other features. */
@Injectable()
export class OperatorStore {
  constructor(private readonly pg: PgPool) {}

  /** Those of the identities that are an operator's e-mail or id. */
  async listAmong(identities: readonly string[]): Promise<string[]> {
    const { rows } = await this.pg.query<{ identity: string }>(
      'operators-among',
      `SELECT i.identity FROM unnest($1::text[], $2::text[]) AS i(identity, key)
       WHERE EXISTS (SELECT FROM operator o
         WHERE o.email_key = i.key OR o.id::text = i.identity)`,
      [identities, identities.map(keyOfEmail)],
    );
    return rows.map(({ identity }) => identity);
  }

  async noteSignIn(tx: Tx, id: string): Promise<void> {
    await tx.query('UPDATE operator SET last_signed_in_at = now() WHERE id = $1', [id]);
  }

  async setPassword(tx: Tx, id: string | null, passwordHash: string): Promise<void> {
    await tx.query(
      'UPDATE operator SET password_hash = $2, revision = revision + 1 WHERE id = $1',
      [id, passwordHash],
    );
  }
}
