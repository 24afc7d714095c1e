import { ACTS, type ActsThat } from '../../acts/acts.js';
import type { ActorRef } from '../../actor/actor.js';
import type { ParticipantPermission } from '../../grants/compile-grant.js';
import type { Heard } from '../../grants/effects.js';
import type { Block, Hold, Override } from '../../grants/policy.js';
import type {
  ObservedPermission,
  ObservedTrack,
  ParticipantState,
} from '../../livekit/participant-view.js';
import type { LedgerKind } from '../../ledger/ledger-kinds.js';

/** The acts that are operations on a seat, and what ends by itself. */
export type SeatAction = SeatAct | keyof typeof END_LEDGER_KINDS;
export type SeatAct = ActsThat<{ sort: 'command' | 'immediate' }>;

const END_LEDGER_KINDS = {
  lease_end: 'seat.lease_ended',
  hold_end: 'seat.hold_ended',
  block_end: 'seat.block_ended',
  peek_end: 'seat.peek_ended',
} as const satisfies Record<string, LedgerKind>;

/** What moderators set on a seat, on top of assignments. */
export interface DesiredState {
  readonly override: Override | null;
  readonly block: Block | null;
  readonly hold: Hold | null;
}

export type OperationOutcome = 'intent' | 'applied' | 'pending' | 'failed' | 'superseded';

export interface LastChange {
  readonly operationId: string;
  readonly at: string;
  readonly by: string;
  /** Missing where it was written before kinds were. */
  readonly byKind?: ActorRef['kind'];
  readonly kind: SeatAction;
  readonly outcome: OperationOutcome;
  readonly ms: number | null;
}

/** One identity in one room: its desired state, and what LiveKit last reported. */
export interface Seat extends DesiredState {
  readonly room: string;
  readonly identity: string;
  /** Counts changes of the desired state; what LiveKit does is not counted. */
  readonly epoch: number;
  readonly lastIssuedAt: Date | null;
  /** Of a moderator's own seat: the identity that they peek at, or did last. Null: any other seat. */
  readonly peeksAt: string | null;
  readonly isUnlisted: boolean;
  readonly isPresent: boolean;
  readonly sid: string | null;
  readonly state: ParticipantState | null;
  readonly name: string;
  readonly kind: string | null;
  readonly permission: ObservedPermission | null;
  readonly tracks: readonly ObservedTrack[];
  readonly joinedAt: Date | null;
  /** The gate let a connect in that LiveKit has not been seen to have. */
  readonly isAwaited: boolean;
  readonly pendingOperation: string | null;
  readonly lastChange: LastChange | null;
}

/** A role as answers and operations show it; null where no role applies. */
export interface RoleState {
  readonly template: string | null;
  readonly version: number | null;
  readonly permission: ParticipantPermission | null;
}

/** What a seat goes back to when its override ends. */
export type SeatBase =
  /** The override that a token was issued with. */
  | { readonly override: Override }
  /** What an unlisted participant without a rule had before. */
  | { readonly permission: ObservedPermission };

/** From when to when something applies; enough to recognise it. */
export type Period = Pick<Override | Block | Hold, 'at' | 'until'>;

/** The periods of the desired state. */
export type DesiredPeriods = { readonly [Part in keyof DesiredState]: Period | null };

/** The state of a seat before an operation: enough to undo it. */
export interface OperationBefore extends RoleState, DesiredState {
  readonly base: SeatBase | null;
  readonly sid: string | null;
}

export interface OperationAfter extends RoleState {
  /** Before the outcome: what will happen. After it: what did. */
  readonly effects: readonly string[];
  /** The desired state from then on; null for an immediate act. */
  readonly desired: DesiredPeriods | null;
  /** Those of the effects that no permission shows. */
  readonly notes: readonly string[];
  /** Given back to LiveKit once, where no rule covers the seat from now on. */
  readonly fallback: ObservedPermission | null;
  /** Published tracks that this takes away. */
  readonly takes: readonly TakenTrack[];
  /** What may be published from then on; null: they are out. Left out where that stays as it is. */
  readonly allows?: Publishing | null;
  /** What it takes is muted and stays published; left out where it is taken from LiveKit. */
  readonly mutes?: true;
  /** Milliseconds from the moderator's click to `createdAt`, as near as the server knows. */
  readonly headMs: number;
}

export type Publishing = Pick<
  Heard,
  'canPublish' | 'canPublishSources' | 'canPublishData' | 'mutes'
>;

export interface TakenTrack {
  readonly sid: string;
  readonly source: ObservedTrack['source'];
}

export interface SeatOperation {
  readonly id: string;
  readonly room: string;
  readonly identity: string;
  readonly action: SeatAction;
  readonly actor: {
    kind: ActorRef['kind'];
    id: string | null;
    label: string;
    /** Of the request that asked for it, so that both ends in the ledger carry it. */
    requestId?: string | null;
  };
  readonly reason: string | null;
  readonly before: OperationBefore;
  readonly after: OperationAfter;
  /** The seat's epoch once this was committed. */
  readonly epoch: number;
  readonly outcome: OperationOutcome;
  readonly detail: string | null;
  readonly ms: number | null;
  readonly undoUntil: Date | null;
  readonly undoneBy: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  /** From the click until LiveKit reported the last of the taken tracks gone. */
  readonly goneMs: number | null;
  /** The bulk operation that it is a part of. */
  readonly bulk: string | null;
}

/** Whether it is worth reading the operation to see who made the change: labels are not unique. */
export function mayBeBy({ by, byKind }: LastChange, actor: ActorRef): boolean {
  return by === actor.label && (byKind === undefined || byKind === actor.kind);
}

export function isBy({ actor }: Pick<SeatOperation, 'actor'>, { kind, id }: ActorRef): boolean {
  return actor.kind === kind && actor.id === id;
}

/** The kind of the ledger's entries of an action. */
export function ledgerKindOf(action: SeatAction): LedgerKind {
  return action in END_LEDGER_KINDS
    ? END_LEDGER_KINDS[action as keyof typeof END_LEDGER_KINDS]
    : ACTS[action as SeatAct].ledgerKind;
}

/** An operation that is about to begin; what comes of it is not known yet. */
export type NewOperation = Omit<
  SeatOperation,
  'outcome' | 'detail' | 'ms' | 'undoneBy' | 'settledAt' | 'goneMs'
>;

/** What is set on a seat, as its entries in the ledger carry it: the log alone says what applied when. */
export function recordedState(
  { override, block, hold }: DesiredState,
  peeksAt: string | null = null,
): Record<string, unknown> {
  return { override, block, hold, ...(peeksAt === null ? {} : { peeksAt }) };
}

/** A seat that has no row: nothing is set, and nobody is there. */
export function emptySeat(room: string, identity: string): Seat {
  return {
    room,
    identity,
    epoch: 0,
    override: null,
    block: null,
    hold: null,
    lastIssuedAt: null,
    peeksAt: null,
    isUnlisted: false,
    isPresent: false,
    sid: null,
    state: null,
    name: '',
    kind: null,
    permission: null,
    tracks: [],
    joinedAt: null,
    isAwaited: false,
    pendingOperation: null,
    lastChange: null,
  };
}

export type ResultOutcome = 'applied' | 'pending' | 'failed' | 'superseded';

/** What an operation has come to so far. */
export interface OperationResult {
  readonly outcome: ResultOutcome;
  readonly detail: string | null;
  readonly ms: number | null;
  /** What did happen, where that is known better than when the operation began. */
  readonly effects?: readonly string[] | null;
}

/** What it has come to. */
export interface OperationEnd {
  readonly operation: SeatOperation;
  readonly result: OperationResult;
}

/** A webhook about a track. */
export interface TrackEvent {
  readonly room: string;
  readonly identity: string;
  readonly connection: string;
  readonly track: ObservedTrack;
  /** Postgres' time. */
  readonly knownAt: Date;
}
