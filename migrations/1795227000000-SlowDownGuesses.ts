import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['sign_in_guess', 'sign_in_refusal', 'operator_device'];

/**
 * Wrong passwords slow down whoever sends them instead of locking the account: counters by account
 * and source, browsers that have signed in before, and refusals that wait to be summed up.
 */
export class SlowDownGuesses1795227000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE sign_in_guess (
        key text NOT NULL,
        wrong integer NOT NULL,
        free_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_sign_in_guess PRIMARY KEY (key)
      )`);
    await queryRunner.query(`
      CREATE TABLE sign_in_refusal (
        bucket text NOT NULL,
        operator_id uuid,
        label text NOT NULL,
        via text NOT NULL,
        wrong integer NOT NULL DEFAULT 0,
        slowed integer NOT NULL DEFAULT 0,
        addresses text[] NOT NULL DEFAULT '{}',
        since timestamptz NOT NULL DEFAULT now(),
        last_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_sign_in_refusal PRIMARY KEY (bucket)
      )`);
    await queryRunner.query(`
      CREATE TABLE operator_device (
        token_hash bytea NOT NULL,
        operator_id uuid NOT NULL,
        last_used_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_operator_device PRIMARY KEY (operator_id, token_hash),
        CONSTRAINT fk_operator_device_operator FOREIGN KEY (operator_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_operator_device_token ON operator_device (token_hash)`,
    );
    await this.createGrants(queryRunner);
  }

  private async createGrants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_devices`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      DECLARE
        t text;
      BEGIN
        PERFORM public.rolecall_grant_application_before_devices(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        FOREACH t IN ARRAY ARRAY['sign_in_guess', 'sign_in_refusal', 'operator_device']
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO %I', t, application);
        END LOOP;
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_devices(name) RENAME TO rolecall_grant_application`,
    );
    for (const table of TABLES) await queryRunner.query(`DROP TABLE ${table}`);
  }
}
