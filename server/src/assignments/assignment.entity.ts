import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { RoleTemplate } from '../role-templates/role-template.entity.js';
import { Room } from '../rooms/room.entity.js';
import { AppUser } from '../users/app-user.entity.js';
import type { ActorKind } from '../grants/policy.js';

/** Standing policy: a user (or everyone) gets a role template in a room, a pattern, or everywhere. */
@Entity('assignment')
@Check('ck_assignment_scope', 'room_name IS NULL OR room_pattern IS NULL')
@Check('ck_assignment_window', 'valid_from < valid_until')
export class Assignment {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_assignment' }) id!: string;
  /** Null = everyone. */
  @Index('ix_assignment_user')
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;
  @ManyToOne(() => AppUser, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_assignment_user' })
  user!: Relation<AppUser> | null;
  /** One room; null with a null pattern = all rooms. */
  @Index('ix_assignment_room')
  @Column({ name: 'room_name', type: 'text', nullable: true })
  roomName!: string | null;
  @ManyToOne(() => Room, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'room_name', foreignKeyConstraintName: 'fk_assignment_room' })
  room!: Relation<Room> | null;
  @Column({ name: 'room_pattern', type: 'text', nullable: true }) roomPattern!: string | null;
  /** The pattern as LIKE reads it; Postgres keeps it by itself. */
  @Column({ name: 'room_like', type: 'text', nullable: true, insert: false, update: false })
  roomLike!: string | null;
  @Index('ix_assignment_template')
  @Column({ type: 'text' })
  template!: string;
  @ManyToOne(() => RoleTemplate, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'template', foreignKeyConstraintName: 'fk_assignment_template' })
  roleTemplate!: Relation<RoleTemplate>;
  @Column({ type: 'integer', default: 0 }) priority!: number;
  @Column({ name: 'valid_from', type: 'timestamptz', nullable: true }) validFrom!: Date | null;
  @Column({ name: 'valid_until', type: 'timestamptz', nullable: true }) validUntil!: Date | null;
  @Column({ type: 'text', default: '' }) reason!: string;
  @Column({ name: 'is_demo', type: 'boolean', default: false }) isDemo!: boolean;
  @Column({ name: 'created_by', type: 'uuid', nullable: true }) createdBy!: string | null;
  @Column({ name: 'created_by_label', type: 'text' }) createdByLabel!: string;
  @Column({ name: 'created_by_kind', type: 'text', nullable: true })
  createdByKind!: ActorKind | null;
  @Column({ type: 'integer', default: 1 }) revision!: number;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
}
