import type { KeyGeneration } from '../tree/key-chain.js';
import {
  NoteError,
  openNote,
  type NoteSigner,
  type NoteVerifier,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signNote,
} from '../tree/note.js';

// What a folder with an export holds: `manifest`, `checkpoint`, `keys.json`, `entries.ndjson`, `tile/…`
// `forgotten.json` (where rules let entries go) and `verify.mjs`. An export over HTTP is one file of lines:
// an `ExportHead`, entries, tiles (each before the first entry that needs it), `{"forgotten": …}` for each
// archive that has entries instead, and `{"manifest": …}` at its end. The file about one person also has
// lines `{"record": …}`.

/** What was exported, and what that proves. */
export interface Manifest {
  readonly origin: string;
  readonly exportedAt: string;
  readonly exportedBy: string;
  /** As it was asked for; null: no bound, or no filter. */
  readonly from: string | null;
  readonly to: string | null;
  readonly filter: Record<string, unknown> | null;
  /** The stretch of leaves that holds the time that was asked for. */
  readonly firstLeaf: number;
  readonly endLeaf: number;
  readonly entries: number;
  /** Every leaf of the stretch is there; with a filter nothing proves that none is left out. */
  readonly isWhole: boolean;
  readonly hasPeople: boolean;
  readonly treeSize: number;
  /** SHA-256 of `entries.ndjson`, of the lines with entries, or of all of a CSV before its manifest. */
  readonly entriesSha256: string;
  /** Left out: a folder. */
  readonly format?: string;
  /** It goes on after this entry of an export that was cut off. */
  readonly after?: string;
  /** The identity of the person that it is about, and of nobody else. */
  readonly person?: string;
  /** Rows that Rolecall keeps beside the log: how many lines, and their SHA-256. No leaf proves them. */
  readonly records?: number;
  readonly recordsSha256?: string;
  /** What may be kept of the person and is not in the file, in sentences. */
  readonly leftOut?: readonly string[];
}

export const EXPORT_FILE = 'rolecall/ledger-export-file/v1';

/** The first line of a file. Nothing of it is signed: the manifest says it again. */
export interface ExportHead extends Omit<
  Manifest,
  'entries' | 'entriesSha256' | 'format' | 'after' | 'records' | 'recordsSha256' | 'leftOut'
> {
  readonly export: typeof EXPORT_FILE;
  readonly after: string | null;
  readonly checkpoint: string;
  readonly keys: readonly KeyGeneration[];
}

/** A part of an entry that speaks of a person, with what its commitment is made of. */
export interface PersonPart {
  readonly part: Record<string, unknown>;
  /** In hex. */
  readonly salt: string;
}

/** One line of `entries.ndjson`. */
export interface ExportedLine {
  readonly leaf: number;
  readonly id: string;
  /** The data of the leaf. */
  readonly entry: Record<string, unknown> & {
    readonly actor?: { readonly commitment?: unknown };
    readonly subject?: unknown;
  };
  readonly actor?: PersonPart;
  readonly subject?: PersonPart;
}

type LogSigner = NoteSigner & { readonly vkey: string };

/** The first line keeps it apart from checkpoints, which begin with the log's origin. */
const STATEMENT = 'rolecall/ledger-export/v1';

/** Only Ed25519 signs text as it is; the other kinds of keys sign checkpoints. */
export function signManifest(manifest: Manifest, signers: readonly LogSigner[]): string {
  const signing = signers.filter(
    ({ vkey }) => parseVerifierKey(vkey).type === SIGNATURE_TYPES.ed25519,
  );
  return signNote(`${STATEMENT}\n${JSON.stringify(manifest)}\n`, signing);
}

export function openManifest(note: string, verifiers: readonly NoteVerifier[]): Manifest {
  const [statement, json = '', end] = openNote(note, verifiers).text.split('\n');
  if (statement !== STATEMENT || end !== '') throw new NoteError('this is not a manifest');
  return JSON.parse(json) as Manifest;
}
