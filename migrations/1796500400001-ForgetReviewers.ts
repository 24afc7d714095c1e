import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** The one change of a review: who wrote it can be taken out, with what they wrote. */
export class ForgetReviewers1796500400001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION ledger_review_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        forgotten public.ledger_review := OLD;
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          forgotten.by_id := NULL;
          forgotten.by_label := '';
          forgotten.note := NULL;
          forgotten.findings := '[]';
          IF NEW *= forgotten THEN
            RETURN NEW;
          END IF;
        END IF;
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await this.guard(queryRunner, 'ledger_review_refuse_change()');
  }

  private async guard(queryRunner: QueryRunner, by: string): Promise<void> {
    await queryRunner.query(`DROP TRIGGER ledger_review_only_grows ON ledger_review`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_review_only_grows BEFORE UPDATE OR DELETE ON ledger_review
        FOR EACH ROW EXECUTE FUNCTION ${by}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await this.guard(queryRunner, 'ledger_refuse_change()');
    await queryRunner.query(`DROP FUNCTION ledger_review_refuse_change()`);
  }
}
