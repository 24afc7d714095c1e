import { randomBytes } from 'node:crypto';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import type { AppConfig } from '../config/app-config.js';
import { weaknessOf } from '../credentials/password-policy.js';
import type { Passwords } from '../credentials/passwords.js';
import type { Tx } from '../ledger/transactions.js';
import { keyOfEmail } from './operator-store.js';

export interface FirstAdmin {
  email: string;
  /** Null when the password came from the environment. */
  password: string | null;
}

/** Adds an admin to an installation that has no operator; null when there is one. */
export async function addFirstAdmin(
  tx: Tx,
  passwords: Passwords,
  { adminEmail, adminPassword }: Pick<AppConfig, 'adminEmail' | 'adminPassword'>,
): Promise<FirstAdmin | null> {
  const { rows } = await tx.query('SELECT 1 FROM operator LIMIT 1');
  if (rows.length > 0) return null;
  const weakness = adminPassword && weaknessOf(adminPassword, [adminEmail]);
  if (weakness) throw new Error(`ROLECALL_ADMIN_PASSWORD ${weakness}.`);
  const password = adminPassword ?? randomBytes(15).toString('base64url');
  const passwordHash = await passwords.hash(password, { key: 'first start', isKnown: true });
  const created = await tx.query<{ id: string }>(
    `INSERT INTO operator (email, email_key, name, password_hash) VALUES ($1, $2, 'Admin', $3)
     RETURNING id`,
    [adminEmail, keyOfEmail(adminEmail), passwordHash],
  );
  await tx.query(`INSERT INTO operator_access (operator_id, role) VALUES ($1, 'admin')`, [
    created.rows[0]?.id,
  ]);
  tx.record({
    kind: 'operator.created',
    outcome: 'ok',
    actor: SYSTEM_ACTOR,
    reason: 'first start',
    payload: { email: adminEmail, access: [{ role: 'admin', rooms: null }] },
  });
  return { email: adminEmail, password: adminPassword === null ? password : null };
}
