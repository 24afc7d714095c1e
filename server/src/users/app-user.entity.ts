import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** Somebody or something that joins rooms. Rows are never deleted: an identity is used once. */
@Entity('app_user')
@Unique('uq_app_user_identity', ['identity'])
@Index('ix_app_user_identity_sorted', { synchronize: false })
@Index('ix_app_user_name_sorted', { synchronize: false })
@Index('ix_app_user_looks_like', { synchronize: false })
@Index('ix_app_user_looks_unknown', { synchronize: false })
@Check('ck_app_user_kind', `kind IN ('standard', 'agent')`)
export class AppUser {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_app_user' }) id!: string;
  /** The LiveKit identity. */
  @Column({ type: 'text' }) identity!: string;
  /** The keys of what the identity looks like; null until they are computed. */
  @Column({ name: 'looks_like', type: 'text', array: true, nullable: true })
  looksLike!: string[] | null;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text', default: 'standard' }) kind!: 'standard' | 'agent';
  @Column({ type: 'text', default: '' }) metadata!: string;
  @Column({ type: 'jsonb', default: {} }) attributes!: Record<string, string>;
  @Column({ name: 'is_suspended', type: 'boolean', default: false }) isSuspended!: boolean;
  @Column({ name: 'is_demo', type: 'boolean', default: false }) isDemo!: boolean;
  /** Tokens of this user that were made until then are void. */
  @Column({ name: 'tokens_void_before', type: 'timestamptz', nullable: true })
  tokensVoidBefore!: Date | null;
  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true }) deletedAt!: Date | null;
  @Column({ type: 'integer', default: 1 }) revision!: number;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' }) updatedAt!: Date;
}
