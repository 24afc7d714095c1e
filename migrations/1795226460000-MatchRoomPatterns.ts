import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keeps each assignment's room pattern as a LIKE pattern as well, so that Postgres itself finds the
 * rules that cover a room. A trigger keeps it: no writer can forget it.
 */
export class MatchRoomPatterns1795226460000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // `*` is the only wildcard; `\*` and `\\` stand for the characters themselves, any other
    // backslash for itself. LIKE's own wildcards are escaped.
    await queryRunner.query(String.raw`
      CREATE FUNCTION rolecall_like_of_pattern(pattern text) RETURNS text
      LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT coalesce(string_agg(
          CASE part.text
            WHEN '*' THEN '%'
            WHEN '\*' THEN '*'
            WHEN '\' THEN '\\'
            WHEN '%' THEN '\%'
            WHEN '_' THEN '\_'
            ELSE part.text
          END, '' ORDER BY part.at), '')
        FROM (
          SELECT match[1] AS text, at
          FROM regexp_matches(pattern, '\\[\\*]|.', 'g') WITH ORDINALITY AS found(match, at)
        ) part
      $$`);
    await queryRunner.query(`ALTER TABLE assignment ADD COLUMN room_like text`);
    await queryRunner.query(`
      CREATE FUNCTION assignment_keep_room_like() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      BEGIN
        NEW.room_like := rolecall_like_of_pattern(NEW.room_pattern);
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER assignment_keeps_room_like BEFORE INSERT OR UPDATE ON assignment
        FOR EACH ROW EXECUTE FUNCTION assignment_keep_room_like()`);
    await queryRunner.query(`UPDATE assignment SET room_pattern = room_pattern`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER assignment_keeps_room_like ON assignment`);
    await queryRunner.query(`DROP FUNCTION assignment_keep_room_like()`);
    await queryRunner.query(`ALTER TABLE assignment DROP COLUMN room_like`);
    await queryRunner.query(`DROP FUNCTION rolecall_like_of_pattern(text)`);
  }
}
