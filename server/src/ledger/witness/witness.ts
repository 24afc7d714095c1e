import { areEqual, toBase64 } from '../tree/bytes.js';
import { type Checkpoint, parseCheckpoint } from '../tree/checkpoint.js';
import { verifyConsistency } from '../tree/merkle.js';
import {
  formatNote,
  formatSignature,
  type Note,
  NoteError,
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
  parseNote,
} from '../tree/note.js';
import { treeHasher } from '../tree/sha256.js';
import { parseAddCheckpoint } from './add-checkpoint.js';
import { originHash, type WitnessState } from './witness-state.js';

export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

interface Dependencies {
  /** One for each kind of cosignature that is given. */
  readonly signers: readonly NoteSigner[];
  /** The keys of the logs that are witnessed; read for each request, so that keys can be added. */
  readonly logKeys: () => readonly NoteVerifier[];
  readonly state: WitnessState;
}

/**
 * A witness as https://c2sp.org/tlog-witness has it: cosigns a checkpoint only when it continues the
 * one that it cosigned last of the same log.
 */
export class Witness {
  /** The last request for each log: checking the old size and keeping the new one are one step. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(private readonly given: Dependencies) {}

  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    const request = parseAddCheckpoint(body);
    if (!request) return refusal(400, 'the request is malformed');
    let note: Note;
    let checkpoint: Checkpoint;
    try {
      note = parseNote(request.note);
      checkpoint = parseCheckpoint(note.text);
    } catch (error) {
      if (error instanceof NoteError) return refusal(400, error.message);
      throw error;
    }
    const keys = this.given.logKeys().filter(({ name }) => name === checkpoint.origin);
    if (keys.length === 0) return refusal(404, 'this witness does not know the log');
    const signatures = verifiedOf(note, keys);
    if (!signatures) return refusal(403, 'the checkpoint is not signed by a key of the log');
    const { oldSize, proof } = request;
    if (oldSize > checkpoint.size) return refusal(400, 'the old size is larger than the new one');
    return this.inTurn(checkpoint.origin, () =>
      this.cosign(checkpoint, { text: note.text, signatures }, oldSize, proof),
    );
  }

  /** The newest checkpoint that was cosigned of a log, by the hash of its origin. */
  checkpointOf(hash: string): string | null {
    return this.given.state.read(hash);
  }

  private async cosign(
    checkpoint: Checkpoint,
    note: Note,
    oldSize: number,
    proof: readonly Uint8Array[],
  ): Promise<WitnessAnswer> {
    const hash = originHash(checkpoint.origin);
    const last = this.lastOf(hash);
    if (oldSize !== (last?.size ?? 0)) {
      return { status: 409, type: 'text/x.tlog.size', body: `${last?.size ?? 0}\n` };
    }
    const problem = continues(last, checkpoint, proof);
    if (problem) return refusal(422, problem);
    const signatures = this.given.signers.map((signer) => ({
      name: signer.name,
      keyId: signer.keyId,
      bytes: signer.sign(note.text),
    }));
    const cosigned = { text: note.text, signatures: [...note.signatures, ...signatures] };
    // A replay costs no write: what is on disk says the same.
    if (!this.hasKept(hash, note)) await this.given.state.write(hash, formatNote(cosigned));
    const lines = signatures.map(formatSignature).join('');
    return { status: 200, type: 'text/plain; charset=utf-8', body: lines };
  }

  private lastOf(hash: string): Checkpoint | null {
    const note = this.given.state.read(hash);
    return note === null ? null : parseCheckpoint(parseNote(note).text);
  }

  /** Whether the last note is about the same checkpoint, with the signatures of the same keys. */
  private hasKept(hash: string, { text, signatures }: Note): boolean {
    const last = this.given.state.read(hash);
    if (last === null) return false;
    const kept = parseNote(last);
    return (
      kept.text === text &&
      signatures.every(({ name, keyId }) =>
        kept.signatures.some((one) => one.name === name && one.keyId === keyId),
      )
    );
  }

  private inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(origin) ?? Promise.resolve()).then(work, work);
    this.turns.set(origin, turn);
    return turn;
  }
}

/**
 * One signature of each known key; null when there is none, or one of them is wrong. Anybody can
 * repeat a line of a public checkpoint, and a note with too many could not be read again.
 */
function verifiedOf({ text, signatures }: Note, keys: readonly NoteVerifier[]) {
  const verified = new Map<NoteVerifier, NoteSignature>();
  for (const signature of signatures) {
    const key = keys.find(
      ({ name, keyId }) => name === signature.name && keyId === signature.keyId,
    );
    if (!key || verified.has(key)) continue;
    if (!key.verify(text, signature.bytes)) return null;
    verified.set(key, signature);
  }
  return verified.size > 0 ? [...verified.values()] : null;
}

/** Why the checkpoint does not continue the last one; null: it does. */
function continues(
  last: Checkpoint | null,
  next: Checkpoint,
  proof: readonly Uint8Array[],
): string | null {
  if (next.size === 0 && !areEqual(next.root, treeHasher.emptyRoot)) {
    return 'the root is not that of an empty tree';
  }
  const older = last ?? { size: 0, root: treeHasher.emptyRoot };
  if (older.size === next.size && !areEqual(older.root, next.root)) {
    return `another root was cosigned for this size: ${toBase64(older.root)}`;
  }
  return verifyConsistency(treeHasher, older, next, proof)
    ? null
    : 'the proof does not show that the tree only grew';
}

function refusal(status: number, problem: string): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${problem}\n` };
}
