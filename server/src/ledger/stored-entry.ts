import type { StoredEntry } from './leaf.js';

/** What `toStoredEntry` reads: entries as their columns hold them, JSON as text. */
export const STORED_COLUMNS = `shard, seq, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, kind,
  outcome, actor_kind, actor_id, actor_label, ip, room, identity, request_id, reason,
  payload::text AS payload, personal::text AS personal, actor_salt, subject_salt, actor_commitment,
  subject_commitment, leaf_hash`;

const WITHOUT_PAYLOAD = `shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, ip, room, identity,
  request_id, reason, actor_salt, subject_salt, actor_commitment, subject_commitment, leaf_hash`;

/** What an entry is counted as, in bytes, beside its payload. */
const BESIDE_PAYLOAD = 500;

/**
 * SQL with `STORED_COLUMNS`, `at` and the other columns of `entries` in \`also\`, for the entries that
 * the query \`entries\` finds. As soon as those before in the order of time have so many bytes,
 * \`payload\` is null and the entry has to be read again: a few long entries do not take all memory.
 */
export function storedWithin(entries: string, mostBytes: string): string {
  const isWithin = `(bytes <= ${mostBytes} OR place = 1)`;
  return `SELECT ${STORED_COLUMNS}, at FROM (
    SELECT ${WITHOUT_PAYLOAD}, CASE WHEN ${isWithin} THEN payload END AS payload,
      CASE WHEN ${isWithin} THEN personal END AS personal
    FROM (
      SELECT *, row_number() OVER in_time AS place,
        sum(octet_length(payload::text) + coalesce(octet_length(personal::text), 0)
          + ${BESIDE_PAYLOAD}) OVER in_time AS bytes
      FROM (${entries}) AS found
      WINDOW in_time AS (ORDER BY at, shard, seq ROWS UNBOUNDED PRECEDING)) AS measured) AS within`;
}

/** A row of `storedWithin`; without a payload it is beyond the bytes. */
export type StoredRowWithin = Omit<StoredRow, 'payload'> & { payload: string | null };

export function isWithin<R extends StoredRowWithin>(row: R): row is R & { payload: string } {
  return row.payload !== null;
}

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
