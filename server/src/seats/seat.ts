import type { ParticipantPermission } from '../grants/compile-grant.js';
import type { Block, Override } from '../grants/policy.js';
import type {
  ObservedPermission,
  ObservedTrack,
  ParticipantState,
} from '../livekit/participant-view.js';

export type SeatAction =
  'promote' | 'demote' | 'block' | 'unblock' | 'remove' | 'mute' | 'lease_end';

export type OperationOutcome = 'intent' | 'applied' | 'pending' | 'failed' | 'superseded';

export interface LastChange {
  readonly operationId: string;
  readonly at: string;
  readonly by: string;
  readonly kind: SeatAction;
  readonly outcome: OperationOutcome;
  readonly ms: number | null;
}

/** One identity in one room: what is wished, and what LiveKit was last seen to have. */
export interface Seat {
  readonly room: string;
  readonly identity: string;
  /** Counts the changes of what is wished; what LiveKit does is not counted. */
  readonly epoch: number;
  readonly override: Override | null;
  readonly block: Block | null;
  readonly lastIssuedAt: Date | null;
  readonly isUnlisted: boolean;
  readonly isPresent: boolean;
  readonly sid: string | null;
  readonly state: ParticipantState | null;
  readonly name: string;
  readonly kind: string | null;
  readonly permission: ObservedPermission | null;
  readonly tracks: readonly ObservedTrack[];
  readonly joinedAt: Date | null;
  readonly pendingOperation: string | null;
  readonly lastChange: LastChange | null;
}

/** A role as it stands in answers and in operations; null where no role applies. */
export interface RoleState {
  readonly template: string | null;
  readonly version: number | null;
  readonly permission: ParticipantPermission | null;
}

/** What a seat goes back to when its override ends. */
export type SeatBase =
  /** The override that a token was issued with. */
  | { readonly override: Override }
  /** What an unlisted participant, whom no rule covers, was seen to have before. */
  | { readonly permission: ObservedPermission };

/** How a seat stood before an operation: enough to undo it. */
export interface OperationBefore extends RoleState {
  readonly override: Override | null;
  readonly block: Block | null;
  readonly base: SeatBase | null;
  readonly sid: string | null;
}

export interface OperationAfter extends RoleState {
  readonly effects: readonly string[];
  /** For a seat that no rule covers any more: LiveKit is given this back, once. */
  readonly fallback: ObservedPermission | null;
}

export interface SeatOperation {
  readonly id: string;
  readonly room: string;
  readonly identity: string;
  readonly action: SeatAction;
  readonly actor: {
    kind: 'operator' | 'api_key' | 'system';
    id: string | null;
    label: string;
    /** Of the request that asked for it, so that both ends in the ledger carry it. */
    requestId?: string | null;
  };
  readonly reason: string | null;
  readonly before: OperationBefore;
  readonly after: OperationAfter;
  /** The seat's epoch once this was committed: another one since means that it is superseded. */
  readonly epoch: number;
  readonly outcome: OperationOutcome;
  readonly detail: string | null;
  readonly ms: number | null;
  readonly undoUntil: Date | null;
  readonly undoneBy: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

/** The ledger's word for each action. */
export const LEDGER_KINDS: Readonly<Record<SeatAction, string>> = {
  promote: 'seat.promoted',
  demote: 'seat.demoted',
  block: 'seat.blocked',
  unblock: 'seat.unblocked',
  remove: 'seat.removed',
  mute: 'seat.muted',
  lease_end: 'seat.lease_ended',
};
