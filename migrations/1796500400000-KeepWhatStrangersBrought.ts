import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a participant without a token of Rolecall came with, from the moment that a role replaces it:
 * they have that again when the role ends, and no token from the time of the role brings it back.
 */
export class KeepWhatStrangersBrought1796500400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat ADD brought jsonb`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE seat DROP brought`);
  }
}
