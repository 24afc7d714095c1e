import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, sourceFiles } from './source-graph.js';

/** The folder whose store owns the SQL on a table. */
const OWNERS = {
  alarm: 'alarms',
  api_key: 'api-keys',
  app_user: 'users',
  assignment: 'assignments',
  bulk_operation: 'bulk',
  bulk_target: 'bulk',
  event: 'events',
  idempotency_key: 'http',
  installation: 'gate',
  ledger_archive: 'ledger',
  ledger_checkpoint: 'ledger',
  ledger_cosignature: 'ledger',
  ledger_count: 'ledger',
  ledger_counted: 'ledger',
  ledger_entry: 'ledger',
  ledger_head: 'ledger',
  ledger_hold: 'ledger',
  ledger_key: 'ledger',
  ledger_range: 'ledger',
  ledger_review: 'ledger',
  ledger_rule: 'ledger',
  ledger_stream: 'ledger',
  ledger_stream_refused: 'ledger',
  ledger_tile: 'ledger',
  ledger_view: 'audit',
  livekit_baseline: 'presence',
  operator: 'operators',
  operator_access: 'operators',
  operator_device: 'auth',
  operator_session: 'auth',
  policy_direct_change: 'alarms',
  recorded_settings: 'start',
  role_template: 'role-templates',
  role_template_version: 'role-templates',
  room: 'rooms',
  room_void: 'rooms',
  scene: 'scenes',
  seat: 'seats',
  seat_brought: 'seats',
  seat_operation: 'seats',
  sign_in_guess: 'auth',
  sign_in_limit: 'auth',
  sign_in_refusal: 'auth',
  stage_limit: 'stage',
  stage_request: 'stage',
  webhook_inbox: 'webhooks',
} as const satisfies Record<string, string>;

/** Reads across features so that policy is decided in one query; it never writes. */
const DECLARED_READER = 'policy';

/** Tables that a migration makes, without partitions and TypeORM's own. */
export function ownedTables(): string[] {
  return Object.keys(OWNERS).sort();
}

/** `folder reads|writes table`, one line for each pair where the table belongs to another folder. */
export function foreignSql(root: string): string[] {
  const found = new Set<string>();
  for (const file of sourceFiles(root)) {
    const folder = folderOf(file);
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, verb, table] of text.matchAll(
      /\b(FROM|JOIN|INSERT INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?([a-z_]+)\b/g,
    )) {
      const owner = (OWNERS as Record<string, string>)[table ?? ''];
      if (owner === undefined || owner === folder) continue;
      const how = verb === 'FROM' || verb === 'JOIN' ? 'reads' : 'writes';
      if (folder === DECLARED_READER && how === 'reads') continue;
      found.add(`${folder} ${how} ${table}`);
    }
  }
  return [...found].sort();
}
