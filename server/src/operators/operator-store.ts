import { Injectable } from '@nestjs/common';
import type { AccessEntry } from '../actor/built-in-roles.js';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import { OPERATOR_ACCESS } from './operator-sql.js';

/** How e-mails are compared: case and width do not matter. */
export function keyOfEmail(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase();
}

/** An operator as the sign-in needs it. */
export interface OperatorAccount {
  readonly id: string;
  readonly email: string;
  readonly email_key: string;
  readonly name: string;
  readonly password_hash: string | null;
  readonly is_disabled: boolean;
}

/** An operator and what they may do. */
export interface OperatorWithAccess {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly isDisabled: boolean;
  readonly access: AccessEntry[];
}

/** Checking a password takes a while: what was checked has to hold when it counts. */
const IS_STILL = 'id = $1 AND password_hash = $2 AND NOT is_disabled';
const ACCOUNT_COLUMNS = 'id, email, email_key, name, password_hash, is_disabled';

/** The table `operator`, for other features. */
@Injectable()
export class OperatorStore {
  constructor(private readonly pg: PgPool) {}

  async findByEmail(emailKey: string): Promise<OperatorAccount | null> {
    const { rows } = await this.pg.query<OperatorAccount>(
      'operator-by-email',
      `SELECT ${ACCOUNT_COLUMNS} FROM operator WHERE email_key = $1`,
      [emailKey],
    );
    return rows[0] ?? null;
  }

  async findAccount(id: string | null): Promise<OperatorAccount | null> {
    const { rows } = await this.pg.query<OperatorAccount>(
      'operator-account',
      `SELECT ${ACCOUNT_COLUMNS} FROM operator WHERE id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  async findWithAccess(id: string): Promise<OperatorWithAccess | null> {
    const { rows } = await this.pg.query<OperatorWithAccess>(
      'operator-with-access',
      `SELECT o.id, o.email, o.name, o.is_disabled AS "isDisabled", ${OPERATOR_ACCESS} AS access
       FROM operator o WHERE o.id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

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

  /** False when the operator was disabled, or has another password than the one that was checked. */
  async noteSignIn(tx: Tx, account: OperatorAccount): Promise<boolean> {
    const { rowCount } = await tx.query(
      `UPDATE operator SET last_signed_in_at = now() WHERE ${IS_STILL}`,
      [account.id, account.password_hash],
    );
    return rowCount === 1;
  }

  /** False as `noteSignIn`: then nothing is changed. */
  async setPassword(tx: Tx, account: OperatorAccount, passwordHash: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      `UPDATE operator SET password_hash = $3, revision = revision + 1 WHERE ${IS_STILL}`,
      [account.id, account.password_hash, passwordHash],
    );
    return rowCount === 1;
  }
}
