import { canonicalJson } from '../../common/canonical-json.js';
import { areEqual, concat, fromHex, fromText, toHex, toText } from '../tree/bytes.js';
import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import { keyChainProblem, type KeyGeneration } from '../tree/key-chain.js';
import { HASH_LENGTH, type Sha256, TreeHasher } from '../tree/merkle.js';
import { formatVerifierKey, parseVerifierKey } from '../tree/note.js';
import { verifiersOf } from '../tree/note-keys.js';
import { splitHashes, TILE_WIDTH, tilePath } from '../tree/tiles.js';
import { AuthenticTiles } from '../verify/authentic-tiles.js';
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
}

/** What is known of the log from elsewhere. */
export interface Pins {
  /** Verifier keys, one of which has to be the log's. */
  readonly vkeys: readonly string[];
  readonly policy: WitnessPolicy | null;
}

export interface ExportReport {
  readonly manifest: Manifest | null;
  readonly checkpoint: Checkpoint | null;
  readonly entries: number;
  /** Parts that speak of people: proved, and committed to but not there. */
  readonly parts: { readonly proved: number; readonly absent: number };
  /** What is wrong beside the entries. */
  readonly problems: readonly string[];
  readonly finding: Finding | null;
  readonly isCosigned: boolean;
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

  constructor(
    private readonly files: ExportFiles,
    private readonly sha256: Sha256,
    private readonly pins: Pins,
  ) {
    this.hasher = new TreeHasher(sha256);
  }

  async run(): Promise<void> {
    const verifiers = await this.readKeys();
    const manifest = openManifest(await this.readText('manifest'), verifiers);
    this.manifest = manifest;
    const note = await this.readText('checkpoint');
    const checkpoint = openCheckpoint(note, manifest.origin, verifiers);
    this.checkpoint = checkpoint;
    if (checkpoint.size !== manifest.treeSize) {
      throw new Error('the checkpoint is not the one that the manifest names');
    }
    this.checkCosignatures(note, checkpoint.size);
    await this.checkEntries(manifest, checkpoint);
  }

  report(): ExportReport {
    const { manifest, checkpoint, entries, problems, finding, isCosigned } = this;
    const parts = { proved: this.proved, absent: this.absent };
    return { manifest, checkpoint, entries, parts, problems, finding, isCosigned };
  }

  private async readKeys() {
    const generations = JSON.parse(await this.readText('keys.json')) as KeyGeneration[];
    const vkeys = generations.flatMap((generation) => generation.vkeys);
    const { name } = parseVerifierKey(vkeys[0] ?? '');
    const problem = keyChainProblem(name, generations, verifiersOf);
    if (problem !== null) throw new Error(problem);
    const known = [
      ...this.pins.vkeys,
      ...(this.pins.policy?.logs.map(({ key }) => formatVerifierKey(key)) ?? []),
    ];
    if (known.length > 0 && !known.some((vkey) => vkeys.includes(vkey))) {
      throw new Error('the export is signed by keys of another log than the one that was given');
    }
    return verifiersOf(vkeys);
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
    const { firstLeaf, endLeaf } = manifest;
    const seen = new Uint8Array(Math.ceil((endLeaf - firstLeaf) / 8));
    const { lines, sum } = this.files.lines();
    for await (const line of lines) {
      const exported = JSON.parse(line) as ExportedLine;
      const { leaf } = exported;
      this.entries++;
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
      await this.checkLine(exported, tiles);
    }
    if (manifest.isWhole) await this.checkWhole(manifest, seen, tiles);
    if (this.finding) return;
    if (this.entries !== manifest.entries) {
      this.problems.push(
        `${this.entries} entries are there, the manifest says ${manifest.entries}`,
      );
    } else if (sum() !== manifest.entriesSha256) {
      this.problems.push('entries.ndjson is not the file that the manifest names');
    }
  }

  private async checkLine(
    { leaf, id, entry, actor, subject }: ExportedLine,
    tiles: AuthenticTiles,
  ): Promise<void> {
    const expected = await this.hashAt(leaf, tiles, id);
    if (!expected) return;
    const hash = this.hasher.leaf(fromText(canonicalJson(entry)));
    if (!areEqual(hash, expected)) {
      this.add(leaf, id, 'the entry was changed', hashText(expected), hashText(hash));
      return;
    }
    this.checkPart(leaf, id, 'actor', entry.actor?.commitment, actor);
    this.checkPart(leaf, id, 'subject', entry.subject, subject);
  }

  private checkPart(
    leaf: number,
    id: string,
    who: string,
    commitment: unknown,
    given: PersonPart | undefined,
  ): void {
    if (!given) {
      if (typeof commitment === 'string') this.absent++;
      return;
    }
    const salt = fromHex(given.salt) ?? new Uint8Array();
    const found = toHex(this.sha256(concat(salt, fromText(canonicalJson(given.part)))));
    this.proved++;
    if (found === commitment) return;
    const problem = `what it says of its ${who} was changed`;
    this.add(leaf, id, problem, `commitment ${String(commitment)}`, `commitment ${found}`);
  }

  private async checkWhole(
    { firstLeaf, endLeaf }: Manifest,
    seen: Uint8Array,
    tiles: AuthenticTiles,
  ): Promise<void> {
    for (let leaf = firstLeaf; leaf < endLeaf; leaf++) {
      const place = leaf - firstLeaf;
      if (((seen[place >> 3] as number) & (1 << (place % 8))) !== 0) continue;
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
