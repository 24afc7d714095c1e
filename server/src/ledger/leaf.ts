import { hash } from 'node:crypto';

export { canonicalJson } from '../common/canonical-json.js';

/** An entry as its columns hold it. The JSON is text, because that is what was hashed. */
export interface StoredEntry {
  readonly shard: number;
  readonly seq: number;
  /** Microseconds since the epoch. */
  readonly atMicros: string;
  readonly kind: string;
  readonly outcome: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  /** Null once the part is erased. */
  readonly actorLabel: string | null;
  readonly ip: string | null;
  readonly room: string | null;
  readonly identity: string | null;
  readonly requestId: string | null;
  readonly reason: string | null;
  /** What speaks of nobody, as canonical JSON. */
  readonly payload: string;
  /** What speaks of a person, as canonical JSON; null: nothing does, or it is erased. */
  readonly personal: string | null;
  readonly actorSalt: Uint8Array | null;
  readonly subjectSalt: Uint8Array | null;
  /** Set once the part is erased; until then it follows from the part and its salt. */
  readonly actorCommitment: Uint8Array | null;
  readonly subjectCommitment: Uint8Array | null;
}

/**
 * The data of an entry's leaf, as RFC 8785 text. `ledger_append` builds the same text in Postgres, from
 * the columns as they are stored; a test holds the two against each other.
 */
export function leafText(entry: StoredEntry): string {
  const actor = actorCommitmentOf(entry);
  const subject = subjectCommitmentOf(entry);
  return (
    `{"actor":{"commitment":${textOf(hex(actor))},"kind":${textOf(entry.actorKind)}}` +
    `,"at":"${instantOf(entry.atMicros)}","kind":${textOf(entry.kind)},"outcome":${textOf(entry.outcome)}` +
    `,"payload":${entry.payload},"reason":${textOf(subject ? null : entry.reason)}` +
    `,"requestId":${textOf(entry.requestId)},"room":${textOf(entry.room)},"seq":${entry.seq}` +
    `,"shard":${entry.shard},"subject":${textOf(hex(subject))},"v":1}`
  );
}

const NO_SALT = new Uint8Array(0);

/** RFC 6962: SHA-256 of a zero byte and the data. */
export function leafHash(entry: StoredEntry): Buffer {
  return hash('sha256', `\0${leafText(entry)}`, 'buffer');
}

/** What the leaf says of a person. Who has part and salt can check it; without the salt it says nothing. */
export function commitmentOf(salt: Uint8Array, part: string): Buffer {
  return hash('sha256', Buffer.concat([salt, Buffer.from(part)]), 'buffer');
}

/** RFC 8785 text of who acted, and from where. */
export function actorPart({ actorId, ip, actorLabel }: StoredEntry): string {
  return `{"id":${textOf(actorId)},"ip":${textOf(ip)},"label":${textOf(actorLabel)}}`;
}

/** RFC 8785 text of whom the entry is about, and what it says of them. */
export function subjectPart({ identity, personal, reason }: StoredEntry): string {
  return `{"identity":${textOf(identity)},"payload":${personal ?? '{}'},"reason":${textOf(reason)}}`;
}

function actorCommitmentOf(entry: StoredEntry): Uint8Array | null {
  const { actorId, ip, actorLabel, actorSalt, actorCommitment } = entry;
  const hasPart = actorId !== null || ip !== null || actorLabel !== null;
  return commitmentFor(actorCommitment, actorSalt, hasPart, () => actorPart(entry));
}

/** Null: the entry is about nobody. */
function subjectCommitmentOf(entry: StoredEntry): Uint8Array | null {
  const { identity, personal, reason, subjectSalt, subjectCommitment } = entry;
  const hasPart =
    identity !== null || personal !== null || (subjectCommitment !== null && reason !== null);
  return commitmentFor(subjectCommitment, subjectSalt, hasPart, () => subjectPart(entry));
}

/**
 * A commitment speaks for itself only once part and salt are gone: else somebody could put another
 * person beside it. A part without a salt was added later. Both give a hash that no leaf has.
 */
function commitmentFor(
  kept: Uint8Array | null,
  salt: Uint8Array | null,
  hasPart: boolean,
  part: () => string,
): Uint8Array | null {
  if (kept && !hasPart && !salt) return kept;
  if (!kept && !hasPart && !salt) return null;
  return commitmentOf(kept ?? salt ?? NO_SALT, part());
}

/** RFC 8785 text of a string, as `canonicalJson` has it. */
function textOf(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}

function hex(bytes: Uint8Array | null): string | null {
  if (!bytes) return null;
  const { buffer, byteOffset, length } = bytes;
  return Buffer.from(buffer, byteOffset, length).toString('hex');
}

// Entries that were written together have the same time.
let lastMicros = '';
let lastInstant = '';

function instantOf(micros: string): string {
  if (micros === lastMicros) return lastInstant;
  const all = BigInt(micros);
  const seconds = new Date(Number(all / 1_000_000n) * 1_000).toISOString().slice(0, 19);
  lastInstant = `${seconds}.${(all % 1_000_000n).toString().padStart(6, '0')}Z`;
  lastMicros = micros;
  return lastInstant;
}
