import { hash } from 'node:crypto';
import { type ByteEntry, leafBytes } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';

/** A row of `ENTRY_COLUMNS`. */
export interface EntryRow {
  readonly entry: ByteEntry;
  /** As it was stored with the entry, as a byte string. */
  readonly storedHash: string | null;
}

/** An entry as it is in the table now. */
export interface FoundEntry {
  readonly entry: ByteEntry;
  /** The data of its leaf. */
  readonly text: string;
  /** Of the columns as they are. */
  readonly hash: Buffer;
  /** As it was stored with the entry. */
  readonly storedHash: Buffer | null;
}

/** In the order of `readEntry`: binary COPY sends their lengths, and no types. */
export const ENTRY_COLUMNS = `shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, ip,
  room, identity, request_id, reason, payload, personal, actor_salt, subject_salt,
  actor_commitment, subject_commitment, leaf_hash`;

/** After the number of fields, and the length of each. */
const SHARD_AT = 6;
const SEQ_AT = 14;
const TIME_AT = 26;
const TEXTS_AT = 34;

export function shardOf(row: Buffer): number {
  return row.readInt32BE(SHARD_AT);
}

export function seqOf(row: Buffer): number {
  return row.readInt32BE(SEQ_AT) * 2 ** 32 + row.readUInt32BE(SEQ_AT + 4);
}

/** 2000-01-01, from which Postgres counts. */
const EPOCH_MICROS = 946_684_800_000_000;

/** Microseconds since 1970. A time that is none, such as infinity, gives an entry whose hash is wrong. */
export function microsOf(row: Buffer): number {
  const micros = row.readInt32BE(TIME_AT) * 2 ** 32 + row.readUInt32BE(TIME_AT + 4) + EPOCH_MICROS;
  return Number.isSafeInteger(micros) && micros >= 0 ? micros : 0;
}

let lastMicros = -1;
let lastText = '';

/** Entries that were written together have the same time. */
function microsText(micros: number): string {
  if (micros !== lastMicros) [lastMicros, lastText] = [micros, String(micros)];
  return lastText;
}

export function readEntry(row: Buffer): EntryRow {
  const bytes = row.toString('latin1');
  let at = TEXTS_AT;
  const next = (): string | null => {
    const length = row.readInt32BE(at);
    const start = at + 4;
    if (length < 0) {
      at = start;
      return null;
    }
    at = start + length;
    return bytes.substring(start, at);
  };
  // In the order of the columns.
  const entry: ByteEntry = {
    shard: shardOf(row),
    seq: seqOf(row),
    atMicros: microsText(microsOf(row)),
    kind: next() as string,
    outcome: next() as string,
    actorKind: next() as string,
    actorId: next(),
    actorLabel: next(),
    ip: next(),
    room: next(),
    identity: next(),
    requestId: next(),
    reason: next(),
    payload: next() as string,
    personal: next(),
    actorSalt: next(),
    subjectSalt: next(),
    actorCommitment: next(),
    subjectCommitment: next(),
  };
  return { entry, storedHash: next() };
}

export function toFoundEntry(row: Buffer): FoundEntry {
  const { entry, storedHash } = readEntry(row);
  const data = Buffer.from(leafBytes(entry), 'latin1');
  return {
    entry,
    text: data.toString('utf8'),
    hash: hash('sha256', Buffer.concat([Buffer.of(0), data]), 'buffer'),
    storedHash: storedHash === null ? null : Buffer.from(storedHash, 'latin1'),
  };
}

export function idOf({ entry }: EntryRow | FoundEntry): string {
  return ledgerId(entry);
}
