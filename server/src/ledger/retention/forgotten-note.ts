import { fromBase64, toBase64 } from '../tree/bytes.js';
import { HASH_LENGTH, type TreeHasher } from '../tree/merkle.js';
import {
  NoteError,
  openNote,
  type NoteSigner,
  type NoteVerifier,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signNote,
} from '../tree/note.js';
import { TreeEdge } from '../tree/tree-edge.js';

/** The rule by which entries were forgotten, as it was then. */
export interface ForgottenBy {
  readonly id: string;
  readonly group: string | null;
  readonly kinds: readonly string[] | null;
  readonly rooms: string | null;
  readonly keepDays: number;
}

/** What the log signs of an archive, before its entries leave the database. */
export interface ForgottenNote {
  readonly origin: string;
  readonly archive: string;
  readonly rule: ForgottenBy;
  readonly firstLeaf: number;
  readonly endLeaf: number;
  /** A bit for each leaf from the first on, the lowest bit of a byte first; base64. */
  readonly leaves: string;
  readonly entries: number;
  /** The times of the oldest and the newest one. */
  readonly from: string;
  readonly to: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The RFC 6962 root over the hashes of these leaves alone, in hex. */
  readonly root: string;
  readonly archivedAt: string;
}

/** The first line keeps it apart from checkpoints and from manifests. */
const STATEMENT = 'rolecall/ledger-forgotten/v1';
/** Leaves that one archive can be about. */
export const ARCHIVE_LEAVES = 16_384;

/** A name that says what is in it: archives sort by their leaves. */
export function archiveFile(id: string, firstLeaf: number): string {
  return `ledger-${String(firstLeaf).padStart(12, '0')}-${id}.ndjson`;
}

type LogSigner = NoteSigner & { readonly vkey: string };

/** Only Ed25519 signs text as it is; the other kinds of keys sign checkpoints. */
export function signForgotten(note: ForgottenNote, signers: readonly LogSigner[]): string {
  const signing = signers.filter(
    ({ vkey }) => parseVerifierKey(vkey).type === SIGNATURE_TYPES.ed25519,
  );
  return signNote(`${STATEMENT}\n${JSON.stringify(note)}\n`, signing);
}

/** Throws `NoteError` when no known key has signed it, or it is about something else. */
export function openForgotten(note: string, verifiers: readonly NoteVerifier[]): ForgottenNote {
  const [statement, json = '', end] = openNote(note, verifiers).text.split('\n');
  if (statement !== STATEMENT || end !== '') throw new NoteError('this is not about an archive');
  const said = JSON.parse(json) as ForgottenNote;
  leavesIn(said);
  return said;
}

/** The leaves that a note is about, in order. Throws `NoteError` when they do not add up. */
export function leavesIn({
  firstLeaf,
  endLeaf,
  leaves,
  entries,
}: Pick<ForgottenNote, 'firstLeaf' | 'endLeaf' | 'leaves' | 'entries'>): number[] {
  const bits = fromBase64(leaves);
  const isRange =
    Number.isSafeInteger(firstLeaf) && firstLeaf >= 0 && endLeaf - firstLeaf <= ARCHIVE_LEAVES;
  if (!bits || !isRange || bits.length * 8 !== endLeaf - firstLeaf) {
    throw new NoteError('the leaves of an archive do not add up');
  }
  const found: number[] = [];
  bits.forEach((byte, i) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) found.push(firstLeaf + i * 8 + bit);
  });
  if (found.length !== entries) throw new NoteError('the leaves of an archive do not add up');
  return found;
}

export function bitsOf(leaves: readonly number[], firstLeaf: number, endLeaf: number): Uint8Array {
  const bits = new Uint8Array((endLeaf - firstLeaf) / 8);
  for (const leaf of leaves) {
    const place = leaf - firstLeaf;
    bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place % 8));
  }
  return bits;
}

export function leavesText(bits: Uint8Array): string {
  return toBase64(bits);
}

/** The root over the hashes of the leaves of an archive, 32 bytes each. */
export class ArchiveRoot {
  private readonly edge: TreeEdge;

  constructor(hasher: TreeHasher) {
    this.edge = new TreeEdge(hasher);
  }

  add(leafHash: Uint8Array): void {
    if (leafHash.length !== HASH_LENGTH) throw new NoteError('the hash of a leaf has 32 bytes');
    this.edge.append([leafHash]);
  }

  root(): Uint8Array {
    return this.edge.root();
  }
}

/** In words: `forgotten by rule 3f2a… (tokens in lab-*, 90 days)`. */
export function ruleText({ id, group, kinds, rooms, keepDays }: ForgottenBy): string {
  const what = group ?? (kinds ? kinds.join(', ') : 'all kinds');
  const where = rooms === null ? '' : ` in ${rooms}`;
  return `rule ${id} (${what}${where}, ${keepDays} days)`;
}
