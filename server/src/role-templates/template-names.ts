import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

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
}
