import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who sees some rooms changes only their own views; a name can be given to somebody else later. */
export class KnowWhoMadeViews1796500500300 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ledger_view ADD created_by_id text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ledger_view DROP created_by_id`);
  }
}
