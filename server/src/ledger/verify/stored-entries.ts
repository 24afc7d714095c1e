import type { StoredEntry } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';
import { leafHash } from '../leaf.js';

/** An entry as it is in the table now. */
export interface FoundEntry {
  readonly entry: StoredEntry;
  /** Of the columns as they are. */
  readonly hash: Buffer;
  /** As it was stored with the entry. */
  readonly storedHash: Buffer | null;
}

/** In the order of `toFoundEntry`. The session has ISO dates and UTC. */
export const ENTRY_COLUMNS = `shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, ip,
  room, identity, request_id, reason, payload, personal, actor_salt, subject_salt,
  actor_commitment, subject_commitment, leaf_hash`;

/** Needed by whoever reads `ENTRY_COLUMNS` as text. */
export const TEXT_FORMATS = `SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC';
  SET LOCAL bytea_output = 'hex'`;

export function toFoundEntry(row: readonly (string | null)[]): FoundEntry {
  const entry: StoredEntry = {
    shard: Number(row[0]),
    seq: Number(row[1]),
    atMicros: microsOf(row[2] as string),
    kind: row[3] as string,
    outcome: row[4] as string,
    actorKind: row[5] as string,
    actorId: row[6] ?? null,
    actorLabel: row[7] ?? null,
    ip: row[8] ?? null,
    room: row[9] ?? null,
    identity: row[10] ?? null,
    requestId: row[11] ?? null,
    reason: row[12] ?? null,
    payload: row[13] as string,
    personal: row[14] ?? null,
    actorSalt: bytesOf(row[15]),
    subjectSalt: bytesOf(row[16]),
    actorCommitment: bytesOf(row[17]),
    subjectCommitment: bytesOf(row[18]),
  };
  return {
    entry,
    hash: leafHash(entry),
    storedHash: bytesOf(row[19]),
  };
}

export function idOf({ entry }: FoundEntry): string {
  return ledgerId(entry);
}

function bytesOf(hex: string | null | undefined): Buffer | null {
  return hex == null ? null : Buffer.from(hex.slice(2), 'hex');
}

let lastText = '';
let lastMicros = '';

/** Entries that were written together have the same time. */
function microsOf(text: string): string {
  if (text === lastText) return lastMicros;
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text);
  // A time that is none, such as infinity, gives an entry whose hash is wrong.
  const seconds = match ? Date.parse(`${match[1]}T${match[2]}Z`) / 1000 : 0;
  lastMicros = String(seconds * 1_000_000 + Number((match?.[3] ?? '').padEnd(6, '0')));
  lastText = text;
  return lastMicros;
}
