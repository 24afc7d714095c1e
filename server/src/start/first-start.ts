import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { weaknessOf } from '../auth/password-policy.js';
import { Passwords } from '../auth/passwords.js';
import { keyOfEmail } from '../auth/sessions.service.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { Transactions } from '../ledger/transactions.js';
import { PRESETS } from '../grants/presets.js';

export interface FirstAdmin {
  email: string;
  /** Null when the password came from the environment: whoever set it knows it. */
  password: string | null;
}

/** What an empty installation needs before anybody can use it: the built-in templates and one admin. */
@Injectable()
export class FirstStart {
  /** Until then `/readyz` answers 503. */
  isPrepared = false;

  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: Passwords,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** Safe at every start, and from several processes at once. Answers with an admin only if it made one. */
  async prepare(): Promise<FirstAdmin | null> {
    await this.passwords.unknownHash();
    await this.transactions
      .run(async (tx) => {
        await tx.query('SELECT ledger_ensure_partitions(3)');
      })
      .catch(refuseUnmigrated);
    await this.ensurePresets();
    const admin = await this.ensureAdmin();
    this.isPrepared = true;
    return admin;
  }

  private ensurePresets(): Promise<void> {
    return this.transactions.run(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('rolecall.first_start'))`);
      const { rows } = await tx.query<{ key: string }>('SELECT key FROM role_template');
      const present = new Set(rows.map((row) => row.key));
      for (const preset of PRESETS.filter((p) => !present.has(p.key))) {
        await tx.query(
          `INSERT INTO role_template (key, name, description, color, is_built_in, published)
           VALUES ($1, $2, $3, $4, true, 1)`,
          [preset.key, preset.name, preset.description, preset.color],
        );
        await tx.query(
          `INSERT INTO role_template_version (template, version, grants, ttl, message, published_by_label,
             published_by_kind)
           VALUES ($1, 1, $2, $3, 'Built in', $4, 'system')`,
          [preset.key, JSON.stringify(preset.grants), preset.ttl, SYSTEM_ACTOR.label],
        );
        tx.record({
          kind: 'template.published',
          outcome: 'ok',
          actor: SYSTEM_ACTOR,
          reason: 'Built in',
          payload: { template: preset.key, version: 1, grants: preset.grants },
        });
      }
    });
  }

  private async ensureAdmin(): Promise<FirstAdmin | null> {
    const { adminEmail, adminPassword } = this.config;
    const password = adminPassword ?? randomBytes(15).toString('base64url');
    return this.transactions.run(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('rolecall.first_start'))`);
      const { rows } = await tx.query('SELECT 1 FROM operator LIMIT 1');
      if (rows.length > 0) return null;
      const weakness = adminPassword && weaknessOf(adminPassword, [adminEmail]);
      if (weakness) throw new Error(`ROLECALL_ADMIN_PASSWORD ${weakness}.`);
      const turn = { key: 'first start', isKnown: true };
      const created = await tx.query<{ id: string }>(
        `INSERT INTO operator (email, email_key, name, password_hash) VALUES ($1, $2, 'Admin', $3) RETURNING id`,
        [adminEmail, keyOfEmail(adminEmail), await this.passwords.hash(password, turn)],
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
    });
  }
}

/** Postgres' code for a function that does not exist. */
const UNDEFINED_FUNCTION = '42883';

function refuseUnmigrated(error: unknown): never {
  if ((error as { code?: string }).code !== UNDEFINED_FUNCTION) throw error;
  throw new Error('the database is not migrated. Run: node server/dist/migrate.js');
}
