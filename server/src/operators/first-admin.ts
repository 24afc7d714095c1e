import { randomBytes, randomUUID } from 'node:crypto';
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

/** Made up before it is tried, so that a commit whose answer is lost can be recognised. */
export interface FirstAdminDraft extends FirstAdmin {
  readonly id: string;
  readonly passwordHash: string;
}

type Settings = Pick<AppConfig, 'adminEmail' | 'adminPassword'>;

export async function draftFirstAdmin(
  passwords: Passwords,
  { adminEmail, adminPassword }: Settings,
): Promise<FirstAdminDraft> {
  const weakness = adminPassword && weaknessOf(adminPassword, [adminEmail]);
  if (weakness) throw new Error(`ROLECALL_ADMIN_PASSWORD ${weakness}.`);
  const password = adminPassword ?? randomBytes(15).toString('base64url');
  const passwordHash = await passwords.hash(password, { key: 'first start', isKnown: true });
  const id = randomUUID();
  return {
    id,
    email: adminEmail,
    password: adminPassword === null ? password : null,
    passwordHash,
  };
}

export async function hasOperators(tx: Pick<Tx, 'query'>): Promise<boolean> {
  return (await tx.query('SELECT 1 FROM operator LIMIT 1')).rows.length > 0;
}

/**
 * Adds an admin to an installation that has no operator; false when it has one. True again when the
 * one that it has is this draft: an earlier attempt was committed.
 */
export async function addFirstAdmin(
  tx: Tx,
  { id, email, passwordHash }: FirstAdminDraft,
): Promise<boolean> {
  if (await hasOperators(tx)) {
    const own = await tx.query('SELECT 1 FROM operator WHERE id = $1', [id]);
    return own.rows.length > 0;
  }
  await tx.query(
    `INSERT INTO operator (id, email, email_key, name, password_hash)
     VALUES ($1, $2, $3, 'Admin', $4)`,
    [id, email, keyOfEmail(email), passwordHash],
  );
  await tx.query(`INSERT INTO operator_access (operator_id, role) VALUES ($1, 'admin')`, [id]);
  tx.record({
    kind: 'operator.created',
    outcome: 'ok',
    actor: SYSTEM_ACTOR,
    reason: 'first start',
    payload: { email, access: [{ role: 'admin', rooms: null }] },
  });
  return true;
}

/** The only operator, if nobody has signed in as them for a minute: their password may be lost. */
export async function findUnusedAdmin(tx: Pick<Tx, 'query'>): Promise<string | null> {
  const { rows } = await tx.query<{ email: string; last_signed_in_at: Date | null }>(
    `SELECT email, last_signed_in_at FROM operator
     WHERE NOT is_disabled AND created_at < now() - interval '1 minute' LIMIT 2`,
  );
  const [only] = rows;
  return rows.length === 1 && only?.last_signed_in_at === null ? only.email : null;
}
