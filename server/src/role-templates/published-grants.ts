import { fieldError } from '../common/errors/app-error.js';
import type { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import type { RoleGrants } from '../grants/role-grants.js';

/**
 * What the published version of a template grants, for policy that is about to name it. Holds the
 * template until the commit, so that nobody archives it meanwhile. Throws 400 naming `field` when
 * there is no such template, or none that could be used.
 */
export async function publishedGrants(tx: Tx, key: string, field: string): Promise<RoleGrants> {
  const { rows } = await tx.query<{ grants: RoleGrants | null; is_archived: boolean }>(
    `SELECT t.is_archived, (SELECT v.grants FROM role_template_version v
       WHERE v.template = t.key AND v.version = t.published) AS grants
     FROM role_template t WHERE t.key = $1 FOR SHARE`,
    [key],
  );
  const template = rows[0];
  if (!template)
    throw fieldError(field, 'no role template has this key', 'role_template.not_found');
  if (template.is_archived) {
    throw fieldError(field, 'this role template is archived', 'role_template.not_published');
  }
  if (!template.grants) {
    throw fieldError(
      field,
      'this role template has no published version yet',
      'role_template.not_published',
    );
  }
  return template.grants;
}

/** The same of a template that is in use already, archived or not. Null: it was never published. */
export async function grantsInUse(tx: Tx, key: string): Promise<RoleGrants | null> {
  const { rows } = await tx.query<{ grants: RoleGrants }>(
    `SELECT v.grants FROM role_template t
     JOIN role_template_version v ON v.template = t.key AND v.version = t.published
     WHERE t.key = $1`,
    [key],
  );
  return rows[0]?.grants ?? null;
}

/** The version that a token asks for by naming the template. Throws 400 when it has none. */
export async function publishedVersion(pg: PgPool, key: string): Promise<number> {
  const { rows } = await pg.query<{ published: number | null; is_archived: boolean }>(
    'template-published',
    'SELECT published, is_archived FROM role_template WHERE key = $1',
    [key],
  );
  const found = rows[0];
  if (!found)
    throw fieldError('template', 'no role template has this key', 'role_template.not_found');
  if (found.published !== null && !found.is_archived) return found.published;
  const text = found.is_archived ? 'is archived' : 'has no published version yet';
  throw fieldError('template', text, 'role_template.not_published');
}
