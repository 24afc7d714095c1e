import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import type { ActiveScene } from '../grants/policy.js';
import { RoleTemplate } from '../role-templates/role-template.entity.js';

/** A LiveKit room known to Rolecall, with the options that it is created with. */
@Entity('room')
@Index('ix_room_name_sorted', { synchronize: false })
@Check('ck_room_unlisted_participants', `unlisted_participants IN ('allow', 'remove')`)
export class Room {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'pk_room' }) name!: string;
  @Column({ type: 'text', default: '' }) title!: string;
  /** Seconds that an empty room stays before the first join. */
  @Column({ name: 'empty_timeout', type: 'integer', default: 300 }) emptyTimeout!: number;
  /** Seconds that a room stays after the last one left. */
  @Column({ name: 'departure_timeout', type: 'integer', default: 20 }) departureTimeout!: number;
  /** 0 = no limit. */
  @Column({ name: 'max_participants', type: 'integer', default: 0 }) maxParticipants!: number;
  @Column({ type: 'text', default: '' }) metadata!: string;
  @Column({ name: 'default_template', type: 'text', nullable: true })
  defaultTemplate!: string | null;
  @ManyToOne(() => RoleTemplate, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'default_template', foreignKeyConstraintName: 'fk_room_default_template' })
  defaultRoleTemplate!: Relation<RoleTemplate> | null;
  /** What *promote* gives when nobody says what; null = `speaker`. */
  @Column({ name: 'promote_template', type: 'text', nullable: true })
  promoteTemplate!: string | null;
  @ManyToOne(() => RoleTemplate, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'promote_template', foreignKeyConstraintName: 'fk_room_promote_template' })
  promoteRoleTemplate!: Relation<RoleTemplate> | null;
  @Column({ name: 'unlisted_participants', type: 'text', default: 'allow' })
  unlistedParticipants!: 'allow' | 'remove';
  @Column({ name: 'is_closed', type: 'boolean', default: false }) isClosed!: boolean;
  @Column({ name: 'is_demo', type: 'boolean', default: false }) isDemo!: boolean;
  /** LiveKit's id of the running room; null when none runs. */
  @Column({ name: 'live_sid', type: 'text', nullable: true }) liveSid!: string | null;
  @Column({ name: 'live_since', type: 'timestamptz', nullable: true }) liveSince!: Date | null;
  @Column({ name: 'last_seen_live_at', type: 'timestamptz', nullable: true })
  lastSeenLiveAt!: Date | null;
  /** Tokens for the room that were made until then are void. */
  @Column({ name: 'tokens_void_before', type: 'timestamptz', nullable: true })
  tokensVoidBefore!: Date | null;
  @Column({ name: 'active_scene', type: 'jsonb', nullable: true }) activeScene!: ActiveScene | null;
  @Column({ name: 'num_participants', type: 'integer', default: 0 }) numParticipants!: number;
  @Column({ type: 'integer', default: 1 }) revision!: number;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' }) updatedAt!: Date;
}
