import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SYSTEM_ACTOR } from '../access/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { Hints } from '../events/hints.js';
import { SeatChanges, type Wish } from './seat-changes.js';
import { LEASES } from './seat-operations.js';
import { SeatStore } from './seat-store.js';
import { SeatWishes, wishOf } from './seat-wishes.js';

const BATCH = 100;
/** Timers of Node end at 2^31 ms; the sweep sets the timer anew long before. */
const LONGEST_TIMER_MS = 60_000;
/** After the end by our clock, so that it has come by Postgres' clock as well. */
const MARGIN_MS = 2;
/** After one that could not be ended. */
const AGAIN_MS = 5_000;

/**
 * Ends leases, timed holds and timed blocks when their time has come: by a timer for the next one,
 * and by every sweep, so that one that fell due while nothing of Rolecall ran ends as well. The
 * seat's epoch sees to it that each ends once, however many servers try.
 */
@Injectable()
export class LeasesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(LeasesService.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private stopListening: (() => void) | null = null;
  private isAskedAgain = false;
  /** Something that is due could not be ended. */
  private isAnyLeft = false;
  private isStopped = false;

  constructor(
    private readonly store: SeatStore,
    private readonly wishes: SeatWishes,
    private readonly changes: SeatChanges,
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

  /** Ends everything that is due. One that cannot be ended keeps none of the others from it. */
  async endDue(): Promise<void> {
    for (;;) {
      const due = await this.store.listExpired(BATCH);
      this.isAnyLeft = false;
      for (const { room, identity } of due) {
        try {
          await this.end(room, identity);
        } catch (error) {
          if (error instanceof AppError && error.kind === 'unavailable') throw error;
          this.log.warn(`what is due of a seat could not be ended: ${String(error)}`);
          this.isAnyLeft = true;
        }
      }
      if (due.length < BATCH || this.isAnyLeft) return;
    }
  }

  /**
   * Ends what is due of one seat. True when something was: policy leaves it out from the moment of
   * its end, and what it was given on top of comes back with this, so who compares waits for it.
   */
  async endDueOf(room: string, identity: string): Promise<boolean> {
    const { seat, at: now } = await this.store.look(room, identity);
    if (!seat || ![seat.override, seat.hold, seat.block].some((wish) => isDue(wish, now))) {
      return false;
    }
    await this.end(room, identity);
    return true;
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
    const soonest = this.isAnyLeft ? AGAIN_MS : MARGIN_MS;
    const delay = Math.min(Math.max(ms, 0) + soonest, LONGEST_TIMER_MS);
    this.timer = setTimeout(() => {
      void this.endDue()
        .catch((error: unknown) => this.log.warn(`leases could not be ended: ${String(error)}`))
        .finally(() => this.arm());
    }, delay);
    this.timer.unref();
  }

  /** Whatever of the seat is due; each by itself, so that each has an entry of its own. */
  private async end(room: string, identity: string): Promise<void> {
    for (const wish of this.ends()) {
      await this.changes.change(SYSTEM_ACTOR, room, identity, {
        ...wish,
        reason: undefined,
        expectEpoch: undefined,
        mayBeUnknown: true,
      });
    }
  }

  private ends(): Pick<Wish, 'action' | 'permission' | 'plan'>[] {
    return [
      {
        action: 'block_end',
        permission: 'seat.block',
        plan: (context) =>
          isDue(context.seat.block, context.now) ? { ...wishOf(context), block: null } : null,
      },
      {
        action: 'hold_end',
        permission: 'seat.mute',
        plan: (context) =>
          isDue(context.seat.hold, context.now) ? { ...wishOf(context), hold: null } : null,
      },
      {
        action: 'lease_end',
        permission: 'seat.demote',
        plan: async (context) => {
          const { override } = context.seat;
          if (!override || !isDue(override, context.now)) return null;
          const { template, version } = override;
          const was = { template, version, permission: null };
          return { ...wishOf(context), ...(await this.wishes.afterLease(context)), was };
        },
      },
    ];
  }
}

function isDue(wish: { until: Date | null } | null, now: Date): boolean {
  return wish?.until ? wish.until <= now : false;
}
