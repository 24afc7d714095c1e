import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { DOWNLOAD_PACE, paced, ReaderTooSlow } from '../../common/paced.js';
import { Connections } from '../../database/connections.js';
import { unavailableOn } from '../../database/database-errors.js';
import { matchesPattern } from '../../grants/pattern.js';
import { ledgerId } from '../ledger-entry.js';
import { LedgerService } from '../ledger.service.js';
import { EMPTY_QUERY } from '../query/index.js';
import {
  conditionsOfSearch,
  type LogSearch,
  type Parameter,
  timesOfSearch,
} from '../search/conditions.js';
import { LedgerKeys, type LogKeys } from '../sealing/ledger-keys.js';
import { TreeStore } from '../sealing/tree-store.js';
import { toStoredEntry } from '../stored-entry.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { generationsOf } from '../tree/key-chain.js';
import { treeHasher } from '../tree/sha256.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import { AuthenticTiles } from '../verify/authentic-tiles.js';
import { csvEnd, csvEntry, csvHead } from './csv.js';
import { ExportProofs } from './export-proofs.js';
import { EXPORT_FILE, type ExportHead, type Manifest, signManifest } from './export-format.js';
import { exportedLine } from './exported-line.js';
import {
  entriesBetween,
  EVERYTHING,
  forgottenNotes,
  type Stretch,
  type Where,
} from './leaf-entries.js';
import { leafOf, stretchOf } from './stretch.js';
import { TileLines } from './tile-lines.js';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface LogExportRequest {
  readonly search: LogSearch;
  /** The search as it was asked for. */
  readonly text: string;
  readonly zone: string;
  readonly format: ExportFormat;
  /** What an export has got already ends with this entry; null: from the beginning. */
  readonly after: string | null;
  /** Undefined: as far as the actor may. */
  readonly hasPeople: boolean | undefined;
  /** Asked now and then, since an export may take minutes. */
  readonly isStillAllowed: () => Promise<boolean>;
}

/** One export that runs. */
interface Run extends LogExportRequest {
  readonly client: pg.Client;
  readonly actor: Actor;
  readonly keys: LogKeys;
  readonly stretch: Stretch;
  readonly head: ExportHead;
  readonly isWhole: boolean;
  /** Name patterns of the rooms whose people it shows; null: of all. */
  readonly peopleIn: readonly string[] | null;
  readonly startedId: string;
  readonly sum: Hash;
  entries: number;
  lastId: string | null;
  isDone: boolean;
}

const STATEMENT_MS = 30_000;
/** Lines that are made before other work of the server gets its turn. */
const LINES_AT_ONCE = 64;
const TEXT_AT_ONCE = 512 * 1024;
const ALLOWED_EVERY_MS = 10_000;
/** Where nothing matches for a while, a line says how far it is. */
const SILENT_MS = 2_000;

/**
 * Entries as one stream that proves itself: they are read as fast as they are taken, and the last line
 * is the signed manifest. A stream without it was cut off; `after` goes on with the rest.
 */
@Injectable()
export class LogExport implements BeforeApplicationShutdown {
  private readonly log = new Logger(LogExport.name);
  private readonly open = new Set<Readable>();

  constructor(
    private readonly connections: Connections,
    private readonly keys: LedgerKeys,
    private readonly store: TreeStore,
    private readonly proofs: ExportProofs,
    private readonly ledger: LedgerService,
  ) {}

  /** Whoever takes less is cut off: there are few places. */
  pace = DOWNLOAD_PACE;

  /** The stream. That it begins is in the log before its first byte leaves. */
  async start(actor: Actor, request: LogExportRequest): Promise<Readable> {
    const client = this.connections.client({
      application_name: 'rolecall-export',
      connectionTimeoutMillis: 5_000,
      settings: {
        statement_timeout: String(STATEMENT_MS),
        max_parallel_workers_per_gather: '0',
      },
    });
    client.on('error', () => undefined); // a lost connection also fails the query
    try {
      await client.connect();
      const run = await this.prepare(client, actor, request);
      const parts = paced(this.parts(run), (error) => stream.destroy(error), this.pace);
      const stream = Readable.from(parts, { objectMode: false, highWaterMark: 65_536 });
      this.open.add(stream);
      stream.once('close', () => {
        this.open.delete(stream);
        void client.end().catch(() => undefined);
        if (!run.isDone) void this.recordStop(run, stream.errored);
      });
      return stream;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw unavailableOn(error);
    }
  }

  beforeApplicationShutdown(): void {
    for (const stream of this.open) stream.destroy(new Error('the server stops'));
  }

  private async prepare(client: pg.Client, actor: Actor, request: LogExportRequest): Promise<Run> {
    const { search, text, zone, format, after } = request;
    const peopleIn = peopleFor(actor, request.hasPeople);
    const [keys, found] = await Promise.all([this.keys.read(), stretchOf(client, search)]);
    const from = after === null ? 0 : (await leafOf(client, after)) + 1;
    const newest = await this.store.newest();
    const end = Math.min(found?.end ?? 0, newest?.size ?? 0);
    if (!found || end === 0) {
      throw new AppError('not_found', 'ledger.not_found', 'No sealed entry is of that time.');
    }
    const stretch = { first: Math.min(Math.max(found.first, from), end), end };
    const isWhole = search.rooms === null && isAnything(search);
    const note = await this.proofs.checkpointFor(end);
    const head: ExportHead = {
      export: EXPORT_FILE,
      origin: keys.origin,
      exportedAt: new Date().toISOString(),
      exportedBy: actor.label,
      from: search.from?.toISOString() ?? null,
      to: search.to?.toISOString() ?? null,
      filter: isWhole
        ? null
        : { query: text, zone, ...(search.rooms && { rooms: [...search.rooms] }) },
      after,
      firstLeaf: stretch.first,
      endLeaf: end,
      isWhole,
      hasPeople: peopleIn === null || peopleIn.length > 0,
      treeSize: openCheckpoint(note, keys.origin, keys.verifiers).size,
      checkpoint: note,
      keys: generationsOf(await this.store.keys()),
    };
    const { hasPeople, firstLeaf, endLeaf, treeSize } = head;
    const { shard, seq, atMicros } = await this.ledger.appendDurably({
      kind: 'ledger.export_started',
      outcome: 'ok',
      actor,
      payload: {
        format,
        hasPeople,
        firstLeaf,
        endLeaf,
        treeSize,
        after,
        filter: { query: text, zone, from: head.from, to: head.to },
      },
    });
    return {
      ...request,
      client,
      actor,
      keys,
      stretch,
      head,
      isWhole,
      peopleIn,
      startedId: ledgerId({ shard, seq, atMicros }),
      sum: createHash('sha256'),
      entries: 0,
      lastId: null,
      isDone: false,
    };
  }

  private async *parts(run: Run): AsyncGenerator<string> {
    const { format, head, stretch, client } = run;
    const tiles = format === 'ndjson' ? await this.tilesOf(run) : null;
    if (tiles) {
      // A part that was cut off may end within a line.
      yield `${run.after === null ? '' : '\n'}${JSON.stringify(head)}\n`;
    } else if (run.after === null) {
      run.sum.update(csvHead());
      yield csvHead();
    }
    const where: Where = run.isWhole ? EVERYTHING : (parameter) => whereOf(run, parameter);
    if (tiles && run.after !== null && stretch.first > 0) {
      yield await tiles.leafTile(Math.floor((stretch.first - 1) / TILE_WIDTH));
    }
    let allowedUntil = performance.now() + ALLOWED_EVERY_MS;
    let saidAt = performance.now();
    for await (const { next, rows } of entriesBetween(client, stretch, where)) {
      if (performance.now() > allowedUntil) {
        if (!(await run.isStillAllowed())) throw new Error('whoever exports may not any longer');
        allowedUntil = performance.now() + ALLOWED_EVERY_MS;
      }
      let text = '';
      for (const [i, { leaf, row }] of rows.entries()) {
        if (tiles) text += await tiles.leafTile(Math.floor(leaf / TILE_WIDTH));
        const line = lineOf(run, leaf, toStoredEntry(row));
        run.sum.update(line);
        text += line;
        const isEnough = (i + 1) % LINES_AT_ONCE === 0 || text.length > TEXT_AT_ONCE;
        if (!isEnough && i + 1 < rows.length) continue;
        yield text;
        text = '';
        saidAt = performance.now();
        await nextTurn();
      }
      if (tiles && performance.now() - saidAt > SILENT_MS) {
        yield `{"progress":${next}}\n`;
        saidAt = performance.now();
      }
    }
    if (tiles) {
      if (run.isWhole) {
        yield* tiles.ofLeaves(stretch);
        for (const forgotten of await forgottenNotes(client, stretch)) {
          yield `${JSON.stringify({ forgotten })}\n`;
        }
      }
      yield* tiles.above();
    }
    const manifest = await this.finish(run);
    yield tiles ? `${JSON.stringify({ manifest })}\n` : csvEnd(manifest);
    run.isDone = true;
  }

  /** Writes into the log what was exported; answers with the signed manifest. */
  private async finish(run: Run): Promise<string> {
    const { actor, format, entries, startedId } = run;
    const { export: _, checkpoint: _note, keys: _keys, after, ...said } = run.head;
    const { firstLeaf, endLeaf, hasPeople, treeSize } = said;
    const manifest: Manifest = {
      ...said,
      ...(after !== null && { after }),
      format,
      entries,
      entriesSha256: run.sum.digest('hex'),
    };
    const { entriesSha256 } = manifest;
    await this.ledger.appendDurably({
      kind: 'ledger.exported',
      outcome: 'ok',
      actor,
      payload: {
        started: startedId,
        format,
        firstLeaf,
        endLeaf,
        entries,
        hasPeople,
        treeSize,
        entriesSha256,
      },
    });
    return signManifest(manifest, run.keys.signers);
  }

  private async recordStop(run: Run, error: Error | null): Promise<void> {
    const { actor, entries, lastId, startedId } = run;
    // Without one, whoever took it has gone.
    const isGone =
      error === null || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    const isSlow = error instanceof ReaderTooSlow;
    const why = isGone ? 'reader_left' : isSlow ? 'reader_too_slow' : 'failed';
    if (why === 'failed') this.log.warn('An export was cut off', { error });
    try {
      await this.ledger.appendDurably({
        kind: 'ledger.export_stopped',
        outcome: 'ok',
        actor,
        payload: { started: startedId, entries, lastId, why },
      });
    } catch (failure) {
      this.log.warn('That an export was cut off cannot be written', { error: failure });
    }
  }

  private async tilesOf({ client, head, keys }: Run): Promise<TileLines> {
    const trusted = openCheckpoint(head.checkpoint, keys.origin, keys.verifiers);
    const sources = await this.proofs.tileSources(client);
    return new TileLines(trusted.size, new AuthenticTiles(treeHasher, trusted, sources), sources);
  }
}

function lineOf(run: Run, leaf: number, entry: ReturnType<typeof toStoredEntry>): string {
  const { peopleIn, format } = run;
  const hasPeople =
    peopleIn === null ||
    (entry.room !== null && peopleIn.some((one) => matchesPattern(one, entry.room as string)));
  run.entries++;
  run.lastId = ledgerId(entry);
  return format === 'csv'
    ? csvEntry(leaf, entry, hasPeople)
    : `${exportedLine(leaf, entry, hasPeople)}\n`;
}

function whereOf({ search }: Run, parameter: Parameter): string[] {
  return [...conditionsOfSearch(search, parameter), ...timesOfSearch(search, parameter)];
}

/** Whether the search leaves out nothing but by the time. */
function isAnything({ query }: LogSearch): boolean {
  const { since: _, before: _before, ...asked } = query;
  const { since: _none, before: _neither, ...nothing } = EMPTY_QUERY;
  return JSON.stringify(asked) === JSON.stringify(nothing);
}

/** Null: of all rooms. Throws where people are asked for without the permission. */
function peopleFor(actor: Actor, wanted: boolean | undefined): readonly string[] | null {
  if (wanted === false) return [];
  const rooms = actor.roomsFor('ledger.export_people');
  if (wanted === true && rooms?.length === 0) {
    throw new AppError(
      'forbidden',
      'access.denied',
      'You may not export what the log says of people.',
    );
  }
  return rooms;
}
