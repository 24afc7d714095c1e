import { Injectable } from '@nestjs/common';
import type { Tx } from '../ledger/transactions.js';

/** What signing in writes to an operator's row. */
@Injectable()
export class OperatorStore {
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
