import { SYSTEM_ACTOR } from '../actor/actor.js';
import { PRESETS } from '../grants/presets.js';
import type { Tx } from '../ledger/transactions.js';

/** Adds the built-in templates that are missing, each published as its version 1. */
export async function addBuiltInTemplates(tx: Tx): Promise<void> {
  const { rows } = await tx.query<{ key: string }>('SELECT key FROM role_template');
  const present = new Set(rows.map(({ key }) => key));
  for (const { key, name, description, color, grants, ttl } of PRESETS) {
    if (present.has(key)) continue;
    await tx.query(
      `INSERT INTO role_template (key, name, description, color, is_built_in, published)
       VALUES ($1, $2, $3, $4, true, 1)`,
      [key, name, description, color],
    );
    await tx.query(
      `INSERT INTO role_template_version (template, version, grants, ttl, message,
         published_by_label, published_by_kind)
       VALUES ($1, 1, $2, $3, 'Built in', $4, 'system')`,
      [key, JSON.stringify(grants), ttl, SYSTEM_ACTOR.label],
    );
    tx.record({
      kind: 'template.published',
      outcome: 'ok',
      actor: SYSTEM_ACTOR,
      reason: 'Built in',
      payload: { template: key, version: 1, grants, ttl },
    });
  }
}
