import type { PersonPart } from '../export/export-format.js';
import type { PublishedKey } from '../tree/key-chain.js';
import {
  NoteError,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  parseNote,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signNote,
} from '../tree/note.js';

// A dossier is one HTML file. Its data is the JSON of a `Dossier`, in a script element that no browser
// runs; `dossier-page.ts` makes the file of it.

/** What the log's key signs about a dossier: whose session it is, and which entries are all of it. */
export interface DossierManifest {
  readonly origin: string;
  readonly madeAt: string;
  /** Null in the version for one participant. */
  readonly madeBy: string | null;
  readonly room: string;
  /** The id of the entry with which the session began. */
  readonly session: string;
  readonly startedAt: string;
  /** Null: it still ran. */
  readonly endedAt: string | null;
  /** Up to when entries were read: the end of the session, or the moment when this was made. */
  readonly until: string;
  /** The participant that this version is for; null: it is for nobody in particular. */
  readonly for: string | null;
  /** Whether everybody is named. Without, people are numbers, but for the participant that it is for. */
  readonly hasPeople: boolean;
  /** Where the entries are in the tree, in the order of time. */
  readonly leaves: readonly number[];
  /** Entries of the session that no checkpoint had yet. */
  readonly unsealed: number;
  /** Entries from before the ledger had proofs. */
  readonly beforeTree: number;
  /** Rules by which entries of the session may have gone before this was made. Left out: none has. */
  readonly forgotten?: readonly string[];
  readonly treeSize: number;
  /** The witnesses of the log's policy, for whoever knows none from elsewhere. Left out: none, or an older dossier. */
  readonly witnesses?: readonly { readonly name: string; readonly vkey: string }[];
  /** How roles are called and drawn now; the log does not have it. */
  readonly roles: readonly DossierRole[];
  /** SHA-256 of the RFC 8785 texts of the entries, each with a newline, in hex. */
  readonly entriesSha256: string;
}

export interface DossierRole {
  readonly key: string;
  readonly name: string;
  readonly color: string | null;
}

export interface DossierEntry {
  readonly leaf: number;
  readonly id: string;
  /** The data of the leaf; null: it names somebody else, so only its hash is here. */
  readonly entry: LeafData | null;
  /** The hash of the leaf in hex, where its data is left out. */
  readonly hash?: string;
  readonly actor?: PersonPart;
  readonly subject?: PersonPart;
  /** What people are called in a version that does not name them. */
  readonly by?: string;
  readonly about?: string;
  /** The inclusion proof: places in the dossier's `hashes`, from the leaf up. */
  readonly proof: readonly number[];
}

export interface LeafData {
  readonly actor?: { readonly commitment?: unknown; readonly kind?: unknown };
  readonly at: string;
  readonly kind: string;
  readonly outcome: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly reason?: string | null;
  readonly room?: string | null;
  readonly subject?: unknown;
}

export interface Dossier {
  readonly checkpoint: string;
  readonly keys: readonly PublishedKey[];
  /** In base64; proofs share them. */
  readonly hashes: readonly string[];
  readonly entries: readonly DossierEntry[];
  /** A note: `openDossierManifest` reads it. */
  readonly manifest: string;
}

/** The first line keeps it apart from checkpoints, which begin with the log's origin. */
const STATEMENT = 'rolecall/ledger-dossier/v1';

type LogSigner = NoteSigner & { readonly vkey: string };

/** Only Ed25519 signs text as it is; the other kinds of keys sign checkpoints. */
export function signDossierManifest(
  manifest: DossierManifest,
  signers: readonly LogSigner[],
): string {
  const signing = signers.filter(
    ({ vkey }) => parseVerifierKey(vkey).type === SIGNATURE_TYPES.ed25519,
  );
  return signNote(`${STATEMENT}\n${JSON.stringify(manifest)}\n`, signing);
}

export function openDossierManifest(
  note: string,
  verifiers: readonly NoteVerifier[],
): DossierManifest {
  return manifestIn(openNote(note, verifiers).text);
}

/** The same, whoever signed it: for showing it with what is wrong. */
export function readDossierManifest(note: string): DossierManifest {
  return manifestIn(parseNote(note).text);
}

function manifestIn(text: string): DossierManifest {
  const [statement, json = '', end] = text.split('\n');
  if (statement !== STATEMENT || end !== '') throw new NoteError('this is not a dossier');
  return JSON.parse(json) as DossierManifest;
}
