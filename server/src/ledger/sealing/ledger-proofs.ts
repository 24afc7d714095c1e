import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { type LedgerRef, parseLedgerId } from '../ledger-entry.js';
import { LedgerReader } from '../ledger-reader.js';
import { concat, toHex } from '../tree/bytes.js';
import { parseVerifierKey } from '../tree/note.js';
import { type BundleRef, parseTilePath, TILE_WIDTH, widthIn } from '../tree/tiles.js';
import { LedgerKeys } from './ledger-keys.js';
import { type StoredBundle, TreeReader } from './tree-reader.js';
import { LedgerWitnesses } from '../witness/ledger-witnesses.js';
import { type LeafPlace, type StoredCheckpoint, TreeStore } from './tree-store.js';

/** What the log shows of itself to anybody who checks it. */
@Injectable()
export class LedgerProofs {
  /** The tree only grows. */
  private seenSize = 0;

  constructor(
    private readonly entries: LedgerReader,
    private readonly store: TreeStore,
    private readonly reader: TreeReader,
    private readonly keys: LedgerKeys,
    private readonly witnesses: LedgerWitnesses,
  ) {}

  /** As it is shown: with the signatures of witnesses, when there are any. */
  async shownCheckpoint(leaf = 0): Promise<{ size: number; note: string }> {
    return this.witnesses.shown(await this.checkpoint(), leaf);
  }

  /** The newest checkpoint. Throws `ledger.not_sealed` before the first one. */
  async checkpoint(): Promise<StoredCheckpoint> {
    const newest = await this.store.newest();
    if (newest) return newest;
    throw notSealed('No entry of the ledger is sealed yet.');
  }

  async prove(actor: Actor, id: string) {
    const ref = parseLedgerId(id);
    const [entry, place] = await Promise.all([
      this.entries.get(actor, id),
      ref && this.store.placeOf(ref),
    ]);
    return { entry, ...(await this.proofOf(place)) };
  }

  /** The place of an entry in the tree, its proof, and the checkpoint that it leads to. */
  async proveLeaf(ref: LedgerRef) {
    return this.proofOf(await this.store.placeOf(ref));
  }

  private async proofOf(place: LeafPlace | null) {
    const { leafHash = null, index = null, newest = null } = place ?? {};
    if (leafHash === null) {
      throw new AppError(
        'conflict',
        'ledger.not_in_tree',
        'The entry is from before the ledger had proofs.',
      );
    }
    if (index === null || newest === null) {
      throw notSealed('The entry is not sealed yet; ask again in a second.');
    }
    const { size, note } = this.witnesses.shown(newest, index);
    const inclusion = await this.reader.inclusionProof(index, size);
    return {
      leafHash: toHex(leafHash),
      index,
      treeSize: size,
      inclusion: inclusion.map(toHex),
      checkpoint: note,
    };
  }

  /** Null: the newest tree has no such tile. */
  async tile(path: string): Promise<Uint8Array | null> {
    const ref = parseTilePath(`tile/${path}`);
    if (!ref || ref.level === null) return null;
    const { level, index, width } = ref;
    if (!(await this.has(level, ref))) return null;
    const hashes = await this.reader.tile({ level, index, width });
    return hashes.length < width ? null : concat(...hashes);
  }

  /** Null: the newest tree has no such bundle. */
  async bundle(path: string): Promise<(StoredBundle & { isFull: boolean }) | null> {
    const ref = parseTilePath(`tile/entries/${path}`);
    if (!ref || ref.level !== null || !(await this.has(0, ref))) return null;
    const bundle = await this.reader.bundleAsStored(ref);
    return { ...bundle, isFull: ref.width === TILE_WIDTH };
  }

  /** Postgres is asked only when the tile is not in a tree that it was asked for before. */
  private async has(level: number, { index, width }: BundleRef): Promise<boolean> {
    if (widthIn(this.seenSize, level, index) >= width) return true;
    this.seenSize = (await this.checkpoint()).size;
    return widthIn(this.seenSize, level, index) >= width;
  }

  async publicKeys() {
    const keys = await this.keys.publicKeys();
    return { origin: keys[0] ? parseVerifierKey(keys[0].vkey).name : null, keys };
  }
}

function notSealed(message: string): AppError {
  return new AppError('conflict', 'ledger.not_sealed', message, { retryAfter: 1 });
}
