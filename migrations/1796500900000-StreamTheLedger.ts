import type { MigrationInterface, QueryRunner } from 'typeorm';

const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** How far entries were sent to each destination, and those that a destination does not take. */
export class StreamTheLedger1796500900000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_stream (
        name text NOT NULL,
        -- Every leaf before this one was taken, or is put aside.
        position bigint NOT NULL,
        sent_at timestamptz,
        failing_since timestamptz,
        failure text,
        CONSTRAINT pk_ledger_stream PRIMARY KEY (name),
        CONSTRAINT ck_ledger_stream_position CHECK (position >= 0)
      )`);
    await queryRunner.query(`
      CREATE TABLE ledger_stream_refused (
        name text NOT NULL,
        leaf bigint NOT NULL,
        entry text NOT NULL,
        detail text NOT NULL,
        refused_at timestamptz NOT NULL DEFAULT now(),
        tried_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_ledger_stream_refused PRIMARY KEY (name, leaf),
        CONSTRAINT fk_ledger_stream_refused_stream FOREIGN KEY (name)
          REFERENCES ledger_stream (name) ON DELETE CASCADE
      )`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_streams`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_streams(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON public.ledger_stream TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.ledger_stream_refused TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_streams(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query('DROP TABLE ledger_stream_refused');
    await queryRunner.query('DROP TABLE ledger_stream');
  }
}
