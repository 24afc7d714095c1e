import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** Searches of the log that a team keeps. */
export class KeepLedgerViews1796500200001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_view (
        id uuid NOT NULL,
        name text NOT NULL,
        query text NOT NULL,
        note text NOT NULL DEFAULT '',
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_ledger_view PRIMARY KEY (id),
        CONSTRAINT uq_ledger_view_name UNIQUE (name)
      )`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_views`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_views(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.ledger_view TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_views(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP TABLE ledger_view`);
  }
}
