import { canonicalJson } from '../../common/canonical-json.js';
import { fromPrintableJson } from '../../common/printable.js';
import { rawMember } from '../../common/raw-json.js';
import { areEqual, concat, fromHex, fromText, toHex, toText } from '../tree/bytes.js';
import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import { type KeyGeneration, keysToTrust } from '../tree/key-chain.js';
import { HASH_LENGTH, type Sha256, TreeHasher } from '../tree/merkle.js';
import {
  formatVerifierKey,
  NoteError,
  type NoteVerifier,
  parseVerifierKey,
  SIGNATURE_TYPES,
} from '../tree/note.js';
import { verifiersOf } from '../tree/note-keys.js';
import { splitHashes, TILE_WIDTH, tilePath } from '../tree/tiles.js';
import { AuthenticTiles } from '../verify/authentic-tiles.js';
import { leavesIn, openForgotten } from '../retention/forgotten-note.js';
import { type Finding, hashText } from '../verify/finding.js';
import { cosignedBy } from '../witness/cosigned.js';
import type { WitnessPolicy } from '../witness/policy.js';
import {
  type ExportedLine,
  type Manifest,
  openManifest,
  type PersonPart,
} from './export-format.js';

export interface ExportFiles {
  /** Null: the folder has no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** The lines of `entries.ndjson`, and their SHA-256 in hex afterwards. */
  lines(): { lines: AsyncIterable<string>; sum: () => string };
  /** Lines with rows beside the log, once `lines` were read, and their SHA-256 in hex. Left out: none. */
  records?(): { readonly count: number; readonly sum: string };
  /** Of parts that were cut off and continued: what the first one begins with. Left out: one part. */
  readonly firstLeaf?: number;
  readonly parts?: number;
  /** Whether every part says so. */
  readonly isWhole?: boolean;
}

/** What is known of the log from elsewhere. */
export interface Pins {
  /** Verifier keys. Only those that are the log's, and keys that follow from them, are trusted. */
  readonly vkeys: readonly string[];
  readonly policy: WitnessPolicy | null;
}

export interface ExportReport {
  readonly manifest: Manifest | null;
  readonly checkpoint: Checkpoint | null;
  readonly entries: number;
  /** Parts that speak of people: proved, and committed to but not there. */
  readonly people: { readonly proved: number; readonly absent: number };
  /** Leaves whose entries a rule had let go, as the log has signed. */
  readonly forgotten: number;
  /** What is wrong beside the entries. */
  readonly problems: readonly string[];
  readonly finding: Finding | null;
  readonly isCosigned: boolean;
  /** The leaf that it begins with. */
  readonly firstLeaf: number;
  /** How many parts it was made of; 1: it was never cut off. */
  readonly parts: number;
  readonly isWhole: boolean;
  /** False: nothing from elsewhere says whose log it is. */
  readonly isPinned: boolean;
}

/** Proves what a folder with an export says, from its files alone. */
export async function checkExport(
  files: ExportFiles,
  sha256: Sha256,
  pins: Pins,
): Promise<ExportReport> {
  const check = new ExportCheck(files, sha256, pins);
  try {
    await check.run();
  } catch (error) {
    check.problems.push((error as Error).message);
  }
  return check.report();
}

class ExportCheck {
  readonly problems: string[] = [];
  private readonly hasher: TreeHasher;
  private manifest: Manifest | null = null;
  private checkpoint: Checkpoint | null = null;
  private finding: Finding | null = null;
  private isCosigned = false;
  private entries = 0;
  private proved = 0;
  private absent = 0;
  private readonly forgotten = new Set<number>();
  private missing = 0;

  /** Keys of the log from elsewhere. */
  private readonly known: readonly string[];

  constructor(
    private readonly files: ExportFiles,
    private readonly sha256: Sha256,
    private readonly pins: Pins,
  ) {
    this.hasher = new TreeHasher(sha256);
    const logs = pins.policy?.logs ?? [];
    this.known = [...pins.vkeys, ...logs.map(({ key }) => formatVerifierKey(key))];
  }

  async run(): Promise<void> {
    const { origin, verifiers } = await this.readKeys();
    const manifest = await this.open('manifest', (note) => openManifest(note, verifiers));
    if (manifest.origin !== origin) throw new Error('the manifest names another log than its keys');
    this.manifest = manifest;
    const checkpoint = await this.open('checkpoint', (note) =>
      openCheckpoint(note, origin, verifiers),
    );
    this.checkpoint = checkpoint;
    if (checkpoint.size !== manifest.treeSize) {
      throw new Error('the checkpoint is not the one that the manifest names');
    }
    this.checkCosignatures(await this.readText('checkpoint'), checkpoint.size);
    await this.readForgotten(origin, verifiers);
    await this.checkEntries(manifest, checkpoint);
  }

  report(): ExportReport {
    const { manifest, checkpoint, entries, problems, finding, isCosigned } = this;
    const people = { proved: this.proved, absent: this.absent };
    const { policy } = this.pins;
    const isPinned = this.known.length > 0 || (policy !== null && policy.quorum !== 'none');
    const isWhole = manifest?.isWhole === true && this.files.isWhole !== false;
    return {
      manifest,
      checkpoint,
      entries,
      people,
      forgotten: this.missing,
      problems,
      finding,
      isCosigned,
      firstLeaf: earlierLeaf(this.files.firstLeaf, manifest?.firstLeaf ?? 0),
      parts: this.files.parts ?? 1,
      isWhole,
      isPinned,
    };
  }

  /** The keys that may have signed: all that the export brings, unless some are known from elsewhere. */
  private async readKeys(): Promise<{ origin: string; verifiers: NoteVerifier[] }> {
    const generations = JSON.parse(await this.readText('keys.json')) as KeyGeneration[];
    const vkeys = generations.flatMap((generation) => generation.vkeys);
    const { name: origin } = parseVerifierKey(vkeys[0] ?? '');
    const { known } = this;
    const own = known.filter((vkey) => vkeys.includes(vkey));
    if (known.length > 0 && own.length === 0) {
      throw new Error('the export is signed by keys of another log than the one that was given');
    }
    const { ed25519 } = SIGNATURE_TYPES;
    if (own.length > 0 && !own.some((vkey) => parseVerifierKey(vkey).type === ed25519)) {
      throw new Error(
        'only ML-DSA keys of the log were given, and these sign checkpoints alone: give its Ed25519 key as well',
      );
    }
    const trusted = keysToTrust(origin, generations, known.length > 0 ? own : null, verifiersOf);
    return { origin, verifiers: verifiersOf(trusted) };
  }

  /** An export of everything has no entries in the place of those that a rule had let go. */
  private async readForgotten(origin: string, verifiers: NoteVerifier[]): Promise<void> {
    const bytes = await this.files.read('forgotten.json');
    if (!bytes) return;
    for (const note of JSON.parse(toText(bytes) ?? '') as string[]) {
      try {
        const said = openForgotten(note, verifiers);
        if (said.origin !== origin) throw new NoteError('it is of another log');
        for (const leaf of leavesIn(said)) this.forgotten.add(leaf);
      } catch (error) {
        if (!(error instanceof NoteError)) throw error;
        this.problems.push(`that entries were forgotten is not proved: ${error.message}`);
      }
    }
  }

  private async open<T>(path: string, work: (note: string) => T): Promise<T> {
    const note = await this.readText(path);
    try {
      return work(note);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      const hint =
        this.known.length > 0
          ? ' (trusted are the keys that you gave and those that follow from them; an older checkpoint needs the older key as well)'
          : '';
      throw new Error(`the ${path}: ${error.message}${hint}`, { cause: error });
    }
  }

  private checkCosignatures(note: string, size: number): void {
    const { policy } = this.pins;
    if (!policy) return;
    const lines = note
      .slice(note.lastIndexOf('\n\n') + 2)
      .split('\n')
      .filter(Boolean);
    const cosigned = cosignedBy(policy, { size, note, at: new Date(0), lines });
    if (cosigned || policy.quorum === 'none') this.isCosigned = true;
    else this.problems.push('too few witnesses of the policy have cosigned the checkpoint');
  }

  private async checkEntries(manifest: Manifest, checkpoint: Checkpoint): Promise<void> {
    const tiles = new AuthenticTiles(this.hasher, checkpoint, [
      async (tile) => {
        const bytes = await this.files.read(tilePath(tile));
        return bytes?.length === tile.width * HASH_LENGTH ? splitHashes(bytes) : null;
      },
    ]);
    const { endLeaf } = manifest;
    const firstLeaf = earlierLeaf(this.files.firstLeaf, manifest.firstLeaf);
    const isWhole = manifest.isWhole && this.files.isWhole !== false;
    const seen = new Uint8Array(Math.ceil((endLeaf - firstLeaf) / 8));
    const { lines, sum } = this.files.lines();
    let ofLast = 0;
    for await (const line of lines) {
      const exported = JSON.parse(line) as ExportedLine;
      const { leaf } = exported;
      this.entries++;
      // Of parts that were continued the manifest speaks of the last one.
      if (!(leaf < manifest.firstLeaf)) ofLast++;
      if (!Number.isSafeInteger(leaf) || leaf < firstLeaf || leaf >= endLeaf) {
        this.add(
          leaf,
          exported.id,
          'it is not of the stretch',
          `${firstLeaf} to ${endLeaf - 1}`,
          `${leaf}`,
        );
        continue;
      }
      const place = leaf - firstLeaf;
      const bit = 1 << (place % 8);
      if (((seen[place >> 3] as number) & bit) !== 0) {
        this.add(leaf, exported.id, 'the number is there twice', 'one entry', '2 of them');
      }
      seen[place >> 3] = (seen[place >> 3] as number) | bit;
      await this.checkLine(exported, line, tiles);
    }
    if (isWhole) await this.checkWhole({ firstLeaf, endLeaf }, seen, tiles);
    this.checkRecords(manifest);
    if (this.finding) return;
    if (ofLast !== manifest.entries) {
      this.problems.push(`${ofLast} entries are there, the manifest says ${manifest.entries}`);
    } else if (sum() !== manifest.entriesSha256) {
      this.problems.push('entries.ndjson is not the file that the manifest names');
    }
  }

  private checkRecords({ records = 0, recordsSha256 }: Manifest): void {
    const found = this.files.records?.() ?? { count: 0, sum: null };
    if (found.count !== records) {
      this.problems.push(`${found.count} records are there, the manifest says ${records}`);
    } else if (recordsSha256 !== undefined && found.sum !== recordsSha256) {
      this.problems.push('the records are not those that the manifest names');
    }
  }

  private async checkLine(
    { leaf, id, entry, actor, subject }: ExportedLine,
    line: string,
    tiles: AuthenticTiles,
  ): Promise<void> {
    const expected = await this.hashAt(leaf, tiles, id);
    if (!expected) return;
    const hashOf = (text: string) => this.hasher.leaf(fromText(text));
    const hash = hashOf(canonicalJson(entry));
    // As it is written, where parsing has read a key wrongly: see `rawMember`.
    const raw = (): string => fromPrintableJson(rawMember(line, 'entry') ?? '');
    if (!areEqual(hash, expected) && !areEqual(hashOf(raw()), expected)) {
      this.add(leaf, id, 'the entry was changed', hashText(expected), hashText(hash));
      return;
    }
    this.checkPart({ leaf, id, line }, 'actor', entry.actor?.commitment, actor);
    this.checkPart({ leaf, id, line }, 'subject', entry.subject, subject);
  }

  private checkPart(
    { leaf, id, line }: { leaf: number; id: string; line: string },
    who: 'actor' | 'subject',
    commitment: unknown,
    given: PersonPart | undefined,
  ): void {
    if (!given) {
      if (typeof commitment === 'string') this.absent++;
      return;
    }
    const salt = fromHex(given.salt) ?? new Uint8Array();
    const commitmentTo = (part: string) => toHex(this.sha256(concat(salt, fromText(part))));
    const found = commitmentTo(canonicalJson(given.part));
    this.proved++;
    if (found === commitment) return;
    const raw = rawMember(rawMember(line, who) ?? '', 'part') ?? '';
    if (commitmentTo(fromPrintableJson(raw)) === commitment) return;
    const problem = `what it says of its ${who} was changed`;
    this.add(leaf, id, problem, `commitment ${String(commitment)}`, `commitment ${found}`);
  }

  private async checkWhole(
    { firstLeaf, endLeaf }: Pick<Manifest, 'firstLeaf' | 'endLeaf'>,
    seen: Uint8Array,
    tiles: AuthenticTiles,
  ): Promise<void> {
    for (let leaf = firstLeaf; leaf < endLeaf; leaf++) {
      const place = leaf - firstLeaf;
      if (((seen[place >> 3] as number) & (1 << (place % 8))) !== 0) continue;
      if (this.forgotten.has(leaf)) {
        this.missing++;
        continue;
      }
      const hash = await this.hashAt(leaf, tiles, null);
      this.add(leaf, null, 'the entry is missing', hashText(hash), 'none');
      return;
    }
  }

  /** The hash that the checkpoint proves for a leaf. */
  private async hashAt(
    leaf: number,
    tiles: AuthenticTiles,
    id: string | null,
  ): Promise<Uint8Array | null> {
    const index = Math.floor(leaf / TILE_WIDTH);
    const tile = await tiles.read(0, index);
    const hash = tile?.[leaf % TILE_WIDTH] ?? null;
    if (!hash) {
      const problem = `tile 0/${index}, or one above it, is not what the checkpoint proves`;
      this.add(leaf, id, problem, 'a tile with the root that is signed', 'another one, or none');
    }
    return hash;
  }

  private add(
    leaf: number,
    entry: string | null,
    problem: string,
    expected: string,
    found: string,
  ): void {
    if (leaf < (this.finding?.leaf ?? Infinity)) {
      this.finding = { leaf, entry, problem, expected, found };
    }
  }

  private async readText(path: string): Promise<string> {
    const bytes = await this.files.read(path);
    if (!bytes) throw new Error(`${path} is missing`);
    const text = toText(bytes);
    if (text === null) throw new Error(`${path} is not text`);
    return text;
  }
}

/** What an earlier part begins with, which nobody has signed. */
function earlierLeaf(claimed: number | undefined, signed: number): number {
  return Number.isSafeInteger(claimed) ? Math.min(Math.max(0, claimed as number), signed) : signed;
}
