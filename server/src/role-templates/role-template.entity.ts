import {
  Check,
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import type { RoleGrants, TemplateContent } from '../grants/role-grants.js';
import type { ActorKind } from '../grants/policy.js';

/** A named role in a room. What it grants is in its versions; `draft` is what comes next. */
@Entity('role_template')
export class RoleTemplate {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'pk_role_template' }) key!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text', default: '' }) description!: string;
  @Column({ type: 'text', default: '' }) color!: string;
  @Column({ name: 'is_built_in', type: 'boolean', default: false }) isBuiltIn!: boolean;
  @Column({ name: 'is_archived', type: 'boolean', default: false }) isArchived!: boolean;
  /** The version that policy uses; null until the first publish. */
  @Column({ type: 'integer', nullable: true }) published!: number | null;
  @Column({ type: 'jsonb', nullable: true }) draft!: TemplateContent | null;
  /** The version that was published when the draft was begun. */
  @Column({ name: 'draft_based_on', type: 'integer', nullable: true }) draftBasedOn!: number | null;
  @Column({ name: 'draft_updated_at', type: 'timestamptz', nullable: true })
  draftUpdatedAt!: Date | null;
  @Column({ name: 'draft_updated_by', type: 'text', nullable: true })
  draftUpdatedBy!: string | null;
  @Column({ name: 'draft_updated_by_kind', type: 'text', nullable: true })
  draftUpdatedByKind!: ActorKind | null;
  @Column({ type: 'integer', default: 1 }) revision!: number;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
}

/** Immutable: a trigger refuses changes, and the application's role may only insert. */
@Entity('role_template_version')
@Check('ck_role_template_version_ttl', 'ttl > 0')
export class RoleTemplateVersion {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'pk_role_template_version' })
  template!: string;
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_role_template_version' })
  version!: number;
  @ManyToOne(() => RoleTemplate, { onDelete: 'RESTRICT' })
  @JoinColumn({
    name: 'template',
    foreignKeyConstraintName: 'fk_role_template_version_template',
  })
  roleTemplate!: Relation<RoleTemplate>;
  @Column({ type: 'jsonb' }) grants!: RoleGrants;
  /** Seconds; null = the server's default. */
  @Column({ type: 'integer', nullable: true }) ttl!: number | null;
  @Column({ type: 'text', default: '' }) metadata!: string;
  @Column({ type: 'jsonb', default: {} }) attributes!: Record<string, string>;
  @Column({ type: 'text' }) message!: string;
  @Column({ name: 'published_at', type: 'timestamptz', default: () => 'now()' }) publishedAt!: Date;
  @Column({ name: 'published_by', type: 'uuid', nullable: true }) publishedBy!: string | null;
  @Column({ name: 'published_by_label', type: 'text' }) publishedByLabel!: string;
  @Column({ name: 'published_by_kind', type: 'text', nullable: true })
  publishedByKind!: ActorKind | null;
}
