import { SYSTEM_ACTOR } from '../../actor/actor.js';
import type { Brought } from '../../grants/brought.js';
import type { PermissionLike } from '../../grants/compile-grant.js';
import type { LedgerEntryInput } from '../../ledger/ledger-entry.js';
import type { Admissions } from '../model/admissions.js';
import type { Seat } from '../model/seat.js';

// What bounds somebody's rights has entries of its own, in the transaction of its change: triggers on
// `seat` look for them.

type SeatName = Pick<Seat, 'room' | 'identity'>;

/** Where it is known from. */
type Source = 'token' | 'livekit';

export function broughtEntry(
  seat: SeatName,
  { permission, tokenOnly = {}, of, givenTo }: Brought,
  from: Source,
): LedgerEntryInput {
  return entry('seat.brought', seat, { permission, tokenOnly, of, givenTo, from });
}

export function setAsideEntry(
  seat: SeatName,
  permission: PermissionLike,
  from: Source,
): LedgerEntryInput {
  return entry('seat.set_aside', seat, { permission, from });
}

export function ceilingLiftedEntry(
  seat: SeatName,
  before: Admissions,
  after: Admissions,
): LedgerEntryInput {
  const payload = { before: ceilingsOf(before), after: ceilingsOf(after) };
  return entry('seat.ceiling_lifted', seat, payload);
}

export function readmittedEntry(
  seat: SeatName,
  times: { voidBefore: Date; tokenMadeAt: Date | null; from: Date },
): LedgerEntryInput {
  return entry('seat.readmitted', seat, times);
}

function entry(
  kind: LedgerEntryInput['kind'],
  { room, identity }: SeatName,
  payload: Record<string, unknown>,
): LedgerEntryInput {
  return { kind, outcome: 'ok', actor: SYSTEM_ACTOR, room, identity, payload };
}

/** What bounds the connection, and those that may take its place. */
function ceilingsOf({ admitted, awaited }: Admissions) {
  return [...(admitted ? [admitted] : []), ...awaited].map(({ ceiling }) => ceiling);
}
