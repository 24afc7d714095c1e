import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import {
  EXPORT_FILE,
  type ExportHead,
  type Manifest,
  signManifest,
} from '../export/export-format.js';
import { ExportProofs } from '../export/export-proofs.js';
import { exportedLine } from '../export/exported-line.js';
import { entriesBetween, EVERYTHING } from '../export/leaf-entries.js';
import { TileLines } from '../export/tile-lines.js';
import type { LogKeys } from '../sealing/ledger-keys.js';
import { TreeStore } from '../sealing/tree-store.js';
import { settle } from '../sealing/whole-file.js';
import { toStoredEntry } from '../stored-entry.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { generationsOf } from '../tree/key-chain.js';
import { treeHasher } from '../tree/sha256.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import { AuthenticTiles } from '../verify/authentic-tiles.js';
import type { ForgottenBy } from './forgotten-note.js';

export interface ArchivePlan {
  readonly id: string;
  readonly file: string;
  readonly rule: ForgottenBy;
  readonly firstLeaf: number;
  readonly endLeaf: number;
  readonly leaves: readonly number[];
}

/** Who may read the log on this machine may read what went out of it. */
const MODE = 0o640;

/**
 * Writes entries into a file, in the format of an export: with their proofs and a signed manifest. It
 * has everything that the database says of them, people as well: nothing else keeps it.
 */
@Injectable()
export class ArchiveWriter {
  constructor(
    private readonly store: TreeStore,
    private readonly proofs: ExportProofs,
  ) {}

  /** The file is on the disk when this returns, under its name, and whole. */
  async write(
    client: pg.Client,
    folder: string,
    plan: ArchivePlan,
    keys: LogKeys,
    goesOn: () => boolean,
  ): Promise<void> {
    const target = join(folder, plan.file);
    const unfinished = `${target}.new`;
    await rm(unfinished, { force: true });
    const file = await open(unfinished, 'wx', MODE);
    try {
      for await (const text of this.parts(client, plan, keys)) {
        if (!goesOn()) throw new ArchiveStopped();
        await writeAll(file, text);
      }
      await file.sync();
    } catch (error) {
      await file.close();
      await rm(unfinished, { force: true });
      throw error;
    }
    await file.close();
    await rename(unfinished, target);
    await settle(folder);
  }

  /** Both names that it may have; what is not there is no error. */
  async remove(folder: string, name: string): Promise<void> {
    await rm(join(folder, `${name}.new`), { force: true });
    await rm(join(folder, name), { force: true });
    await settle(folder);
  }

  private async *parts(
    client: pg.Client,
    { id, rule, firstLeaf, endLeaf, leaves }: ArchivePlan,
    keys: LogKeys,
  ): AsyncGenerator<string> {
    const note = await this.proofs.checkpointFor(endLeaf);
    const trusted = openCheckpoint(note, keys.origin, keys.verifiers);
    const sources = await this.proofs.tileSources(client);
    const tiles = new TileLines(
      trusted.size,
      new AuthenticTiles(treeHasher, trusted, sources),
      sources,
    );
    const head: ExportHead = {
      export: EXPORT_FILE,
      origin: keys.origin,
      exportedAt: new Date().toISOString(),
      exportedBy: 'Rolecall',
      from: null,
      to: null,
      filter: { archive: id, rule },
      after: null,
      firstLeaf,
      endLeaf,
      isWhole: false,
      hasPeople: true,
      treeSize: trusted.size,
      checkpoint: note,
      keys: generationsOf(await this.store.keys()),
    };
    yield `${JSON.stringify(head)}\n`;
    const wanted = new Set(leaves);
    const leafTiles = [...new Set(leaves.map((leaf) => Math.floor(leaf / TILE_WIDTH)))];
    const sum = createHash('sha256');
    let entries = 0;
    const stretch = { first: firstLeaf, end: endLeaf };
    for await (const { rows } of entriesBetween(client, stretch, EVERYTHING)) {
      let text = '';
      for (const { leaf, row } of rows) {
        if (!wanted.has(leaf)) continue;
        text += await tiles.leafTile(Math.floor(leaf / TILE_WIDTH));
        const line = `${exportedLine(leaf, toStoredEntry(row), true)}\n`;
        sum.update(line);
        entries++;
        text += line;
      }
      if (text !== '') yield text;
    }
    for await (const line of tiles.aboveOf(leafTiles)) if (line !== '') yield line;
    const { export: _, checkpoint: _note, keys: _keys, after: _after, ...said } = head;
    const manifest: Manifest = {
      ...said,
      format: 'ndjson',
      entries,
      entriesSha256: sum.digest('hex'),
    };
    yield `${JSON.stringify({ manifest: signManifest(manifest, keys.signers) })}\n`;
  }
}

/** The server stops: what was begun is begun again by the next one. */
export class ArchiveStopped extends Error {}

async function writeAll(file: FileHandle, text: string): Promise<void> {
  await file.writeFile(text);
}

/** Null: there is no such file. */
export async function sizeOfFile(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
