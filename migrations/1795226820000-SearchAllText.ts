import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Text is searched in one form whatever way its letters were typed, and lists sort as people do.
 * Identities keep their bytes; how each one looks is kept beside it.
 */
export class SearchAllText1795226820000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // The short way for ASCII is there because most text is, and is much faster.
    await queryRunner.query(`
      CREATE FUNCTION rolecall_fold(value text) RETURNS text
      LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN CASE WHEN octet_length(value) = char_length(value) THEN lower(value COLLATE "C") COLLATE "C"
        ELSE replace(lower(normalize(value, NFKC) COLLATE "und-x-icu"), 'ς', 'σ') COLLATE "C" END`);
    await queryRunner.query(
      `CREATE INDEX ix_app_user_identity_sorted ON app_user (identity COLLATE "und-x-icu", id)
       WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_app_user_name_sorted ON app_user (name COLLATE "und-x-icu", id)
       WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_room_name_sorted ON room (name COLLATE "und-x-icu", name)`,
    );
    await queryRunner.query(`ALTER TABLE app_user ADD COLUMN looks_like text[]`);
    await queryRunner.query(
      `CREATE INDEX ix_app_user_looks_like ON app_user USING gin (looks_like)`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_app_user_looks_unknown ON app_user (id) WHERE looks_like IS NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX ix_app_user_looks_unknown, ix_app_user_looks_like`);
    await queryRunner.query(`ALTER TABLE app_user DROP COLUMN looks_like`);
    await queryRunner.query(
      `DROP INDEX ix_room_name_sorted, ix_app_user_name_sorted, ix_app_user_identity_sorted`,
    );
    await queryRunner.query(`DROP FUNCTION rolecall_fold(text)`);
  }
}
