import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/**
 * A room that is deleted and made again has not forgotten what strangers brought before a role: else
 * a token from the time of the role would give it back. For a month: such a token may be renewed.
 */
export class KeepBroughtOfDeletedRooms1796500500000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE seat_brought (
        room text NOT NULL,
        identity text NOT NULL,
        brought jsonb NOT NULL,
        kept_at timestamptz NOT NULL,
        CONSTRAINT pk_seat_brought PRIMARY KEY (room, identity)
      )`);
    await queryRunner.query(`CREATE INDEX ix_seat_brought_kept_at ON seat_brought (kept_at)`);
    await queryRunner.query(`
      CREATE FUNCTION room_keep_brought() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        DELETE FROM public.seat_brought AS expired USING (
          SELECT kept.room, kept.identity FROM public.seat_brought kept
          WHERE kept.kept_at < clock_timestamp() - interval '30 days'
          LIMIT 10000 FOR UPDATE SKIP LOCKED) AS overdue
        WHERE expired.room = overdue.room AND expired.identity = overdue.identity;
        INSERT INTO public.seat_brought AS kept (room, identity, brought, kept_at)
        SELECT s.room, s.identity, s.brought, clock_timestamp() FROM public.seat s
        WHERE s.room = OLD.name AND s.brought IS NOT NULL AND s.last_issued_at IS NULL
        ON CONFLICT (room, identity) DO UPDATE
          SET brought = EXCLUDED.brought, kept_at = EXCLUDED.kept_at;
        RETURN OLD;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION room_restore_brought() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        WITH restored AS (
          DELETE FROM public.seat_brought kept WHERE kept.room = NEW.name
          RETURNING kept.room, kept.identity, kept.brought)
        INSERT INTO public.seat (room, identity, brought)
        SELECT restored.room, restored.identity, restored.brought FROM restored
        ON CONFLICT (room, identity) DO NOTHING;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER room_keeps_brought BEFORE DELETE ON room
        FOR EACH ROW EXECUTE FUNCTION room_keep_brought()`);
    await queryRunner.query(`
      CREATE TRIGGER room_restores_brought AFTER INSERT ON room
        FOR EACH ROW EXECUTE FUNCTION room_restore_brought()`);
    await queryRunner.query(
      `REVOKE ALL ON FUNCTION room_keep_brought(), room_restore_brought() FROM PUBLIC`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER room_restores_brought ON room`);
    await queryRunner.query(`DROP TRIGGER room_keeps_brought ON room`);
    await queryRunner.query(`DROP FUNCTION room_restore_brought(), room_keep_brought()`);
    await queryRunner.query(`DROP TABLE seat_brought`);
  }
}
