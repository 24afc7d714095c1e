import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Loop } from '../../common/loop.js';
import { PgPool } from '../../database/pg-pool.js';
import { Metrics } from '../../metrics/metrics.service.js';
import { PROTECTION, type ProtectionRow } from '../ledger-protection.js';
import { LedgerSealing } from './ledger-sealing.js';
import { STOP_CODES } from './sealing-stopped.js';
import { TreeStore } from './tree-store.js';
import { LedgerStreams } from '../stream/ledger-streams.js';
import { LedgerWitnesses } from '../witness/ledger-witnesses.js';

/** What keeps the ledger from proving what it seems to prove; stable, for programs. */
export const LEDGER_PROBLEMS = [
  ...STOP_CODES,
  'entries_missing',
  'not_sealed',
  'mirror_failing',
  'witnesses_missing',
  'stream_failing',
  'stream_refused',
  'fsync_off',
  'full_page_writes_off',
  'synchronous_commit_off',
  'server_owns_ledger',
  'server_may_change_ledger',
  'trigger_off',
] as const;
export type LedgerProblemCode = (typeof LEDGER_PROBLEMS)[number];

export interface LedgerProblem {
  readonly code: LedgerProblemCode;
  readonly detail: string;
}

const LOOK_MS = 10_000;
/** Sealing takes a second; on a server that starts, or a busy one, some more. */
const LATE_MS = 30_000;

const SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

interface SettingsRow extends ProtectionRow {
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
}

/** Says loudly what weakens the ledger: at start and when it changes, in status, probes and metrics. */
@Injectable()
export class LedgerHealth implements OnModuleDestroy {
  private readonly log = new Logger(LedgerHealth.name);
  private ofDatabase: readonly LedgerProblem[] = [];
  private reported = new Map<LedgerProblemCode, string>();
  private readonly loop = new Loop(
    {
      name: 'looking at the protection of the ledger',
      firstMs: 0,
      everyMs: LOOK_MS,
      log: this.log,
    },
    () => this.look(),
  );

  constructor(
    private readonly pg: PgPool,
    private readonly store: TreeStore,
    private readonly sealing: LedgerSealing,
    private readonly witnesses: LedgerWitnesses,
    private readonly streams: LedgerStreams,
    private readonly metrics: Metrics,
  ) {}

  start(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  problems(): LedgerProblem[] {
    const { stopped, missing, mirrorView } = this.sealing;
    const uncosigned = this.witnesses.problem();
    const gaps = missing.map(({ shard, seq }) => `entry ${seq} of shard ${shard}`);
    return [
      ...(stopped ? [stopped] : []),
      ...(gaps.length > 0
        ? [{ code: 'entries_missing' as const, detail: `Postgres lacks ${gaps.join(', ')}.` }]
        : []),
      ...(mirrorView.problem === null
        ? []
        : [
            {
              code: 'mirror_failing' as const,
              detail: `The mirror ${mirrorView.place} cannot be written: ${mirrorView.problem}.`,
            },
          ]),
      ...(uncosigned === null ? [] : [{ code: 'witnesses_missing' as const, detail: uncosigned }]),
      ...this.streams.problems(),
      ...this.ofDatabase,
    ];
  }

  private async look(): Promise<void> {
    const { rows } = await this.pg.query<SettingsRow>(
      'ledger-protection',
      `${PROTECTION}, ${SETTINGS.map((name) => `current_setting('${name}') AS ${name}`).join(', ')}`,
    );
    const row = rows[0];
    const late = await this.lateBy();
    this.ofDatabase = [...(row ? protectionProblems(row) : []), ...late];
    this.report(this.problems());
  }

  /** Entries that no server seals. */
  private async lateBy(): Promise<LedgerProblem[]> {
    const { sealed, oldestMs } = await this.store.sealingLag();
    if (sealed) {
      this.metrics.ledgerSize.set(sealed.size);
      this.metrics.ledgerCheckpointAt.set(sealed.at.getTime() / 1_000);
    }
    this.metrics.ledgerUnsealedSince.set(oldestMs / 1_000);
    if (oldestMs < LATE_MS) return [];
    const seconds = Math.round(oldestMs / 1_000);
    const { failure } = this.sealing;
    const here = failure === null ? '' : ` Here: ${failure}.`;
    return [
      {
        code: 'not_sealed',
        detail: `No server has sealed the ledger for ${seconds} seconds.${here}`,
      },
    ];
  }

  private report(problems: readonly LedgerProblem[]): void {
    const now = new Map(problems.map(({ code, detail }) => [code, detail]));
    for (const code of LEDGER_PROBLEMS) {
      this.metrics.ledgerProblems.set({ code }, now.has(code) ? 1 : 0);
      const detail = now.get(code);
      if (detail !== undefined && !this.reported.has(code)) {
        this.log.warn(`The ledger proves less than it could: ${detail}`);
      } else if (detail === undefined && this.reported.has(code)) {
        this.log.log(`The ledger no longer has the problem ${code}`);
      }
    }
    this.reported = now;
  }
}

function protectionProblems(row: SettingsRow): LedgerProblem[] {
  const problems: LedgerProblem[] = SETTINGS.filter((name) => row[name] === 'off').map((name) => ({
    code: `${name}_off`,
    detail: `Postgres runs with ${name} = off: after a crash, entries that were confirmed may be gone.`,
  }));
  if (row.isOwner) {
    const detail =
      'DATABASE_URL is the owner of the ledger, so the server could change it: use another role.';
    problems.push({ code: 'server_owns_ledger', detail });
  } else if (row.privileges.length > 0) {
    const detail = `The server's role has rights on the ledger that it should not have: ${row.privileges.join(', ')}.`;
    problems.push({ code: 'server_may_change_ledger', detail });
  }
  if (row.triggers.length > 0) {
    problems.push({ code: 'trigger_off', detail: `In Postgres ${row.triggers.join(', ')}.` });
  }
  return problems;
}
