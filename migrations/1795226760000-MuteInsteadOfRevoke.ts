import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Phone callers, ingresses, agents and WHIP publishers never publish a second time, so a hold mutes
 * them. Its end unmutes only what it muted: `muted_tracks` has the sids, and whether LiveKit has
 * confirmed each.
 */
export class MuteInsteadOfRevoke1795226760000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat ADD muted_tracks jsonb`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat DROP muted_tracks`);
  }
}
