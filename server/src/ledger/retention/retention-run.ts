import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type ActorRef, SYSTEM_ACTOR } from '../../actor/actor.js';
import { canonicalJson } from '../../common/canonical-json.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { LedgerKeys, type LogKeys } from '../sealing/ledger-keys.js';
import { TreeStore } from '../sealing/tree-store.js';
import { StreamStore } from '../stream/stream-store.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import { stretchOf } from '../export/stretch.js';
import { type ArchiveRow, ArchiveStore, type Month } from './archive-store.js';
import { type ArchivePlan, ArchiveWriter } from './archive-writer.js';
import { type ArchiveContents, checkArchive } from './check-archive.js';
import {
  ARCHIVE_LEAVES,
  archiveFile,
  bitsOf,
  type ForgottenNote,
  leavesIn,
  signForgotten,
} from './forgotten-note.js';

export interface RunOptions {
  readonly folder: string;
  readonly by: ActorRef;
  /** False: the server stops. */
  readonly goesOn: () => boolean;
  /** Asked before each step: whether this is still the server that does it. */
  readonly isMine: () => Promise<boolean>;
  /** Of the time that steps take, so many times as long is waited after each. */
  readonly restFactor: number;
  /** A few entries that are due wait until a day's worth is. Left out: they go now. */
  readonly gathers?: boolean;
}

export interface RunReport {
  readonly archives: number;
  readonly entries: number;
}

/** Postgres did not get the lock in time, or somebody else changed the rows. */
const TRY_AGAIN = ['55P03', '40001', '40P01'];

/** Something is wrong with what is to be archived: a person has to look at it. */
export class ArchiveWrong extends Error {}

/**
 * One pass over the log: what rules let go is written into archives, month by month, each of which is
 * read again and proved before its entries leave the database. Whatever stops it, at any point, the
 * next pass goes on: `ledger_archive` says how far each file is.
 */
@Injectable()
export class RetentionRun {
  private readonly log = new Logger(RetentionRun.name);
  /** Archives that were read again and proved in this pass. */
  private readonly proved = new Set<string>();

  constructor(
    private readonly store: ArchiveStore,
    private readonly writer: ArchiveWriter,
    private readonly keys: LedgerKeys,
    private readonly tree: TreeStore,
    private readonly streams: StreamStore,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async pass(options: RunOptions): Promise<RunReport> {
    let report: RunReport = { archives: 0, entries: 0 };
    this.proved.clear();
    await mkdir(options.folder, { recursive: true });
    const keys = await this.keys.read();
    await this.resume(options);
    for (const month of await this.store.months()) {
      if (!(await mayGoOn(options))) break;
      await this.archiveMonth(month, options, keys);
      const { archives, entries } = await this.forgetMonth(month, options, keys);
      report = { archives: report.archives + archives, entries: report.entries + entries };
    }
    return report;
  }

  /** A file that was not finished says nothing: its entries are all in the database. */
  private async resume({ folder }: RunOptions): Promise<void> {
    for (const archive of await this.store.unfinished()) {
      if (archive.finishedAt === null || archive.isAbandoned) await this.abandon(folder, archive);
    }
  }

  /**
   * The row goes last: without it nobody would know of the file. Another server may have forgotten its
   * entries meanwhile: then the file is all that there is of them.
   */
  private async abandon(
    folder: string,
    { id, file }: Pick<ArchiveRow, 'id' | 'file'>,
  ): Promise<void> {
    const isAbandoned = await this.store.abandon(id);
    if (!isAbandoned && (await this.store.get(id))) return;
    await this.writer.remove(folder, file);
    await this.store.remove(id);
  }

  private async archiveMonth(month: Month, options: RunOptions, keys: LogKeys): Promise<void> {
    const stretch = await stretchOf(await this.store.client(), month);
    if (!stretch) return;
    const end = Math.min(await this.endOfWhole(), Math.ceil(stretch.end / TILE_WIDTH) * TILE_WIDTH);
    const first = Math.floor(stretch.first / TILE_WIDTH) * TILE_WIDTH;
    for (let firstLeaf = first; firstLeaf < end; firstLeaf += ARCHIVE_LEAVES) {
      if (!(await mayGoOn(options))) return;
      await rested(options.restFactor, async () => {
        const endLeaf = Math.min(end, firstLeaf + ARCHIVE_LEAVES);
        const known = await this.leavesOfUnfinished(firstLeaf, endLeaf);
        const due = await this.store.due(firstLeaf, endLeaf, month, options.gathers === true);
        for (const { rule, leaves } of due) {
          const rest = leaves.filter((leaf) => !known.has(leaf));
          if (rest.length > 0) {
            await this.archive(rule, { firstLeaf, endLeaf, leaves: rest }, options, keys);
          }
        }
      });
    }
  }

  /** Full tiles only: their hashes are beside the entries. And only what every stream has taken. */
  private async endOfWhole(): Promise<number> {
    const sealed = (await this.tree.newest())?.size ?? 0;
    const rows = await this.streams.all();
    const sent = this.config.ledgerStreams.destinations.map(
      ({ name }) => rows.find((row) => row.name === name)?.position ?? 0,
    );
    const end = Math.min(sealed, ...sent);
    return end - (end % TILE_WIDTH);
  }

  private async leavesOfUnfinished(first: number, end: number): Promise<Set<number>> {
    const near = await this.store.unfinished(first, end);
    return new Set(near.flatMap((archive) => leavesIn(archive)));
  }

  private async archive(
    ruleId: string,
    { firstLeaf, endLeaf, leaves }: Pick<ArchivePlan, 'firstLeaf' | 'endLeaf' | 'leaves'>,
    { folder, goesOn }: RunOptions,
    keys: LogKeys,
  ): Promise<void> {
    const rule = await this.store.rule(ruleId);
    if (!rule) return; // it was removed meanwhile
    const id = randomUUID();
    const plan = { id, file: archiveFile(id, firstLeaf), rule, firstLeaf, endLeaf, leaves };
    const bits = bitsOf(leaves, firstLeaf, endLeaf);
    // The row comes first, so that each file has one.
    if (!(await this.store.begin({ ...plan, entries: leaves.length }, bits))) return;
    const begun = (await this.store.get(id)) as ArchiveRow;
    try {
      await this.writer.write(await this.store.client(), folder, plan, keys, goesOn);
      const contents = await this.prove(folder, begun, keys);
      const note = noteOf(begun, contents, keys);
      const text = signForgotten(note, keys.signers);
      if (await this.store.finish(id, contents, text, payloadOf(note, text))) this.proved.add(id);
      else await this.abandon(folder, begun);
    } catch (error) {
      await this.abandon(folder, begun).catch(() => undefined); // the next pass does
      throw error;
    }
  }

  /** Reads the file again: what is in it is what the database has, whole and proved. */
  private async prove(
    folder: string,
    archive: ArchiveRow,
    keys: LogKeys,
  ): Promise<ArchiveContents> {
    const { contents, problems } = await checkArchive(join(folder, archive.file), vkeysOf(keys));
    if (!contents) {
      throw new ArchiveWrong(
        `The archive ${archive.file} cannot be proved: ${problems.join('; ')}.`,
      );
    }
    const wanted = leavesIn(archive);
    if (
      wanted.length !== contents.leaves.length ||
      wanted.some((leaf, i) => leaf !== contents.leaves[i])
    ) {
      throw new ArchiveWrong(`The archive ${archive.file} has other entries than it should.`);
    }
    return contents;
  }

  private async forgetMonth(month: Month, options: RunOptions, keys: LogKeys): Promise<RunReport> {
    const found: ArchiveRow[] = [];
    for (const archive of await this.store.unfinished()) {
      const isReady = archive.finishedAt !== null && !archive.isAbandoned;
      if (!isReady || !isIn(archive, month)) continue;
      if (!(await mayGoOn(options))) return { archives: 0, entries: 0 };
      if (await this.isAsItWas(archive, options, keys)) found.push(archive);
    }
    if (found.length === 0) return { archives: 0, entries: 0 };
    const entries = found.reduce((sum, archive) => sum + archive.entries, 0);
    if ((await this.store.countIn(month)) === entries && month.to < new Date()) {
      if (await this.forget(found, month.name, options)) return { archives: found.length, entries };
    }
    let archives = 0;
    let gone = 0;
    for (const archive of found) {
      if (!(await mayGoOn(options))) break;
      await rested(options.restFactor, async () => {
        if (await this.forget([archive], null, options)) {
          archives++;
          gone += archive.entries;
        } else await this.abandon(options.folder, archive);
      });
    }
    return { archives, entries: gone };
  }

  /** One that was finished long ago, or by a server with another folder, is looked at again. */
  private async isAsItWas(
    archive: ArchiveRow,
    { folder }: RunOptions,
    keys: LogKeys,
  ): Promise<boolean> {
    if (this.proved.delete(archive.id)) return true;
    const { contents } = await checkArchive(join(folder, archive.file), vkeysOf(keys));
    if (contents?.sha256 === archive.sha256) return true;
    this.log.warn(`The archive ${archive.file} is not in ${folder} as it was: it is written again`);
    await this.abandon(folder, archive);
    return false;
  }

  /** False: not now, and nothing was changed. */
  private async forget(
    archives: readonly ArchiveRow[],
    whole: string | null,
    { by }: RunOptions,
  ): Promise<boolean> {
    const ids = archives.map(({ id }) => id);
    try {
      return await this.store.forget(ids, whole, by);
    } catch (error) {
      // A partition needs a lock that others may have; its rows need none.
      if (whole === null || !TRY_AGAIN.includes((error as { code?: string }).code ?? ''))
        throw error;
      return false;
    }
  }
}

export const RETENTION_ACTOR: ActorRef = {
  kind: SYSTEM_ACTOR.kind,
  id: SYSTEM_ACTOR.id,
  label: SYSTEM_ACTOR.label,
};

function vkeysOf({ signers }: LogKeys): string[] {
  return signers.map(({ vkey }) => vkey);
}

function isIn({ from, to }: ArchiveRow, month: Month): boolean {
  return from >= month.from && to < month.to;
}

function noteOf(
  archive: ArchiveRow,
  contents: ArchiveContents,
  { origin }: LogKeys,
): ForgottenNote {
  const { id, rule, firstLeaf, endLeaf, entries, file, from, to } = archive;
  const { id: ruleId, group, kinds, rooms, keepDays } = rule;
  return {
    origin,
    archive: id,
    rule: { id: ruleId, group, kinds, rooms, keepDays },
    firstLeaf,
    endLeaf,
    leaves: archive.leaves,
    entries,
    from: from.toISOString(),
    to: to.toISOString(),
    file,
    bytes: contents.bytes,
    sha256: contents.sha256,
    root: contents.root,
    archivedAt: new Date().toISOString(),
  };
}

/** Of the entry that says so. The leaves are in the note. */
function payloadOf({ leaves: _, origin: _origin, ...said }: ForgottenNote, note: string): string {
  return canonicalJson({ ...said, note });
}

async function mayGoOn({ goesOn, isMine }: RunOptions): Promise<boolean> {
  return goesOn() && (await isMine());
}

/** Runs a step, and waits: whatever there is to forget, most of the time is for others. */
async function rested(factor: number, step: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await step();
  const ms = (performance.now() - began) * factor;
  if (ms >= 1) await pause(ms, undefined, { ref: false });
}
