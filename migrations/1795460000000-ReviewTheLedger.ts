import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** What auditors have signed off, and the settings that a server started with last. */
export class ReviewTheLedger1795460000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_review (
        id uuid NOT NULL,
        from_at timestamptz,
        until_at timestamptz NOT NULL,
        rooms text[],
        by_id text,
        by_label text NOT NULL,
        note text,
        findings jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_ledger_review PRIMARY KEY (id),
        CONSTRAINT ck_ledger_review_range CHECK (from_at IS NULL OR from_at < until_at)
      )`);
    await queryRunner.query(`CREATE INDEX ix_ledger_review_at ON ledger_review (at DESC, id)`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_review_only_grows BEFORE UPDATE OR DELETE ON ledger_review
        FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_review_never_empties BEFORE TRUNCATE ON ledger_review
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE TABLE recorded_settings (
        is_only boolean NOT NULL DEFAULT true,
        settings jsonb NOT NULL,
        CONSTRAINT pk_recorded_settings PRIMARY KEY (is_only),
        CONSTRAINT ck_recorded_settings_only CHECK (is_only)
      )`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_reviews`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_reviews(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT, INSERT ON public.ledger_review TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON public.recorded_settings TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_reviews(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP TABLE recorded_settings`);
    await queryRunner.query(`DROP TABLE ledger_review`);
  }
}
