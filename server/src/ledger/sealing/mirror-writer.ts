import { Injectable } from '@nestjs/common';
import { Metrics } from '../../metrics/metrics.service.js';
import { concat, fromText } from '../tree/bytes.js';
import { parseCheckpoint } from '../tree/checkpoint.js';
import { parseNote } from '../tree/note.js';
import {
  bundlePath,
  bundlesBetween,
  hashesAt,
  partialsOf,
  partialTiles,
  tilePath,
  tilesBetween,
  TILE_WIDTH,
  widthIn,
} from '../tree/tiles.js';
import { LedgerMirror } from './ledger-mirror.js';
import { TreeReader } from './tree-reader.js';
import { TreeStore } from './tree-store.js';

/** Leaves between two checkpoints of a mirror that is far behind. */
const STEP = 65_536;

/**
 * Copies what was sealed into the mirror: tiles and bundles first, then the checkpoint that needs
 * them. So a mirror is complete up to its checkpoint, and the next pass goes on from there.
 */
@Injectable()
export class MirrorWriter {
  /** Whether this process has seen that the mirror can be written. */
  private isTried = false;

  constructor(
    private readonly store: TreeStore,
    private readonly reader: TreeReader,
    private readonly mirror: LedgerMirror,
    private readonly metrics: Metrics,
  ) {}

  /** Resolves to the size that the mirror has. Ends early when `goesOn` says so. */
  async pass(goesOn: () => boolean): Promise<number> {
    const found = await this.mirror.checkpoint();
    let size = sizeOf(found);
    if (!this.isTried && found !== null) await this.publish(found);
    while (goesOn()) {
      const next = await this.store.checkpointAfter(size, STEP);
      if (!next) break;
      await this.copy(size, next.size);
      // Another server may have gone on meanwhile, and a checkpoint must not go back.
      const now = sizeOf(await this.mirror.checkpoint());
      if (now <= size && goesOn()) await this.publish(next.note);
      await this.removePartials(size, next.size);
      size = Math.max(now, next.size);
    }
    this.metrics.ledgerMirrored.set(size);
    return size;
  }

  private async publish(note: string): Promise<void> {
    await this.mirror.store.settle();
    await this.mirror.store.write('checkpoint', fromText(note));
    await this.mirror.store.settle();
    this.isTried = true;
  }

  private async copy(from: number, to: number): Promise<void> {
    for (const tile of tilesBetween(from, to)) {
      const hashes = await this.reader.tile(tile);
      if (hashes.length < tile.width) throw new Error(`${tilePath(tile)} is not whole in Postgres`);
      await this.mirror.store.write(tilePath(tile), concat(...hashes));
    }
    for (const bundle of bundlesBetween(from, to)) {
      // Of what a rule let go only the hash is left, in its tile.
      if (await this.reader.isAnyForgottenIn(bundle)) continue;
      await this.mirror.store.write(bundlePath(bundle), await this.reader.bundle(bundle));
    }
  }

  /** The partial forms of what became full: there may be 255 of each tile. */
  private async removePartials(from: number, to: number): Promise<void> {
    for (const { level, index } of partialTiles(from)) {
      if (widthIn(to, level, index) < TILE_WIDTH) continue;
      const sizes = await this.store.checkpointSizes(
        index * TILE_WIDTH ** (level + 1),
        (index + 1) * TILE_WIDTH ** (level + 1),
      );
      const widths = sizes.map((size) => hashesAt(level, size) - index * TILE_WIDTH);
      const names = [...new Set(widths)].filter((width) => width > 0).map(String);
      const full = { index, width: TILE_WIDTH };
      await this.mirror.store.remove(partialsOf(tilePath({ level, ...full })), names);
      if (level === 0) await this.mirror.store.remove(partialsOf(bundlePath(full)), names);
    }
  }
}

function sizeOf(note: string | null): number {
  return note === null ? 0 : parseCheckpoint(parseNote(note).text).size;
}
