import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The connection for which the ledger says that it came without a token of ours. */
export class NoteUnlistedOnce1795300000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat ADD unlisted_sid text`);
    await queryRunner.query(`UPDATE seat SET unlisted_sid = sid WHERE is_unlisted`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat DROP unlisted_sid`);
  }
}
