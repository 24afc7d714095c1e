import { fieldError } from '../common/errors/app-error.js';
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
