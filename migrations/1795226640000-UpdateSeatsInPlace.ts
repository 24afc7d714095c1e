import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A seat is written three times for each change: what is wished, what LiveKit answers, what came of
 * it. With room left in its page the new row stays beside the old one, and no index has to be told.
 */
export class UpdateSeatsInPlace1795226640000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // Of what is written from now on: nothing is rewritten, and nobody has to wait.
    await queryRunner.query(`ALTER TABLE seat SET (fillfactor = 50)`);
    // Every change asks for these few, which the index by seat has among all that ever was.
    await queryRunner.query(
      `CREATE INDEX ix_seat_operation_pending ON seat_operation (room, identity) WHERE outcome = 'pending'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX ix_seat_operation_pending`);
    await queryRunner.query(`ALTER TABLE seat RESET (fillfactor)`);
  }
}
