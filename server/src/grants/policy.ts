import type { TrackSource } from './role-grants.js';
import type { Withheld } from './withhold.js';

/** A participant acts on nobody but themselves, by the LiveKit token that they hold. */
export type ActorKind = 'operator' | 'api_key' | 'participant' | 'user' | 'system';

/** Everything that bears on one identity in one room, as read from the database at one moment. */
export interface PolicyInput {
  subject: {
    /** Null: an identity that Rolecall does not know. */
    userId: string | null;
    identity: string;
    isSuspended: boolean;
    isDeleted: boolean;
  };
  room: {
    name: string;
    isClosed: boolean;
    defaultTemplate: string | null;
    scene: ActiveScene | null;
  };
  seat: {
    block: Block | null;
    override: Override | null;
    hold: Hold | null;
    /** Set for the seat of a peek: the identity that it watches, or watched last. */
    peeksAt: string | null;
  } | null;
  /** All that concern the user or everyone, also those that do not apply here or now. */
  assignments: readonly AssignmentRule[];
  templates: Readonly<Record<string, TemplateState>>;
}

export interface Block {
  at: Date;
  /** Null: for good. */
  until: Date | null;
  by: string;
  /** What `by` is the label of; null where it was written before kinds were. */
  byKind: ActorKind | null;
  reason: string | null;
}

export interface Override {
  template: string;
  version: number;
  scope: 'session' | 'until';
  until: Date | null;
  at: Date;
  by: string;
  /** What `by` is the label of; null where it was written before kinds were. */
  byKind: ActorKind | null;
  reason: string | null;
}

/** Sources taken out of whatever role somebody has, so that they cannot unmute themselves. */
export interface Hold {
  sources: readonly TrackSource[];
  at: Date;
  /** Null: for this session. */
  until: Date | null;
  by: string;
  /** What `by` is the label of; null where it was written before kinds were. */
  byKind: ActorKind | null;
  reason: string | null;
}

/** What a room does with roles for a while: a lock, a question time, a keynote. */
export interface ActiveScene {
  /** Null: one that is not saved, such as a lock. */
  id: string | null;
  name: string;
  rules: readonly SceneRule[];
  /** What is given in the room from then on is exempt. */
  at: Date;
  by: string;
  /** What `by` is the label of; null where it was written before kinds were. */
  byKind: ActorKind | null;
  reason: string | null;
}

export interface SceneRule {
  /** A template's key, or `*`: every one that no other rule names. */
  from: string;
  /** Null: silent, which takes publishing and data and leaves the rest. The same key: keeps it. */
  to: string | null;
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
  /** What a hold and the room's scene take out of the template's grants. */
  withheld: Withheld;
  /** The role that the room's scene replaces by this one. */
  played?: { readonly template: string; readonly version: number };
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
  | 'peek.over'
  | 'no_rule'
  | 'template.unpublished';

/** One link of the chain of reasons; exactly one of a chain wins. */
export type Because = {
  rule:
    | 'block'
    | 'user'
    | 'room'
    | 'override'
    | 'peek'
    | 'assignment'
    | 'default'
    | 'policy'
    | 'scene'
    | 'hold';
  outcome: 'wins' | 'loses' | 'near_miss' | 'note';
  /** A sentence for people. */
  text: string;
  /** Assignment: its id. Block, override, peek, hold: the identity. User: its id. Room, default, scene: the room. */
  ref: string | null;
  template: string | null;
  /** Of a near miss: the other rooms that it is for. `reasonsWithin` says who may see it. */
  elsewhere?: AssignmentScope;
};
