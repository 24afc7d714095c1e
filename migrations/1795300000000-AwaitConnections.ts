import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Decisions of the gate whose connection LiveKit has not been seen to have. `admitted` is what the
 * connection that is there is bound to.
 */
export class AwaitConnections1795300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat ADD awaited jsonb`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat DROP awaited`);
  }
}
