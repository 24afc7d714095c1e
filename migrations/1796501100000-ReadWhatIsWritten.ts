import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/**
 * Times that Postgres and the server read alike. They do not `infinity`, a time without a zone, and
 * the second 60.
 */
const INSTANT = String.raw`'^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$'`;

/** JSON may name characters that no text has: whoever reads a member of it then fails. */
const IS_READABLE = (column: string) =>
  String.raw`CASE WHEN strpos(${column}::text, '\u') > 0 THEN ${column}::jsonb IS NOT NULL ELSE true END`;

/**
 * Whoever has the server's role can write into the ledger and into seats. What programs read in
 * another way than Postgres, or cannot read, is refused or counts as a ceiling that was lifted.
 */
export class ReadWhatIsWritten1796501100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await this.replaceLiftsCeiling(
      queryRunner,
      `
          OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(new_awaited, '[]')) AS one,
            unnest(ARRAY[one->>'from', one->>'to']) AS time
            WHERE coalesce(time, '') !~ ${INSTANT})
          OR new_admitted IS NOT NULL AND coalesce(new_admitted->>'at', '') !~ ${INSTANT}
          OR coalesce(new_admitted->>'issuedAt' !~ ${INSTANT}, false)`,
    );
    // Entries from before are not looked at: they stay as they are.
    await queryRunner.query(`
      ALTER TABLE ledger_entry ADD CONSTRAINT ck_ledger_entry_readable CHECK (
        ${IS_READABLE('payload')} AND (personal IS NULL OR ${IS_READABLE('personal')})) NOT VALID`);
  }

  private async replaceLiftsCeiling(queryRunner: QueryRunner, or: string): Promise<void> {
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION seat_lifts_ceiling(old_admitted jsonb, old_awaited jsonb,
        new_admitted jsonb, new_awaited jsonb) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT old_admitted->'ceiling' IS NOT NULL
            AND new_admitted->'ceiling' IS DISTINCT FROM old_admitted->'ceiling'
          OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(old_awaited, '[]')) AS was
            WHERE jsonb_typeof(was->'ceiling') = 'array'
              AND new_admitted->'ceiling' IS DISTINCT FROM was->'ceiling'
              AND NOT EXISTS (SELECT FROM jsonb_array_elements(coalesce(new_awaited, '[]')) AS one
                WHERE one->'ceiling' = was->'ceiling'
                  AND one->'notSid' IS NOT DISTINCT FROM was->'notSid'
                  AND (one->>'from')::timestamptz = (was->>'from')::timestamptz
                  AND (one->>'to')::timestamptz >= (was->>'to')::timestamptz))
          OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(new_awaited, '[]')) AS one
            WHERE (one->>'from')::timestamptz < now() - interval '1 second'
              AND NOT EXISTS (SELECT FROM jsonb_array_elements(coalesce(old_awaited, '[]')) AS was
                WHERE was->'from' = one->'from'))
          OR coalesce((new_admitted->>'at')::timestamptz < (old_admitted->>'at')::timestamptz, false)
          OR coalesce(new_admitted->>'issuedAt' IS DISTINCT FROM old_admitted->>'issuedAt'
            AND (new_admitted->>'at')::timestamptz <= (old_admitted->>'issuedAt')::timestamptz, false)${or}
      $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE ledger_entry DROP CONSTRAINT ck_ledger_entry_readable');
    await this.replaceLiftsCeiling(queryRunner, '');
  }
}
