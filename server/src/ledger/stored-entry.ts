import type { StoredEntry } from './leaf.js';

/** What `toStoredEntry` reads: entries as their columns hold them, JSON as text. */
export const STORED_COLUMNS = `shard, seq, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, kind,
  outcome, actor_kind, actor_id, actor_label, ip, room, identity, request_id, reason,
  payload::text AS payload, personal::text AS personal, actor_salt, subject_salt, actor_commitment,
  subject_commitment, leaf_hash`;

export interface StoredRow {
  shard: number;
  seq: string;
  at_us: string;
  kind: string;
  outcome: string;
  actor_kind: string;
  actor_id: string | null;
  actor_label: string | null;
  ip: string | null;
  room: string | null;
  identity: string | null;
  request_id: string | null;
  reason: string | null;
  payload: string;
  personal: string | null;
  actor_salt: Buffer | null;
  subject_salt: Buffer | null;
  actor_commitment: Buffer | null;
  subject_commitment: Buffer | null;
  /** Null: the entry is from before there were leaves. */
  leaf_hash: Buffer | null;
}

export function toStoredEntry(row: StoredRow): StoredEntry {
  return {
    shard: row.shard,
    seq: Number(row.seq),
    atMicros: row.at_us,
    kind: row.kind,
    outcome: row.outcome,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    actorLabel: row.actor_label,
    ip: row.ip,
    room: row.room,
    identity: row.identity,
    requestId: row.request_id,
    reason: row.reason,
    payload: row.payload,
    personal: row.personal,
    actorSalt: row.actor_salt,
    subjectSalt: row.subject_salt,
    actorCommitment: row.actor_commitment,
    subjectCommitment: row.subject_commitment,
  };
}
