import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Marks the seats of moderators who look at somebody, hidden: whom they look at, or did last. Such a
 * seat has no other role than the look itself, whatever rules there are for everyone.
 */
export class PeekAtSeats1795226580000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat ADD peeks_at text`);
    await queryRunner.query(
      `CREATE INDEX ix_seat_peeks ON seat (identity) WHERE peeks_at IS NOT NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat DROP peeks_at`);
  }
}
