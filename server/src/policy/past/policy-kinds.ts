import type { LedgerKind } from '../../ledger/ledger-kinds.js';

/** Kinds of entries that say, as `desired`, what is set on a seat from then on: all of it. */
export const SEAT_STATE_KINDS = [
  'seat.block_ended',
  'seat.blocked',
  'seat.demoted',
  'seat.held',
  'seat.hold_ended',
  'seat.lease_ended',
  'seat.lease_extended',
  'seat.peek_ended',
  'seat.promoted',
  'seat.released',
  'seat.session_ended',
  'seat.state_recorded',
  'seat.unblocked',
] as const satisfies readonly LedgerKind[];

export const ASSIGNMENT_KINDS = [
  'assignment.created',
  'assignment.deleted',
  'assignment.updated',
] as const satisfies readonly LedgerKind[];

export const USER_KINDS = [
  'user.created',
  'user.deleted',
  'user.suspended',
  'user.unsuspended',
  'user.updated',
] as const satisfies readonly LedgerKind[];

export const ROOM_KINDS = [
  'room.closed',
  'room.created',
  'room.deleted',
  'room.opened',
  'room.updated',
  'scene.entered',
  'scene.left',
] as const satisfies readonly LedgerKind[];

export const TEMPLATE_KINDS = [
  'template.archived',
  'template.created',
  'template.deleted',
  'template.published',
  'template.unarchived',
] as const satisfies readonly LedgerKind[];

/**
 * Everything that `resolve` decides by is in entries of these kinds. The index
 * `ix_ledger_entry_policy` has the same list; a new kind needs a migration.
 */
export const POLICY_KINDS: readonly LedgerKind[] = [
  ...SEAT_STATE_KINDS,
  ...ASSIGNMENT_KINDS,
  ...USER_KINDS,
  ...ROOM_KINDS,
  ...TEMPLATE_KINDS,
  'token.voided',
];

/** Constants, so that Postgres can see that the partial index has them all. */
export function anyKind(...kinds: readonly LedgerKind[]): string {
  return `kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`;
}
