import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Actor } from '../../actor/actor.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { Connections } from '../../database/connections.js';
import { unavailableOn } from '../../database/database-errors.js';
import { conditionsOf } from '../ledger-reader.js';
import type { LedgerFilter } from '../ledger.schemas.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerKeys } from '../sealing/ledger-keys.js';
import { generationsOf } from '../tree/key-chain.js';
import { TreeStore } from '../sealing/tree-store.js';
import { toStoredEntry } from '../stored-entry.js';
import { concat } from '../tree/bytes.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { treeHasher } from '../tree/sha256.js';
import { hashesAt, TILE_WIDTH, tilePath, widthIn } from '../tree/tiles.js';
import { AuthenticTiles, type TrustedRoot } from '../verify/authentic-tiles.js';
import { ExportProofs } from './export-proofs.js';
import { type Manifest, signManifest } from './export-format.js';
import { exportedLine } from './exported-line.js';
import { entriesBetween, forgottenNotes, type Stretch, type Where } from './leaf-entries.js';
import { makeVerifier } from './single-file.js';
import { stretchOf } from './stretch.js';

export interface ExportRequest {
  readonly folder: string;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly filter: LedgerFilter | null;
  readonly hasPeople: boolean;
}

/** Writes entries with their proofs into a folder that proves itself on any machine. */
@Injectable()
export class LedgerExporter {
  constructor(
    private readonly connections: Connections,
    private readonly keys: LedgerKeys,
    private readonly store: TreeStore,
    private readonly proofs: ExportProofs,
    private readonly ledger: LedgerService,
  ) {}

  async run(actor: Actor, request: ExportRequest): Promise<Manifest> {
    const keys = await this.keys.read();
    const client = this.connections.client({
      application_name: 'rolecall-export',
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined); // a lost connection also fails the query
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const stretch = await stretchOf(client, request);
      if (!stretch) {
        throw new AppError('not_found', 'ledger.not_found', 'No sealed entry is of that time.');
      }
      const note = await this.proofs.checkpointFor(stretch.end);
      const trusted = openCheckpoint(note, keys.origin, keys.verifiers);
      await mkdir(request.folder).catch((error: NodeJS.ErrnoException) => {
        const why = error.code === 'EEXIST' ? 'exists already' : `cannot be made: ${error.message}`;
        throw fieldError('DIR', why);
      });
      const written = await this.writeEntries(client, actor, request, stretch);
      await this.writeTiles(client, request.folder, trusted, written.tiles);
      const manifest: Manifest = {
        origin: keys.origin,
        exportedAt: new Date().toISOString(),
        exportedBy: actor.label,
        from: request.from?.toISOString() ?? null,
        to: request.to?.toISOString() ?? null,
        filter: request.filter && { ...request.filter },
        firstLeaf: stretch.first,
        endLeaf: stretch.end,
        entries: written.entries,
        isWhole: request.filter === null,
        hasPeople: request.hasPeople,
        treeSize: trusted.size,
        entriesSha256: written.sum,
      };
      const generations = generationsOf(await this.store.keys());
      const write = (name: string, text: string) => writeFile(join(request.folder, name), text);
      await write('checkpoint', note);
      await write('keys.json', `${JSON.stringify(generations, null, 2)}\n`);
      const forgotten = request.filter ? [] : await forgottenNotes(client, stretch);
      if (forgotten.length > 0) await write('forgotten.json', JSON.stringify(forgotten));
      await write('verify.mjs', await makeVerifier());
      await write('manifest', signManifest(manifest, keys.signers));
      await this.record(actor, manifest);
      return manifest;
    } catch (error) {
      throw unavailableOn(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async record(actor: Actor, { entriesSha256, ...manifest }: Manifest): Promise<void> {
    const { from, to, filter, firstLeaf, endLeaf, entries, hasPeople, treeSize } = manifest;
    await this.ledger.appendDurably({
      kind: 'ledger.exported',
      outcome: 'ok',
      actor,
      payload: {
        from,
        to,
        filter,
        firstLeaf,
        endLeaf,
        entries,
        hasPeople,
        treeSize,
        entriesSha256,
      },
    });
  }

  private async writeEntries(
    client: pg.Client,
    actor: Actor,
    { folder, filter, hasPeople }: ExportRequest,
    { first, end }: Stretch,
  ): Promise<{ entries: number; sum: string; tiles: Set<number> }> {
    const file = createWriteStream(join(folder, 'entries.ndjson'), { flags: 'wx', mode: 0o640 });
    const sum = createHash('sha256');
    const tiles = new Set<number>();
    let entries = 0;
    const where: Where = (parameter) => conditionsOf(filter ?? {}, actor, [], parameter);
    for await (const { rows } of entriesBetween(client, { first, end }, where)) {
      let text = '';
      for (const { leaf, row } of rows) {
        tiles.add(Math.floor(leaf / TILE_WIDTH));
        entries++;
        text += `${exportedLine(leaf, toStoredEntry(row), hasPeople)}\n`;
      }
      sum.update(text);
      if (!file.write(text)) await once(file, 'drain');
    }
    // A whole stretch is proved also where entries are missing.
    if (filter === null) {
      for (let leaf = first; leaf < end; leaf += TILE_WIDTH) {
        tiles.add(Math.floor(leaf / TILE_WIDTH));
      }
      if (end > first) tiles.add(Math.floor((end - 1) / TILE_WIDTH));
    }
    file.end();
    await once(file, 'close');
    return { entries, sum: sum.digest('hex'), tiles };
  }

  /** The tiles of the leaves, and all above the leaves: so each leaf leads to the root. */
  private async writeTiles(
    client: pg.Client,
    folder: string,
    trusted: TrustedRoot,
    leafTiles: ReadonlySet<number>,
  ): Promise<void> {
    const sources = await this.proofs.tileSources(client);
    const proved = new AuthenticTiles(treeHasher, trusted, sources);
    const write = async (level: number, index: number): Promise<void> => {
      const tile = { level, index, width: widthIn(trusted.size, level, index) };
      // One that nothing proves goes along as it is: who verifies has to see it.
      const hashes = (await proved.read(level, index)) ?? (await sources[0]?.(tile));
      if (!hashes) return;
      const path = join(folder, tilePath(tile));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, concat(...hashes));
    };
    const last = Math.floor(trusted.size / TILE_WIDTH);
    for (const index of new Set([...leafTiles, last])) await write(0, index);
    for (let level = 1; hashesAt(level, trusted.size) > 0; level++) {
      const count = Math.ceil(hashesAt(level, trusted.size) / TILE_WIDTH);
      for (let index = 0; index < count; index++) await write(level, index);
    }
  }
}
