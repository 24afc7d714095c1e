import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** What nothing in the ledger explains, until it is gone or somebody has acknowledged it. */
export class RaiseAlarms1795430000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE alarm (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        kind text NOT NULL,
        key text NOT NULL,
        room text,
        identity text,
        about jsonb NOT NULL DEFAULT '{}',
        times integer NOT NULL DEFAULT 1,
        opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        gone_at timestamptz,
        acknowledged_at timestamptz,
        acknowledged_by_kind text,
        acknowledged_by_id text,
        acknowledged_by text,
        note text,
        CONSTRAINT pk_alarm PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX uq_alarm_standing ON alarm (kind, key) WHERE gone_at IS NULL`,
    );
    await queryRunner.query(`CREATE INDEX ix_alarm_opened ON alarm (opened_at DESC, id)`);
    // What a connection or a room was like when it was first seen: hashes, no text.
    await queryRunner.query(`
      CREATE TABLE livekit_baseline (
        room text NOT NULL,
        identity text NOT NULL,
        sid text NOT NULL,
        digests jsonb NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_livekit_baseline PRIMARY KEY (room, identity)
      )`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_alarms`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_alarms(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.alarm, '
          'public.livekit_baseline TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_alarms(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP TABLE livekit_baseline`);
    await queryRunner.query(`DROP TABLE alarm`);
  }
}
