import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who made a saved view can be taken out of it: their id says whose it is, as with reviews. */
export class KeepWhoMadeViews1796500600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ledger_view ADD COLUMN created_by_id text`);
    // The entry about a view knows who made it, and whether they were erased since. Without views,
    // nothing of the ledger is read.
    await queryRunner.query(`
      DO $$
      DECLARE
        first_at timestamptz := (SELECT min(created_at) - interval '1 minute' FROM ledger_view);
      BEGIN
        IF first_at IS NOT NULL THEN
          UPDATE ledger_view v SET created_by_id = e.actor_id, created_by = coalesce(e.actor_label, '')
          FROM ledger_entry e
          WHERE e.kind = 'ledger.view_created' AND e.at >= first_at AND e.payload->>'view' = v.id::text;
        END IF;
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ledger_view DROP COLUMN created_by_id`);
  }
}
