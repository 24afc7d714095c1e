import type { ActorKind } from '../grants/policy.js';
import { ledgerId } from './ledger-entry.js';
import { encodeCursor, type ErasedPart } from './ledger.schemas.js';

/** An entry as `COLUMNS` read it. */
export interface EntryRow {
  shard: number;
  seq: string;
  at: Date;
  at_us: string;
  kind: string;
  outcome: string;
  actor_kind: ActorKind;
  actor_id: string | null;
  actor_label: string | null;
  room: string | null;
  identity: string | null;
  request_id: string | null;
  ip: string | null;
  reason: string | null;
  payload: Record<string, unknown>;
  personal: Record<string, unknown> | null;
  is_actor_erased: boolean;
  is_subject_erased: boolean;
}

/** What `toView` reads. */
export const COLUMNS = `shard, seq, at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, kind, outcome,
  actor_kind, actor_id, actor_label, room, identity, request_id, ip, reason, payload, personal,
  actor_commitment IS NOT NULL AS is_actor_erased,
  subject_commitment IS NOT NULL AS is_subject_erased`;

/** What is shown in place of the label of an actor who was erased. */
const ERASED = 'erased';

export type EntryView = ReturnType<typeof toView>;

function erasedParts(row: EntryRow): ErasedPart[] {
  return [
    ...(row.is_actor_erased ? (['actor'] as const) : []),
    ...(row.is_subject_erased ? (['subject'] as const) : []),
  ];
}

/** Where a page ends, or begins. */
export function cursorAt(
  way: 'next' | 'prev',
  row: Pick<EntryRow, 'at_us' | 'shard' | 'seq'>,
): string {
  return encodeCursor({ way, atMicros: row.at_us, shard: row.shard, seq: Number(row.seq) });
}

/** An entry as the API shows it. */
export function toView(row: EntryRow) {
  return {
    id: ledgerId({ shard: row.shard, seq: Number(row.seq), atMicros: row.at_us }),
    shard: row.shard,
    seq: Number(row.seq),
    at: row.at,
    kind: row.kind,
    outcome: row.outcome,
    actor: { kind: row.actor_kind, id: row.actor_id, label: row.actor_label ?? ERASED },
    room: row.room,
    identity: row.identity,
    requestId: row.request_id,
    ip: row.ip,
    reason: row.reason,
    payload: row.personal ? { ...row.payload, ...row.personal } : row.payload,
    erased: erasedParts(row),
  };
}
