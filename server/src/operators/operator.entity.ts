import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
  Unique,
} from 'typeorm';

/** A person who signs in to the dashboard. */
@Entity('operator')
@Unique('uq_operator_email', ['emailKey'])
export class Operator {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_operator' }) id!: string;
  @Column({ type: 'text' }) email!: string;
  /** The e-mail as it is compared: see `keyOfEmail`. */
  @Column({ name: 'email_key', type: 'text' }) emailKey!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ name: 'password_hash', type: 'text', nullable: true }) passwordHash!: string | null;
  @Column({ name: 'is_disabled', type: 'boolean', default: false }) isDisabled!: boolean;
  @Column({ name: 'last_signed_in_at', type: 'timestamptz', nullable: true })
  lastSignedInAt!: Date | null;
  @Column({ type: 'integer', default: 1 }) revision!: number;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
  @OneToMany(() => OperatorAccess, (access) => access.operator)
  access!: Relation<OperatorAccess[]>;
}

/** One access role of an operator, optionally limited to some rooms. */
@Entity('operator_access')
export class OperatorAccess {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_operator_access' }) id!: string;
  @Index('ix_operator_access_operator')
  @Column({ name: 'operator_id', type: 'uuid' })
  operatorId!: string;
  @ManyToOne(() => Operator, (operator) => operator.access, {
    onDelete: 'CASCADE',
    orphanedRowAction: 'disable',
  })
  @JoinColumn({
    name: 'operator_id',
    foreignKeyConstraintName: 'fk_operator_access_operator',
  })
  operator!: Relation<Operator>;
  @Column({ type: 'text' }) role!: string;
  @Column({ type: 'text', array: true, nullable: true }) rooms!: string[] | null;
}
