import { hash } from 'node:crypto';

export { canonicalJson } from '../common/canonical-json.js';

/** An entry as its columns hold it. The JSON is text, because that is what was hashed. */
export type StoredEntry = EntryOf<Uint8Array>;

/** The same as byte strings: each character of each text is one byte of its UTF-8. */
export type ByteEntry = EntryOf<string>;

interface EntryOf<Bytes> {
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
  readonly actorSalt: Bytes | null;
  readonly subjectSalt: Bytes | null;
  /** Set once the part is erased; until then it follows from the part and its salt. */
  readonly actorCommitment: Bytes | null;
  readonly subjectCommitment: Bytes | null;
}

/**
 * The data of an entry's leaf, as RFC 8785 text. `ledger_append` builds the same text in Postgres, from
 * the columns as they are stored; a test holds the two against each other.
 */
export function leafText(entry: StoredEntry): string {
  return textOfLeaf(entry, OF_BYTES);
}

/** The same as a byte string, from one. Nothing is decoded: JSON leaves bytes beyond ASCII alone. */
export function leafBytes(entry: ByteEntry): string {
  return textOfLeaf(entry, OF_BYTE_STRINGS);
}

function textOfLeaf<Bytes>(entry: EntryOf<Bytes>, form: Form<Bytes>): string {
  const actor = actorCommitmentOf(entry, form);
  const subject = subjectCommitmentOf(entry, form);
  return (
    `{"actor":{"commitment":${quoted(actor)},"kind":${textOf(entry.actorKind)}}` +
    `,"at":"${instantOf(entry.atMicros)}","kind":${textOf(entry.kind)},"outcome":${textOf(entry.outcome)}` +
    `,"payload":${entry.payload},"reason":${textOf(subject === null ? entry.reason : null)}` +
    `,"requestId":${textOf(entry.requestId)},"room":${textOf(entry.room)},"seq":${entry.seq}` +
    `,"shard":${entry.shard},"subject":${quoted(subject)},"v":1}`
  );
}

/** What the leaf says of people, in hex; null: it says nothing of one. */
export function commitmentsIn(entry: StoredEntry): {
  readonly actor: string | null;
  readonly subject: string | null;
} {
  return {
    actor: actorCommitmentOf(entry, OF_BYTES),
    subject: subjectCommitmentOf(entry, OF_BYTES),
  };
}

/** RFC 6962: SHA-256 of a zero byte and the data. */
export function leafHash(entry: StoredEntry): Buffer {
  return leafHashOfText(leafText(entry));
}

/** The same of the data. */
export function leafHashOfText(text: string): Buffer {
  return hash('sha256', `\0${text}`, 'buffer');
}

/** The same of the data, both as byte strings. */
export function leafHashOf(text: string): string {
  return hash('sha256', bytesOf(`\0${text}`), 'binary');
}

/** What the leaf says of a person. Who has part and salt can check it; without the salt it says nothing. */
export function commitmentOf(salt: Uint8Array, part: string): Buffer {
  return hash('sha256', Buffer.concat([salt, Buffer.from(part)]), 'buffer');
}

/** What differs between the two forms of an entry. */
interface Form<Bytes> {
  readonly noSalt: Bytes;
  /** In hex. */
  commitment(salt: Bytes, part: string): string;
  hex(bytes: Bytes): string;
}

const OF_BYTES: Form<Uint8Array> = {
  noSalt: new Uint8Array(0),
  commitment: (salt, part) => commitmentOf(salt, part).toString('hex'),
  hex: ({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length).toString('hex'),
};

const OF_BYTE_STRINGS: Form<string> = {
  noSalt: '',
  commitment: (salt, part) => hash('sha256', bytesOf(salt + part), 'hex'),
  hex: (bytes) => Buffer.from(bytes, 'latin1').toString('hex'),
};

let room = Buffer.allocUnsafe(16_384);

/** The bytes of a byte string, until the next call. */
function bytesOf(text: string): Uint8Array {
  if (text.length > room.length) room = Buffer.allocUnsafe(2 * text.length);
  return room.subarray(0, room.write(text, 'latin1'));
}

/** RFC 8785 text of who acted, and from where. */
export function actorPart({ actorId, ip, actorLabel }: EntryOf<unknown>): string {
  return `{"id":${textOf(actorId)},"ip":${textOf(ip)},"label":${textOf(actorLabel)}}`;
}

/** RFC 8785 text of whom the entry is about, and what it says of them. */
export function subjectPart({ identity, personal, reason }: EntryOf<unknown>): string {
  return `{"identity":${textOf(identity)},"payload":${personal ?? '{}'},"reason":${textOf(reason)}}`;
}

/** Whether the entry is about a person, so that its reason belongs to what it says of them. */
export function isOfSubject(entry: StoredEntry): boolean {
  const { identity, personal, subjectSalt, subjectCommitment } = entry;
  return [identity, personal, subjectSalt, subjectCommitment].some((part) => part !== null);
}

function actorCommitmentOf<Bytes>(entry: EntryOf<Bytes>, form: Form<Bytes>): string | null {
  const { actorId, ip, actorLabel, actorSalt, actorCommitment } = entry;
  const hasPart = actorId !== null || ip !== null || actorLabel !== null;
  return commitmentFor(form, actorCommitment, actorSalt, hasPart, entry, actorPart);
}

/** Null: the entry is about nobody. */
function subjectCommitmentOf<Bytes>(entry: EntryOf<Bytes>, form: Form<Bytes>): string | null {
  const { identity, personal, reason, subjectSalt, subjectCommitment } = entry;
  const hasPart =
    identity !== null || personal !== null || (subjectCommitment !== null && reason !== null);
  return commitmentFor(form, subjectCommitment, subjectSalt, hasPart, entry, subjectPart);
}

/**
 * A commitment speaks for itself only once part and salt are gone: else somebody could put another
 * person beside it. A part without a salt was added later. Both give a hash that no leaf has.
 */
function commitmentFor<Bytes>(
  form: Form<Bytes>,
  kept: Bytes | null,
  salt: Bytes | null,
  hasPart: boolean,
  entry: EntryOf<Bytes>,
  part: (entry: EntryOf<unknown>) => string,
): string | null {
  if (!hasPart && salt === null) return kept === null ? null : form.hex(kept);
  return form.commitment(kept ?? salt ?? form.noSalt, part(entry));
}

/** What JSON has to escape: halves of surrogate pairs too. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** RFC 8785 text of a string, as `canonicalJson` has it. */
function textOf(text: string | null): string {
  if (text === null) return 'null';
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Hex needs no escapes. */
function quoted(hex: string | null): string {
  return hex === null ? 'null' : `"${hex}"`;
}

// Entries that were written together have the same time.
let lastMicros = '';
let lastInstant = '';

export function instantOf(micros: string): string {
  if (micros === lastMicros) return lastInstant;
  const all = BigInt(micros);
  const seconds = new Date(Number(all / 1_000_000n) * 1_000).toISOString().slice(0, 19);
  lastInstant = `${seconds}.${(all % 1_000_000n).toString().padStart(6, '0')}Z`;
  lastMicros = micros;
  return lastInstant;
}
