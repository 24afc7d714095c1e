import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { Loop } from '../../common/loop.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { Metrics } from '../../metrics/metrics.service.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerSealing } from '../sealing/ledger-sealing.js';
import { SealingStopped } from '../sealing/sealing-stopped.js';
import { TreeReader } from '../sealing/tree-reader.js';
import { type StoredCheckpoint, TreeStore } from '../sealing/tree-store.js';
import { type Checkpoint, openCheckpoint } from '../tree/checkpoint.js';
import { verifyConsistency } from '../tree/merkle.js';
import {
  formatVerifierKey,
  NoteError,
  type NoteVerifier,
  parseNote,
  parseVerifierKey,
} from '../tree/note.js';
import { verifiersOf } from '../tree/note-keys.js';
import { treeHasher } from '../tree/sha256.js';
import { CosignatureStore } from './cosignature-store.js';
import { Cosigning, type WitnessAlarm, type WitnessStanding } from './cosigning.js';
import type { WitnessPolicy } from './policy.js';
import { WitnessPolicyFile } from './policy-file.js';
import { type CosignedCheckpoint, cosignedBy } from './cosigned.js';
import type { SignedCheckpoint } from './submit-checkpoint.js';

export interface WitnessesView {
  /** Who has to cosign, by the name in the policy; `none`: nobody. */
  readonly quorum: string;
  readonly witnesses: WitnessStanding[];
  /** The newest checkpoint that enough witnesses cosigned; null: none. */
  readonly cosigned: { readonly size: number; readonly at: Date } | null;
  /** Since when a newer checkpoint waits for them; null: none does. */
  readonly waitingSince: Date | null;
}

const ROUND_MS = 500;
/** Without a quorum for this long, what the log shows has its own signature only. */
const STALE_MS = 60_000;
const SHORT_OF_WITNESSES_MS = 30_000;
const LOOKED_AT = 20;

/** Has the checkpoints of this log cosigned, and says how that goes. Sealing never waits for it. */
@Injectable()
export class LedgerWitnesses implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(LedgerWitnesses.name);
  private policy: WitnessPolicy | null = null;
  private cosigning: Cosigning | null = null;
  private cosigned: CosignedCheckpoint | null = null;
  private waitingSince: Date | null = null;
  private shownSize = 0;
  private isShort = false;
  private readonly loop = new Loop(
    { name: 'having the ledger cosigned', firstMs: 0, everyMs: ROUND_MS, log: this.log },
    () => this.pass(),
  );

  constructor(
    private readonly policyFile: WitnessPolicyFile,
    private readonly store: CosignatureStore,
    private readonly tree: TreeStore,
    private readonly reader: TreeReader,
    private readonly sealing: LedgerSealing,
    private readonly ledger: LedgerService,
    private readonly metrics: Metrics,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.policy = await this.policyFile.read();
    if (!this.policy) return;
    this.cosigning = new Cosigning(
      this.policy,
      {
        newest: () => this.newest(),
        consistencyProof: (from, to) => this.reader.consistencyProof(from, to),
        keep: (size, { key }, { line, at }) =>
          this.store.keep(size, formatVerifierKey(key), line, at),
        contradicts: (note) => this.contradicts(note),
      },
      (alarm) => this.raise(alarm),
    );
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    const stopped = this.loop.stop();
    await this.cosigning?.stop();
    await stopped;
  }

  /** Null: no witness is configured. */
  view(): WitnessesView | null {
    if (!this.cosigning || !this.policy) return null;
    const { cosigned, waitingSince } = this;
    return {
      quorum: this.policy.quorum,
      witnesses: this.cosigning.standings.map((standing) => ({ ...standing })),
      cosigned: cosigned && { size: cosigned.size, at: cosigned.at },
      waitingSince,
    };
  }

  /** Why too few of them cosign; null: enough do, or none is configured. */
  problem(): string | null {
    const ms = this.waitedMs();
    if (ms < SHORT_OF_WITNESSES_MS) return null;
    const failing = (this.cosigning?.standings ?? []).filter(({ lastError }) => lastError !== null);
    const why = failing.map(({ name, lastError }) => `${name}: ${lastError}`).join('; ');
    return `Too few witnesses have cosigned the ledger for ${Math.round(ms / 1_000)} seconds${why ? ` (${why})` : ''}.`;
  }

  /**
   * The checkpoint to show: the newest that enough witnesses cosigned, unless they are away or it
   * lacks a leaf that is asked for. It never has fewer entries than one that was shown before.
   */
  shown(newest: StoredCheckpoint, leaf = 0): { size: number; note: string } {
    const { cosigned } = this;
    const isUsable = cosigned && cosigned.size > leaf && cosigned.size >= this.shownSize;
    const shown = isUsable && (this.isRequired || this.waitedMs() < STALE_MS) ? cosigned : newest;
    this.shownSize = Math.max(this.shownSize, shown.size);
    return shown;
  }

  /** Throws when the configuration wants witnesses and they have been away for too long. */
  assertCosigned(): void {
    const { ledgerWitnessDeadline: deadline } = this.config;
    if (deadline === null || this.waitedMs() < deadline * 1_000) return;
    throw new AppError(
      'unavailable',
      'ledger.not_cosigned',
      'Too few witnesses cosign the ledger, so no token is issued.',
      { retryAfter: 5 },
    );
  }

  private get isRequired(): boolean {
    return this.config.ledgerWitnessDeadline !== null;
  }

  private waitedMs(): number {
    return this.waitingSince ? Date.now() - this.waitingSince.getTime() : 0;
  }

  private async pass(): Promise<void> {
    const { cosigning } = this;
    if (!cosigning) return;
    await this.readStandings(cosigning);
    if (this.sealing.state === 'sealing') await cosigning.offerNewest();
    await this.readCosigned();
    this.report(cosigning);
  }

  /** What the server that seals, or this one before it was started, was given. */
  private async readStandings(cosigning: Cosigning): Promise<void> {
    const names = new Map(
      this.policy?.witnesses.map(({ key, name }) => [formatVerifierKey(key), name]),
    );
    for (const { vkey, size, signedAt } of await this.store.newestOf([...names.keys()])) {
      cosigning.restore(names.get(vkey) ?? '', size, signedAt);
    }
  }

  private async readCosigned(): Promise<void> {
    const { policy } = this;
    if (!policy) return;
    for (const row of await this.store.newestCosigned(LOOKED_AT)) {
      if (row.size < (this.cosigned?.size ?? 0)) break;
      const found = cosignedBy(policy, row);
      if (!found) continue;
      this.cosigned = found;
      break;
    }
    this.waitingSince =
      policy.quorum === 'none' ? null : await this.store.waitingSince(this.cosigned?.size ?? 0);
  }

  private async newest(): Promise<SignedCheckpoint | null> {
    const newest = await this.tree.newest();
    return newest && { size: newest.size, note: newest.note, text: parseNote(newest.note).text };
  }

  private async contradicts(note: string): Promise<boolean> {
    const vkeys = (await this.tree.keys()).map(({ vkey }) => vkey);
    const origin = parseVerifierKey(vkeys[0] ?? '').name;
    const shown = openedBy(note, origin, verifiersOf(vkeys));
    if (!shown) return false;
    const newest = await this.tree.newest();
    if (!newest || shown.size > newest.size) return true;
    const proof = await this.reader.consistencyProof(shown.size, newest.size);
    return !verifyConsistency(treeHasher, shown, newest, proof);
  }

  private raise({ witness, detail }: WitnessAlarm): void {
    this.log.error(`ALARM: ${detail}`);
    this.sealing.refuse(new SealingStopped('witness_disagrees', `A witness disagrees: ${detail}.`));
    void this.ledger
      .appendDurably({
        kind: 'ledger.witness_alarm',
        outcome: 'ok',
        actor: SYSTEM_ACTOR,
        payload: { witness, detail },
      })
      .catch((error: unknown) => this.log.error('The alarm could not be recorded', { error }));
  }

  private report(cosigning: Cosigning): void {
    this.metrics.ledgerCosigned.set(this.cosigned?.size ?? 0);
    for (const { name, cosigned, lastError } of cosigning.standings) {
      this.metrics.ledgerWitnessSize.set({ witness: name }, cosigned?.size ?? 0);
      this.metrics.ledgerWitnessAt.set({ witness: name }, (cosigned?.at.getTime() ?? 0) / 1_000);
      this.metrics.ledgerWitnessFailing.set({ witness: name }, lastError === null ? 0 : 1);
    }
    const problem = this.problem();
    if (problem !== null && !this.isShort) this.log.error(problem);
    if (problem === null && this.isShort) this.log.log('Enough witnesses cosign the ledger again');
    this.isShort = problem !== null;
  }
}

/** Null: it is no checkpoint that this log has signed. */
function openedBy(
  note: string,
  origin: string,
  verifiers: readonly NoteVerifier[],
): Checkpoint | null {
  try {
    return openCheckpoint(note, origin, verifiers);
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}
