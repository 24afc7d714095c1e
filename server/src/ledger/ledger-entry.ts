import type { ActorRef, RequestFacts } from '../actor/actor.js';
import type { LedgerKind } from './ledger-kinds.js';

/**
 * One line of the ledger as its writers give it. Text in it is data: no field is ever interpreted.
 * `payload` must not hold a token, password, key or secret (rule 8).
 */
export interface LedgerEntryInput {
  /** `resource.what_happened`, e.g. `seat.promoted`. */
  kind: LedgerKind;
  outcome: LedgerOutcome;
  actor: ActorRef & Partial<RequestFacts>;
  room?: string | null;
  identity?: string | null;
  reason?: string | null;
  payload: Record<string, unknown>;
}

/** `ok` and `refused` are single entries; the others are intent and outcome of a change to LiveKit. */
export type LedgerOutcome =
  'ok' | 'refused' | 'intent' | 'applied' | 'pending' | 'failed' | 'superseded';

/** The position of an entry. */
export interface LedgerRef {
  shard: number;
  seq: number;
  /** Microseconds since the epoch, by Postgres' clock. */
  atMicros: string;
}

/** An entry that is written, with the hash of its leaf in hex. */
export interface WrittenEntry extends LedgerRef {
  leafHash: string;
}

/** The id that the API shows: opaque, sortable by time, and enough to find the row in its partition. */
export function ledgerId(ref: LedgerRef): string {
  return `${BigInt(ref.atMicros).toString(36)}-${ref.shard}-${ref.seq}`;
}

export function parseLedgerId(id: string): LedgerRef | null {
  // No more digits than Postgres can count: 11 reach to the year 6141.
  const match = /^([0-9a-z]{1,11})-(\d{1,9})-(\d{1,15})$/.exec(id);
  if (!match) return null;
  let micros = 0n;
  for (const digit of match[1] as string) micros = micros * 36n + BigInt(parseInt(digit, 36));
  return { shard: Number(match[2]), seq: Number(match[3]), atMicros: micros.toString() };
}
