import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { RoleGrants } from '../grants/role-grants.js';
import type { ActorKind } from '../grants/policy.js';

/** A machine's credential. Only the hash of the key is kept. */
@Entity('api_key')
@Unique('uq_api_key_hash', ['keyHash'])
export class ApiKey {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_api_key' }) id!: string;
  @Column({ type: 'text' }) name!: string;
  /** The first characters of the key, to tell keys apart. */
  @Column({ type: 'text' }) prefix!: string;
  @Column({ name: 'key_hash', type: 'bytea' }) keyHash!: Buffer;
  @Column({ type: 'text', array: true }) permissions!: string[];
  @Column({ type: 'text', array: true, nullable: true }) rooms!: string[] | null;
  /** The creator's grant ceiling at the time: a key never gives more than who made it could. */
  @Column({ type: 'jsonb', nullable: true }) ceiling!: RoleGrants | null;
  /** Requests a second; null = not limited. */
  @Column({ name: 'rate_limit', type: 'integer', nullable: true }) rateLimit!: number | null;
  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true }) expiresAt!: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
  @Column({ name: 'created_by', type: 'uuid', nullable: true }) createdBy!: string | null;
  @Column({ name: 'created_by_label', type: 'text' }) createdByLabel!: string;
  @Column({ name: 'created_by_kind', type: 'text', nullable: true })
  createdByKind!: ActorKind | null;
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true }) lastUsedAt!: Date | null;
  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true }) revokedAt!: Date | null;
}
