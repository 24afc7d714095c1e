import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SYSTEM_ACTOR } from '../access/actor.js';
import { Transactions } from '../database/transactions.js';
import { Hints } from '../events/hints.js';
import type { SeatOperation } from './seat.js';
import { SeatApplier } from './seat-applier.js';
import { LEASES, SeatOperations, settlementOf } from './seat-operations.js';
import { SeatPolicy } from './seat-policy.js';
import { SeatStore } from './seat-store.js';
import { SeatsService, toStateOf } from './seats.service.js';

const BATCH = 100;
/** Timers of Node end at 2^31 ms; the sweep sets the timer anew long before. */
const LONGEST_TIMER_MS = 60_000;
/** After the end by our clock, so that it has come by Postgres' clock as well. */
const MARGIN_MS = 2;

/**
 * Ends leases when their time has come: by a timer for the next one, and by every sweep, so that
 * one that fell due while nothing of Rolecall ran ends as well. The row's lock sees to it that each
 * ends once, however many servers try.
 */
@Injectable()
export class LeasesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(LeasesService.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private stopListening: (() => void) | null = null;
  private isAskedAgain = false;
  private isStopped = false;

  constructor(
    private readonly store: SeatStore,
    private readonly policy: SeatPolicy,
    private readonly seats: SeatsService,
    private readonly operations: SeatOperations,
    private readonly applier: SeatApplier,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.hints.listen((hints) => {
      if (hints.some(({ topic }) => topic === LEASES)) this.arm();
    });
    this.arm();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.stopListening?.();
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  /** Ends every lease that is due. */
  async endDue(): Promise<void> {
    for (;;) {
      const due = await this.store.listExpired(BATCH);
      for (const { room, identity } of due) await this.end(room, identity);
      if (due.length < BATCH) return;
    }
  }

  private arm(): void {
    if (this.isStopped) return;
    if (this.running) {
      this.isAskedAgain = true;
      return;
    }
    this.isAskedAgain = false;
    this.running = this.armOnce()
      .catch((error: unknown) => {
        this.log.debug(`leases are not read: ${String(error)}`); // the sweep will
      })
      .finally(() => {
        this.running = null;
        if (this.isAskedAgain) this.arm();
      });
  }

  private async armOnce(): Promise<void> {
    const ms = await this.store.nextExpiryMs();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (ms === null || this.isStopped) return;
    const delay = Math.min(Math.max(ms, 0) + MARGIN_MS, LONGEST_TIMER_MS);
    this.timer = setTimeout(() => {
      void this.endDue()
        .catch((error: unknown) => this.log.warn(`leases could not be ended: ${String(error)}`))
        .finally(() => this.arm());
    }, delay);
    this.timer.unref();
  }

  private end(room: string, identity: string): Promise<void> {
    return this.applier.inTurn(room, identity, async () => {
      const operation = await this.commitEnd(room, identity);
      if (!operation) return;
      const started = performance.now();
      const pushes = await this.applier.converge(room, identity, operation.after.fallback);
      const settlement = settlementOf(operation, pushes, performance.now() - started);
      await this.operations.settle(operation.id, settlement);
    });
  }

  /** Null when it has been ended, or replaced, meanwhile. */
  private async commitEnd(room: string, identity: string): Promise<SeatOperation | null> {
    const { seat, at } = await this.store.look(room, identity);
    const until = seat?.override?.until;
    if (!seat?.override || !until || until > at) return null;
    const standing = await this.policy.stand(room, identity);
    const now = new Date(at.getTime());
    const { override, fallback } = await this.seats.withoutOverride({ seat, standing, now });
    const after = await this.policy.suppose(standing, { override, block: seat.block }, now);
    return this.transactions.run(async (tx) => {
      const locked = await this.store.lock(tx, room, identity);
      if (locked.seat.epoch !== seat.epoch) return null;
      const epoch = await this.store.wish(tx, seat, override, seat.block);
      const operation: SeatOperation = {
        id: randomUUID(),
        room,
        identity,
        action: 'lease_end',
        actor: SYSTEM_ACTOR,
        reason: null,
        before: {
          template: seat.override?.template ?? null,
          version: seat.override?.version ?? null,
          permission: null,
          override: seat.override,
          block: seat.block,
          base: null,
          sid: seat.sid,
        },
        after: { ...toStateOf(after.role), effects: [], fallback: fallback ?? null },
        epoch,
        outcome: 'intent',
        detail: null,
        ms: null,
        undoUntil: null,
        undoneBy: null,
        createdAt: now,
        settledAt: null,
      };
      await this.operations.begin(tx, { ...operation, requestId: null }, SYSTEM_ACTOR);
      return operation;
    });
  }
}
