import type { ByteEntry } from './leaf.js';

// Entries as Postgres sends them in binary, in one long text of bytes: nothing is decoded.

export interface EntryRow {
  readonly entry: ByteEntry;
  /** As it was stored with the entry, as a byte string; null: the entry has no leaf. */
  readonly storedHash: string | null;
}

/** In the order of `readEntry`. */
export const ENTRY_COLUMNS = `shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, ip,
  room, identity, request_id, reason, payload, personal, actor_salt, subject_salt,
  actor_commitment, subject_commitment, leaf_hash`;

/** A row of binary COPY: the number of fields, then each with its length before it. */
const COPIED = { first: 2, before: 4 } as const;
/** A row of `record_send`: the number of fields, then each with its type and length before it. */
const SENT = { first: 4, before: 8 } as const;

export function shardOf(row: Buffer): number {
  return row.readInt32BE(COPIED.first + COPIED.before);
}

export function seqOf(row: Buffer): number {
  return int64At(row, COPIED.first + 2 * COPIED.before + 4);
}

/** Of a row of binary COPY. */
export function readEntry(row: Buffer): EntryRow {
  return new RowReader(row, COPIED.before, COPIED.first).entry();
}

/** Of a row of `record_send`, with a leaf's number before the entry's columns. */
export function readSentEntry(row: Buffer): EntryRow & { readonly leaf: number } {
  const reader = new RowReader(row, SENT.before, SENT.first);
  const leaf = reader.int64();
  return { leaf, ...reader.entry() };
}

function int64At(row: Buffer, at: number): number {
  return row.readInt32BE(at) * 2 ** 32 + row.readUInt32BE(at + 4);
}

class RowReader {
  private readonly bytes: string;

  constructor(
    private readonly row: Buffer,
    /** Bytes before a field, of which the last four are its length. */
    private readonly before: number,
    private at: number,
  ) {
    this.bytes = row.toString('latin1');
  }

  int64(): number {
    const at = this.at + this.before;
    this.at = at + 8;
    return int64At(this.row, at);
  }

  entry(): EntryRow {
    const shard = this.row.readInt32BE(this.at + this.before);
    this.at += this.before + 4;
    // In the order of the columns.
    const entry: ByteEntry = {
      shard,
      seq: this.int64(),
      atMicros: microsText(this.int64()),
      kind: this.text() as string,
      outcome: this.text() as string,
      actorKind: this.text() as string,
      actorId: this.text(),
      actorLabel: this.text(),
      ip: this.text(),
      room: this.text(),
      identity: this.text(),
      requestId: this.text(),
      reason: this.text(),
      payload: this.text() as string,
      personal: this.text(),
      actorSalt: this.text(),
      subjectSalt: this.text(),
      actorCommitment: this.text(),
      subjectCommitment: this.text(),
    };
    return { entry, storedHash: this.text() };
  }

  private text(): string | null {
    const start = this.at + this.before;
    const length = this.row.readInt32BE(start - 4);
    if (length < 0) {
      this.at = start;
      return null;
    }
    this.at = start + length;
    return this.bytes.substring(start, this.at);
  }
}

/** 2000-01-01, from which Postgres counts. */
const EPOCH_MICROS = 946_684_800_000_000;

let lastTime = NaN;
let lastText = '';

/**
 * Since 1970; entries that were written together have the same time. A time that is none, such as
 * infinity, gives an entry whose hash is wrong.
 */
function microsText(time: number): string {
  if (time === lastTime) return lastText;
  const micros = time + EPOCH_MICROS;
  lastText = Number.isSafeInteger(micros) && micros >= 0 ? String(micros) : '0';
  lastTime = time;
  return lastText;
}
