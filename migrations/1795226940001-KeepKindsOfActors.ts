import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a label says who, and the column that now says what they are. */
const COLUMNS: readonly [table: string, column: string][] = [
  ['seat', 'override_by_kind'],
  ['seat', 'block_by_kind'],
  ['seat', 'hold_by_kind'],
  ['scene', 'created_by_kind'],
  ['assignment', 'created_by_kind'],
  ['api_key', 'created_by_kind'],
  ['role_template', 'draft_updated_by_kind'],
  ['role_template_version', 'published_by_kind'],
];

/** An API key may have an operator's e-mail as its name: the label alone does not say who acted. */
export class KeepKindsOfActors1795226940001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column] of COLUMNS) {
      await queryRunner.query(`ALTER TABLE ${table} ADD ${column} text`);
    }
    // What is known of rows from before; null where nothing tells.
    for (const part of ['override', 'block', 'hold']) {
      await queryRunner.query(`
        UPDATE seat s SET ${part}_by_kind = o.actor_kind FROM seat_operation o
        WHERE s.${part}_at IS NOT NULL AND o.room = s.room AND o.identity = s.identity
          AND o.created_at = s.${part}_at AND o.actor_label = s.${part}_by`);
    }
    await queryRunner.query(`
      UPDATE seat s SET last_change = s.last_change || jsonb_build_object('byKind', o.actor_kind)
      FROM seat_operation o WHERE o.id::text = s.last_change->>'operationId'`);
    await queryRunner.query(
      `ALTER TABLE role_template_version DISABLE TRIGGER role_template_version_is_immutable`,
    );
    for (const [table, by] of [
      ['assignment', 'created_by'],
      ['api_key', 'created_by'],
      ['role_template_version', 'published_by'],
    ] as const) {
      // Only operators had their id kept.
      await queryRunner.query(`
        UPDATE ${table} t SET ${by}_kind = CASE
          WHEN t.${by} IS NOT NULL THEN 'operator'
          WHEN EXISTS (SELECT FROM api_key k WHERE k.name = t.${by}_label) THEN 'api_key'
          ELSE 'system' END`);
    }
    await queryRunner.query(
      `ALTER TABLE role_template_version ENABLE TRIGGER role_template_version_is_immutable`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column] of COLUMNS) {
      await queryRunner.query(`ALTER TABLE ${table} DROP ${column}`);
    }
    await queryRunner.query(`UPDATE seat SET last_change = last_change - 'byKind'`);
  }
}
