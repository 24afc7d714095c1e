import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { Loop } from '../../common/loop.js';
import { Metrics } from '../../metrics/metrics.service.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerMirror } from './ledger-mirror.js';
import { MirrorWriter } from './mirror-writer.js';
import type { Batch } from './read-batch.js';
import { SealLock } from './seal-lock.js';
import { MAX_BATCH, Sealer } from './sealer.js';
import { SealingStopped, type StopCode } from './sealing-stopped.js';
import { StandbyCopy } from './standby-copy.js';

export const SEALING_STATES = ['starting', 'sealing', 'standby', 'stopped', 'failing'] as const;
export type SealingState = (typeof SEALING_STATES)[number];

export interface MirrorView {
  readonly place: string;
  /** Null: this server does not write it. */
  readonly size: number | null;
  /** Why it cannot be written; null: it can, as far as is known. */
  readonly problem: string | null;
}

/** An entry waits for half a second at most, so that its proof is there within one. */
const SEAL_MS = 500;
const STANDBY_MS = 2_000;
/** Only a person can resolve what stopped it. */
const STOPPED_MS = 5_000;
const MIRROR_MS = 5_000;

/** Runs the sealer and the mirror on the server that holds the lock, and says how they get on. */
@Injectable()
export class LedgerSealing implements OnModuleDestroy {
  private readonly log = new Logger(LedgerSealing.name);
  private current: SealingState = 'starting';
  private stop: SealingStopped | null = null;
  private refusal: SealingStopped | null = null;
  private lost: Batch['missing'] = [];
  private lastFailure: string | null = null;
  private mirrored: number | null = null;
  private mirrorProblem: string | null = null;
  private readonly sealing = new Loop(
    { name: 'sealing the ledger', firstMs: 0, everyMs: () => this.waitMs(), log: this.log },
    () => this.seal(),
  );
  private readonly mirroring = new Loop(
    { name: 'writing the mirror of the ledger', everyMs: MIRROR_MS, log: this.log },
    () => this.writeMirror(),
  );

  constructor(
    private readonly lock: SealLock,
    private readonly sealer: Sealer,
    private readonly mirror: LedgerMirror,
    private readonly mirrorWriter: MirrorWriter,
    private readonly standby: StandbyCopy,
    private readonly ledger: LedgerService,
    private readonly metrics: Metrics,
  ) {}

  get state(): SealingState {
    return this.current;
  }

  /** Why it does not seal; null: it does, or another server should. */
  get stopped(): { readonly code: StopCode; readonly detail: string } | null {
    return this.stop && { code: this.stop.code, detail: this.stop.message };
  }

  /** What went wrong in the last pass; null: nothing did. */
  get failure(): string | null {
    return this.lastFailure;
  }

  /** Numbered entries that Postgres does not have. */
  get missing(): Batch['missing'] {
    return this.lost;
  }

  /** For who has proof that the tree is not the one that was signed: nothing is signed from now on. */
  refuse(stop: SealingStopped): void {
    this.refusal ??= stop;
    this.sealing.wake();
  }

  get mirrorView(): MirrorView {
    return {
      place: this.mirror.store.place,
      size: this.mirrored,
      problem: this.mirrorProblem,
    };
  }

  start(): void {
    this.sealing.start();
    this.mirroring.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.enter('standby');
    await Promise.all([this.sealing.stop(), this.mirroring.stop()]);
  }

  private waitMs(): number {
    if (this.current === 'standby') return STANDBY_MS;
    return this.current === 'stopped' ? STOPPED_MS : SEAL_MS;
  }

  private async seal(): Promise<void> {
    if (!(await this.lock.hold())) {
      this.sealer.forget();
      this.enter('standby');
      await this.standby.keep();
      return;
    }
    try {
      if (this.refusal) throw this.refusal;
      await this.sealAll();
    } catch (error) {
      this.sealer.forget();
      if (error instanceof SealingStopped) return await this.halt(error);
      this.lastFailure = error instanceof Error ? error.message : String(error);
      this.enter('failing');
      throw error;
    }
    const was = this.stop;
    this.stop = null;
    this.lastFailure = null;
    this.enter('sealing');
    if (was) await this.record('ledger.sealing_resumed', was);
  }

  private async sealAll(): Promise<void> {
    for (;;) {
      const batch = await this.sealer.pass();
      if (batch) this.noteMissing(batch.missing);
      if (batch && batch.hashes.length > 0) this.mirroring.wake();
      if (batch && batch.hashes.length < MAX_BATCH) return;
      if (!batch && !(await this.lock.hold())) return;
    }
  }

  private async halt(stop: SealingStopped): Promise<void> {
    const isNew = this.stop?.message !== stop.message;
    this.stop = stop;
    this.enter('stopped');
    // A server without the key must not keep the one that has it from sealing.
    if (stop.code === 'key_missing' || stop.code === 'key_changed') this.lock.release();
    if (!isNew) return;
    this.log.error(`The ledger is not sealed: ${stop.message}`);
    await this.record('ledger.sealing_stopped', stop);
  }

  private async record(
    kind: 'ledger.sealing_stopped' | 'ledger.sealing_resumed',
    { code, message }: SealingStopped,
  ): Promise<void> {
    const payload = { code, detail: message };
    await this.ledger.appendDurably({ kind, outcome: 'ok', actor: SYSTEM_ACTOR, payload });
  }

  private noteMissing(missing: Batch['missing']): void {
    const known = new Set(this.lost.map(({ shard, seq }) => `${shard}/${seq}`));
    this.lost = missing;
    for (const { shard, seq } of missing) {
      if (known.has(`${shard}/${seq}`)) continue;
      this.log.error(
        `The entry ${seq} of shard ${shard} is missing: nothing after it in its shard can be sealed`,
      );
    }
  }

  private async writeMirror(): Promise<void> {
    if (this.current !== 'sealing') {
      this.mirrored = null;
      return;
    }
    try {
      this.mirrored = await this.mirrorWriter.pass(() => this.current === 'sealing');
      this.mirrorProblem = null;
    } catch (error) {
      this.mirrorProblem = error instanceof Error ? error.message : String(error);
      this.metrics.ledgerMirrorFailures.inc();
      throw error;
    }
  }

  private enter(state: SealingState): void {
    this.current = state;
    for (const each of SEALING_STATES) {
      this.metrics.ledgerSealing.set({ state: each }, each === state ? 1 : 0);
    }
  }
}
