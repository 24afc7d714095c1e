import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { LedgerService } from '../ledger.service.js';
import { TreeStore } from '../sealing/tree-store.js';
import { verifiersOf } from '../tree/note-keys.js';
import { readTrustedKeys } from '../verify/trusted-keys.js';
import { WitnessPolicyFile } from '../witness/policy-file.js';
import { type ArchiveRow, ArchiveStore } from './archive-store.js';
import { checkArchive } from './check-archive.js';
import { type ForgottenNote, leavesIn, openForgotten } from './forgotten-note.js';
import type { ArchivesQuery, ArchiveView } from './retention.schemas.js';

export interface ArchiveReport {
  readonly file: string;
  readonly entries: number;
  readonly problems: readonly string[];
}

/** A file that the log writes into the folder. */
const OURS = /^ledger-\d{12,}-[0-9a-f-]{36}\.ndjson$/;

/** What is known of archives, and whether their files are what was signed. */
@Injectable()
export class ArchivesService {
  private isBusy = false;

  constructor(
    private readonly store: ArchiveStore,
    private readonly tree: TreeStore,
    private readonly policyFile: WitnessPolicyFile,
    private readonly ledger: LedgerService,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async list({ limit, cursor }: ArchivesQuery) {
    const rows = await this.store.page(limit + 1, cursor === undefined ? null : readCursor(cursor));
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return {
      data: page.map(toView),
      nextCursor: hasMore ? `${last.startedAt.toISOString()}_${last.id}` : null,
    };
  }

  async get(id: string): Promise<ArchiveView & { note: string | null }> {
    const row = await this.find(id);
    return { ...toView(row), note: row.note };
  }

  /** Reads the file of one archive again, in the folder of this server. */
  async verify(actor: Actor, id: string): Promise<ArchiveReport & { isProved: boolean }> {
    const row = await this.find(id);
    const folder = this.config.ledgerArchive;
    if (folder === null) {
      throw new AppError(
        'conflict',
        'ledger.no_archive_folder',
        'ROLECALL_LEDGER_ARCHIVE is not set on this server.',
      );
    }
    if (this.isBusy) {
      throw new AppError('unavailable', 'ledger.busy', 'Another archive is being verified.', {
        retryAfter: 2,
      });
    }
    this.isBusy = true;
    try {
      const report = await this.check(folder, row);
      const isProved = report.problems.length === 0;
      await this.record(actor, [report], id);
      return { ...report, problems: [...report.problems], isProved };
    } finally {
      this.isBusy = false;
    }
  }

  /** All archives whose entries are gone, against the files of a folder; and files that no archive is. */
  async verifyFolder(actor: Actor, folder: string): Promise<ArchiveReport[]> {
    const names = new Set(
      await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        throw fieldError('--archive', `cannot be read: ${error.message}`);
      }),
    );
    const reports: ArchiveReport[] = [];
    for (const row of await this.store.forgotten()) {
      names.delete(row.file);
      reports.push(await this.check(folder, row));
    }
    const known = new Set((await this.store.unfinished()).map(({ file }) => file));
    await this.store.close();
    for (const file of names) {
      if (!OURS.test(file) || known.has(file)) continue;
      reports.push({ file, entries: 0, problems: ['no archive of this log has this file'] });
    }
    await this.record(actor, reports, null);
    return reports;
  }

  private async check(folder: string, row: ArchiveRow): Promise<ArchiveReport> {
    const { file, entries } = row;
    const answer = (problems: readonly string[]) => ({ file, entries, problems });
    const policy = await this.policyFile.read();
    const keys = await readTrustedKeys(this.config.home, policy, await this.tree.keys());
    let note: ForgottenNote;
    try {
      note = openForgotten(row.note ?? '', verifiersOf(keys.vkeysSince(1)));
    } catch (error) {
      return answer([`the log has not signed it: ${(error as Error).message}`]);
    }
    const problems: string[] = [];
    if (note.archive !== row.id || note.file !== file || note.sha256 !== row.sha256) {
      problems.push('the database says other things of it than the log has signed');
    }
    const path = join(folder, file);
    if (!(await isThere(path))) return answer([...problems, 'the file is missing']);
    const { contents, problems: found } = await checkArchive(path, keys.vkeysSince(1));
    if (!contents) return answer([...problems, ...found]);
    if (contents.sha256 !== note.sha256 || contents.bytes !== note.bytes) {
      problems.push(`its SHA-256 is ${contents.sha256}, the log has signed ${note.sha256}`);
    }
    const wanted = leavesIn(note);
    if (
      contents.root !== note.root ||
      wanted.length !== contents.leaves.length ||
      wanted.some((leaf, i) => leaf !== contents.leaves[i])
    ) {
      problems.push('it has other entries than those that the log has signed');
    }
    return answer(problems);
  }

  private async record(
    actor: Actor,
    reports: readonly ArchiveReport[],
    archive: string | null,
  ): Promise<void> {
    const wrong = reports.filter(({ problems }) => problems.length > 0);
    await this.ledger.appendDurably({
      kind: 'ledger.verified',
      outcome: 'ok',
      actor,
      payload: {
        where: 'archive',
        archive,
        isProved: wrong.length === 0,
        archives: reports.length,
        problems: wrong.slice(0, 20).map(({ file, problems }) => `${file}: ${problems.join('; ')}`),
      },
    });
  }

  private async find(id: string): Promise<ArchiveRow> {
    const row = await this.store.get(id);
    if (row) return row;
    throw new AppError('not_found', 'ledger.archive_not_found', 'There is no such archive.');
  }
}

function toView(row: ArchiveRow): ArchiveView {
  const { leaves: _, note: _note, isAbandoned: _abandoned, finishedAt, ...rest } = row;
  const { id, group, kinds, rooms, keepDays } = row.rule;
  return {
    ...rest,
    rule: { id, group, kinds: kinds && [...kinds], rooms, keepDays },
    state: row.forgottenAt ? 'forgotten' : finishedAt ? 'archived' : 'writing',
    archivedAt: finishedAt,
  };
}

function readCursor(cursor: string): { at: Date; id: string } {
  const [time = '', id = ''] = cursor.split('_');
  const at = new Date(time);
  if (Number.isNaN(+at) || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    throw fieldError('cursor', 'is not one of these answers');
  }
  return { at, id };
}

async function isThere(path: string): Promise<boolean> {
  const stream = createReadStream(path, { start: 0, end: 0 });
  try {
    for await (const _ of stream);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
