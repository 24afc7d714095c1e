import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** What witnesses signed of the ledger's checkpoints. A row proves itself; it needs no trust. */
export class KeepCosignatures1795420000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_cosignature (
        size bigint NOT NULL,
        vkey text NOT NULL,
        line text NOT NULL,
        signed_at timestamptz NOT NULL,
        CONSTRAINT pk_ledger_cosignature PRIMARY KEY (size, vkey, signed_at)
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_ledger_cosignature_vkey ON ledger_cosignature (vkey, size DESC)`,
    );
    // It goes with the checkpoint that it is about.
    await queryRunner.query(`
      CREATE FUNCTION ledger_cosignature_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        IF TG_OP = 'DELETE' AND NOT EXISTS (
          SELECT FROM public.ledger_checkpoint c WHERE c.size = OLD.size) THEN
          RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_cosignature_only_grows BEFORE UPDATE OR DELETE ON ledger_cosignature
        FOR EACH ROW EXECUTE FUNCTION ledger_cosignature_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_cosignature_never_empties BEFORE TRUNCATE ON ledger_cosignature
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_prune_cosignatures(at_most integer) RETURNS bigint
      LANGUAGE sql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
        WITH gone AS (
          DELETE FROM public.ledger_cosignature WHERE size IN (
            SELECT s.size FROM public.ledger_cosignature s
            WHERE s.signed_at < clock_timestamp() - interval '1 day'
              AND NOT EXISTS (SELECT FROM public.ledger_checkpoint c WHERE c.size = s.size)
            LIMIT at_most)
          RETURNING 1
        ) SELECT count(*) FROM gone
      $$`);
    await queryRunner.query(
      `REVOKE ALL ON FUNCTION ledger_prune_cosignatures(integer) FROM PUBLIC`,
    );
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_witnesses`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_witnesses(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('REVOKE UPDATE, DELETE ON public.ledger_cosignature FROM %I', application);
        EXECUTE format('GRANT SELECT, INSERT ON public.ledger_cosignature TO %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.ledger_prune_cosignatures TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_witnesses(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP FUNCTION ledger_prune_cosignatures(integer)`);
    await queryRunner.query(`DROP TABLE ledger_cosignature`);
    await queryRunner.query(`DROP FUNCTION ledger_cosignature_refuse_change()`);
  }
}
