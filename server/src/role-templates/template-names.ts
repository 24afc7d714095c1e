import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { RoleGrants } from '../grants/role-grants.js';

export interface TemplateName {
  readonly key: string;
  readonly name: string;
  readonly color: string;
}

/** How role templates are shown, by their keys. */
@Injectable()
export class TemplateNames {
  constructor(private readonly pg: PgPool) {}

  async ofKeys(keys: readonly string[]): Promise<Map<string, TemplateName>> {
    if (keys.length === 0) return new Map();
    const { rows } = await this.pg.query<TemplateName>(
      'template-names',
      'SELECT key, name, color FROM role_template WHERE key = ANY($1)',
      [keys],
    );
    return new Map(rows.map((row) => [row.key, row]));
  }

  /** What their published versions grant; those without one are missing. */
  async grantsOf(keys: readonly string[]): Promise<Map<string, RoleGrants>> {
    if (keys.length === 0) return new Map();
    const { rows } = await this.pg.query<{ key: string; grants: RoleGrants }>(
      'template-grants',
      `SELECT t.key, v.grants FROM role_template t
       JOIN role_template_version v ON v.template = t.key AND v.version = t.published
       WHERE t.key = ANY($1)`,
      [keys],
    );
    return new Map(rows.map(({ key, grants }) => [key, grants]));
  }
}
