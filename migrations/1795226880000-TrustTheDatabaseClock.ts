import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['installation', 'app_user', 'room', 'seat'];

/**
 * A seat remembers the ceiling of the token that its connection was let in with. And no server whose
 * clock is wrong voids tokens that are yet to be made, or takes a voiding back.
 */
export class TrustTheDatabaseClock1795226880000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat ADD admitted jsonb`);
    await queryRunner.query(`
      CREATE FUNCTION refuse_wrong_voiding() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.tokens_void_before > clock_timestamp() THEN
          RAISE EXCEPTION 'tokens_void_before of % is in the future', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_tokens_void_before';
        END IF;
        IF TG_OP = 'UPDATE' AND OLD.tokens_void_before IS NOT NULL
            AND (NEW.tokens_void_before IS NULL OR NEW.tokens_void_before < OLD.tokens_void_before)
        THEN
          RAISE EXCEPTION 'tokens_void_before of % never moves back', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
      END $$`);
    for (const table of TABLES) {
      // What a clock that was ahead has voided comes back to life, from now on.
      await queryRunner.query(
        `UPDATE ${table} SET tokens_void_before = now() WHERE tokens_void_before > now()`,
      );
      await queryRunner.query(`
        CREATE TRIGGER refuse_wrong_voiding
        BEFORE INSERT OR UPDATE OF tokens_void_before ON ${table}
        FOR EACH ROW EXECUTE FUNCTION refuse_wrong_voiding()`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await queryRunner.query(`DROP TRIGGER refuse_wrong_voiding ON ${table}`);
    }
    await queryRunner.query(`DROP FUNCTION refuse_wrong_voiding()`);
    await queryRunner.query(`ALTER TABLE seat DROP admitted`);
  }
}
