import { canonicalJson } from '../../common/canonical-json.js';
import type { PersonPart } from '../export/export-format.js';
import {
  checkCosignatures,
  type Cosignature,
  type KnownWitness,
} from '../remote/checked-cosignatures.js';
import type { CheckEd25519 } from '../remote/checked-signatures.js';
import { readLogHead } from '../remote/log-head.js';
import { areEqual, concat, fromBase64, fromHex, fromText, toHex } from '../tree/bytes.js';
import type { Checkpoint } from '../tree/checkpoint.js';
import { HASH_LENGTH, rootOfInclusion, type Sha256, TreeHasher } from '../tree/merkle.js';
import { formatVerifierKey, parseVerifierKey } from '../tree/note.js';
import { type Finding, hashText, leafId } from '../verify/finding.js';
import type { WitnessPolicy } from '../witness/policy.js';
import {
  type Dossier,
  type DossierEntry,
  type DossierManifest,
  openDossierManifest,
} from './dossier-format.js';

export interface DossierReport {
  readonly isProved: boolean;
  /** Null: no key of the log has signed it. */
  readonly manifest: DossierManifest | null;
  readonly checkpoint: Checkpoint | null;
  readonly entries: number;
  /** Parts that speak of people: proved, and committed to but not here. */
  readonly parts: { readonly proved: number; readonly absent: number };
  /** Of witnesses that the policy names, or the dossier itself. */
  readonly cosignatures: readonly Cosignature[];
  /** Null: no policy was given that says whose are enough. */
  readonly isCosigned: boolean | null;
  /** Entries of which only the hash is here. */
  readonly hashesOnly: number;
  /** What is wrong beside the entries. */
  readonly problems: readonly string[];
  /** What is wrong with entries, in their order. */
  readonly findings: readonly Finding[];
}

/** What is known of the log from elsewhere: keys of it, and the policy of its witnesses. */
export interface KnownOfLog {
  readonly vkeys: readonly string[];
  readonly policy: WitnessPolicy | null;
}

/** Proves what a dossier says from itself alone, with what is known from elsewhere. */
export async function checkDossier(
  dossier: Dossier,
  sha256: Sha256,
  checkEd25519: CheckEd25519,
  known: KnownOfLog = { vkeys: [], policy: null },
): Promise<DossierReport> {
  const check = new DossierCheck(dossier, sha256);
  await check.run(checkEd25519, known);
  return check.report();
}

class DossierCheck {
  private readonly hasher: TreeHasher;
  private readonly problems: string[] = [];
  private readonly findings: Finding[] = [];
  private readonly hashes: readonly (Uint8Array | null)[];
  private manifest: DossierManifest | null = null;
  private checkpoint: Checkpoint | null = null;
  private proved = 0;
  private absent = 0;
  private hashesOnly = 0;
  private cosignatures: readonly Cosignature[] = [];
  private isCosigned: boolean | null = null;

  constructor(
    private readonly dossier: Dossier,
    private readonly sha256: Sha256,
  ) {
    this.hasher = new TreeHasher(sha256);
    this.hashes = dossier.hashes.map((hash) => fromBase64(hash));
  }

  async run(checkEd25519: CheckEd25519, { vkeys, policy }: KnownOfLog): Promise<void> {
    const { checkpoint: note, keys, manifest } = this.dossier;
    const pin = [...vkeys, ...(policy?.logs ?? []).map(({ key }) => formatVerifierKey(key))];
    const head = await readLogHead(
      { note, keys, pin, kept: null, also: [manifest] },
      this.sha256,
      checkEd25519,
    );
    this.problems.push(...head.problems);
    this.checkpoint = head.checkpoint;
    if (!head.checkpoint) return;
    try {
      this.manifest = openDossierManifest(manifest, head.verifiers);
    } catch (error) {
      this.problems.push(
        `what this dossier says of itself is not signed by the log: ${said(error)}`,
      );
    }
    if (this.manifest && this.manifest.treeSize !== head.checkpoint.size) {
      this.problems.push('the checkpoint is not the one that this dossier was made with');
    }
    await this.checkWitnesses(note, policy, checkEd25519);
    for (const entry of this.dossier.entries) this.checkEntry(entry, head.checkpoint);
    if (this.manifest) this.checkWhole(this.manifest);
  }

  report(): DossierReport {
    const { manifest, checkpoint, problems, findings, hashesOnly } = this;
    const { cosignatures, isCosigned } = this;
    return {
      isProved: manifest !== null && problems.length === 0 && findings.length === 0,
      manifest,
      checkpoint,
      entries: this.dossier.entries.length,
      parts: { proved: this.proved, absent: this.absent },
      cosignatures,
      isCosigned,
      hashesOnly,
      problems,
      findings,
    };
  }

  /** With the keys of the policy, or else with those that the log itself names. */
  private async checkWitnesses(
    note: string,
    policy: WitnessPolicy | null,
    checkEd25519: CheckEd25519,
  ): Promise<void> {
    const named = (this.manifest?.witnesses ?? []).map(({ name, vkey }): KnownWitness => {
      return { name, key: parseVerifierKey(vkey) };
    });
    const known = policy?.witnesses ?? named;
    this.cosignatures = await checkCosignatures(note, known, this.sha256, checkEd25519);
    for (const { witness, isRight } of this.cosignatures) {
      if (isRight === false) this.problems.push(`the cosignature of ${witness} is wrong`);
    }
    if (!policy) return;
    const right = this.cosignatures.filter(({ isRight }) => isRight === true);
    this.isCosigned = policy.isMet(new Set(right.map(({ witness }) => witness)));
    if (!this.isCosigned) {
      this.problems.push('too few witnesses of the policy have cosigned the checkpoint');
    }
  }

  private checkEntry(given: DossierEntry, { size, root }: Checkpoint): void {
    const { leaf, id, entry, proof } = given;
    const text = entry === null ? null : canonicalJson(entry);
    const hash = text === null ? fromHex(given.hash ?? '') : this.hasher.leaf(fromText(text));
    const way = proof.map((place) => this.hashes[place]);
    const isWhole = way.every((one) => one?.length === HASH_LENGTH);
    const found =
      hash && isWhole ? rootOfInclusion(this.hasher, hash, leaf, size, way as Uint8Array[]) : null;
    if (!hash || !found || !areEqual(found, root)) {
      const problem = text === null ? 'its hash is not in the log' : 'the entry was changed';
      this.add(leaf, id, problem, `the signed root with ${hashText(root)}`, hashText(found));
      return;
    }
    if (text === null) {
      this.hashesOnly++;
      return;
    }
    const ownId = leafId(text);
    if (ownId !== id) this.add(leaf, id, 'the id is another one', ownId ?? 'none', id);
    this.checkPart(given, 'actor', entry?.actor?.commitment, given.actor);
    this.checkPart(given, 'subject', entry?.subject, given.subject);
  }

  private checkPart(
    { leaf, id }: DossierEntry,
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
    if (found === commitment) {
      this.proved++;
      return;
    }
    const problem = `what it says of its ${who} was changed`;
    this.add(leaf, id, problem, `commitment ${String(commitment)}`, `commitment ${found}`);
  }

  /** The log's key has signed which entries are all of the session. */
  private checkWhole({ leaves, room, entriesSha256 }: DossierManifest): void {
    const { entries } = this.dossier;
    const known = new Set(leaves);
    const seen = new Set<number>();
    for (const { leaf, id, entry } of entries) {
      if (!known.has(leaf)) this.add(leaf, id, 'it is not of this dossier', 'no such entry', id);
      if (seen.has(leaf)) this.add(leaf, id, 'the entry is there twice', 'one entry', '2 of them');
      seen.add(leaf);
      if (entry !== null && entry.room !== room) {
        this.add(leaf, id, 'it is of another room', room, String(entry.room));
      }
    }
    for (const leaf of leaves) {
      if (!seen.has(leaf)) this.add(leaf, null, 'the entry is missing', 'an entry', 'none');
    }
    if (this.findings.length > 0) return;
    const text = entries.map((entry) => `${canonicalJson(entry)}\n`).join('');
    if (toHex(this.sha256(fromText(text))) === entriesSha256) return;
    this.problems.push(
      'the entries are in the log, but something beside them was changed: their order, a name such as “Person 2”, or a part that was left out',
    );
  }

  private add(
    leaf: number,
    entry: string | null,
    problem: string,
    expected: string,
    found: string,
  ): void {
    this.findings.push({ leaf, entry, problem, expected, found });
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
