import { availableParallelism } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Actor } from '../../actor/actor.js';
import { fieldError } from '../../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { Connections } from '../../database/connections.js';
import { unavailableOn } from '../../database/database-errors.js';
import { LedgerService } from '../ledger.service.js';
import { LastSigned } from '../sealing/last-signed.js';
import { LedgerMirror } from '../sealing/ledger-mirror.js';
import { TreeStore } from '../sealing/tree-store.js';
import { NoteError } from '../tree/note.js';
import { WitnessPolicyFile } from '../witness/policy-file.js';
import { mirrorCopy } from './mirror-copy.js';
import type { Anchor } from './authentic-tiles.js';
import { readForgotten } from './forgotten-leaves.js';
import { readTrustedKeys, type TrustedKeys } from './trusted-keys.js';
import { beginSnapshot } from './snapshot-client.js';
import { type Outside, type SnapshotReport, verifySnapshot } from './verify-snapshot.js';
import { VerifyThreads } from './verify-threads.js';
import { witnessAnchors, type WitnessReport } from './witness-anchors.js';

export interface VerificationReport extends SnapshotReport {
  readonly witnesses: WitnessReport | null;
  /** What is wrong beside the entries: keys, the mirror, checkpoints that nobody signed. */
  readonly problems: readonly string[];
  readonly isProved: boolean;
  readonly ms: number;
}

const THREADS = Math.min(8, availableParallelism());

/** Verifies the whole ledger, or what came after a checkpoint, and records that it did. */
@Injectable()
export class LedgerVerification {
  constructor(
    private readonly connections: Connections,
    private readonly store: TreeStore,
    private readonly mirror: LedgerMirror,
    private readonly lastSigned: LastSigned,
    private readonly policyFile: WitnessPolicyFile,
    private readonly ledger: LedgerService,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** `since`: a checkpoint of the log, as a note. */
  async run(actor: Actor, since: string | null = null): Promise<VerificationReport> {
    const began = performance.now();
    // What is outside first: all that it has was in Postgres before.
    const { problems, witnesses, ...outside } = await this.readOutside(since);
    const threads = new VerifyThreads(this.connections, { count: THREADS });
    const found = await this.inSnapshot((client) => verifySnapshot(client, outside, threads));
    const isProved =
      found.finding === null &&
      found.protection.length === 0 &&
      found.unsigned.length === 0 &&
      problems.length === 0 &&
      witnesses?.isMet !== false;
    const ms = Math.round(performance.now() - began);
    const report = {
      ...found,
      witnesses,
      problems: [...problems, ...found.unsigned],
      isProved,
      ms,
    };
    await this.record(actor, report, outside.since);
    return report;
  }

  /** What the keys, the mirror and the witnesses say. */
  async readOutside(
    since: string | null,
  ): Promise<Outside & { problems: string[]; witnesses: WitnessReport | null }> {
    const policy = await this.policyFile.read();
    const keys = await readTrustedKeys(this.config.home, policy, await this.store.keys());
    const problems: string[] = keys.problem === null ? [] : [keys.problem];
    const witnesses = policy && (await witnessAnchors(policy, keys));
    const mirrored = await this.readMirror(keys, problems);
    const own = await this.readOwn(keys, problems);
    const sinceAnchor = since === null ? null : openSince(keys, since);
    return {
      open: keys.open,
      openNewest: keys.openNewest,
      anchors: [mirrored, own, sinceAnchor, ...(witnesses?.anchors ?? [])].filter(
        (anchor) => anchor !== null,
      ),
      mirror: mirrored && mirrorCopy(this.mirror.store, mirrored.size),
      since: sinceAnchor,
      readForgotten: (client) => readForgotten(client, keys),
      problems,
      witnesses,
    };
  }

  private async record(
    actor: Actor,
    { tree, finding, isProved, ms, problems, forgotten }: VerificationReport,
    since: Anchor | null,
  ): Promise<void> {
    await this.ledger.appendDurably({
      kind: 'ledger.verified',
      outcome: 'ok',
      actor,
      payload: {
        where: 'server',
        isProved,
        size: tree.size,
        checked: tree.checked,
        checkpoints: tree.checkpoints,
        forgotten: forgotten.reduce((sum, { entries }) => sum + entries, 0),
        since: since?.size ?? null,
        ms,
        wrong: finding && { leaf: finding.leaf, entry: finding.entry, problem: finding.problem },
        problems,
      },
    });
  }

  private async readMirror(keys: TrustedKeys, problems: string[]): Promise<Anchor | null> {
    const { place } = this.mirror.store;
    try {
      const note = await this.mirror.checkpoint();
      if (note === null) {
        if (await this.store.newest()) problems.push(`the mirror ${place} is empty`);
        return null;
      }
      return { ...keys.open(note), name: `the mirror ${place}` };
    } catch (error) {
      problems.push(`the mirror ${place} cannot be used: ${(error as Error).message}`);
      return null;
    }
  }

  private async readOwn(keys: TrustedKeys, problems: string[]): Promise<Anchor | null> {
    const note = await this.lastSigned.read();
    if (note === null) return null;
    try {
      return { ...keys.open(note), name: 'the last checkpoint that this server signed' };
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      problems.push(`the last checkpoint beside the key is not the log's: ${error.message}`);
      return null;
    }
  }

  private async inSnapshot<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    // Its own connection: reading a large ledger takes longer than the pool allows.
    const client = this.connections.client({
      application_name: 'rolecall-verify',
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined); // a lost connection also fails the query
    try {
      await client.connect();
      await beginSnapshot(client, null);
      return await work(client);
    } catch (error) {
      throw unavailableOn(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function openSince(keys: TrustedKeys, note: string): Anchor {
  try {
    return { ...keys.open(note), name: 'the checkpoint of --since' };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw fieldError('--since', `is not a checkpoint of this log: ${error.message}`);
  }
}
