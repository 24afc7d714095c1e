/** Everything that bears on one identity in one room, as read from the database at one moment. */
export interface PolicyInput {
  subject: {
    /** Null: an identity that Rolecall does not know. */
    userId: string | null;
    identity: string;
    isSuspended: boolean;
    isDeleted: boolean;
  };
  room: { name: string; isClosed: boolean; defaultTemplate: string | null };
  seat: { block: Block | null; override: Override | null } | null;
  /** All that concern the user or everyone, also those that do not apply here or now. */
  assignments: readonly AssignmentRule[];
  templates: Readonly<Record<string, TemplateState>>;
}

export interface Block {
  at: Date;
  /** Null: for good. */
  until: Date | null;
  by: string;
  reason: string | null;
}

export interface Override {
  template: string;
  version: number;
  scope: 'session' | 'until';
  until: Date | null;
  at: Date;
  by: string;
  reason: string | null;
}

export interface AssignmentRule {
  id: string;
  subject: 'user' | 'everyone';
  scope: AssignmentScope;
  template: string;
  priority: number;
  /** The window is half-open: `validFrom` is inside, `validUntil` is not. */
  validFrom: Date | null;
  validUntil: Date | null;
  createdAt: Date;
  by: string;
  reason: string | null;
}

export type AssignmentScope =
  { kind: 'room'; room: string } | { kind: 'pattern'; pattern: string } | { kind: 'all' };

export interface TemplateState {
  /** The version that is published, or null. */
  published: number | null;
  isArchived: boolean;
}

export type Decision = Allowed | Refused;

export interface Allowed {
  verdict: 'allow';
  template: string;
  version: number;
  /** `requested` is never what `resolve` says: issuing writes it when a caller asked for a template. */
  source: 'override' | 'assignment' | 'default' | 'requested';
  /** The id of the assignment that won. */
  ref: string | null;
  /** When the winning rule ends by itself. */
  validUntil: Date | null;
  because: Because[];
}

export interface Refused {
  verdict: 'refuse';
  code: RefusalCode;
  because: Because[];
}

export type RefusalCode =
  | 'seat.blocked'
  | 'user.suspended'
  | 'user.deleted'
  | 'room.closed'
  | 'no_rule'
  | 'template.unpublished';

/** One link of the chain of reasons; exactly one of a chain wins. */
export interface Because {
  rule: 'block' | 'user' | 'room' | 'override' | 'assignment' | 'default' | 'policy';
  outcome: 'wins' | 'loses' | 'near_miss' | 'note';
  /** A sentence for people. */
  text: string;
  /** Assignment: its id. Block, override: the identity. User: its id. Room, default: the room. */
  ref: string | null;
  template: string | null;
}
