import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { CallQueue } from '../../common/call-queue.js';
import { inParallel } from '../../common/in-parallel.js';
import { withTimeout } from '../../common/with-timeout.js';
import { Hints } from '../../hints/hints.js';
import type { Seat } from '../model/seat.js';
import { OperationRunner } from './operation-runner.js';
import type { Command } from './requests.js';
import { LEASES } from '../store/seat-operations.js';
import { SeatReader } from '../store/seat-reader.js';
import { desiredStateOf, hasEnded } from './plan.js';
import { RoleFallbacks } from './role-fallbacks.js';

const BATCH = 200;
/** Each is a transaction and a call. */
const ENDS_AT_ONCE = 8;
/** LiveKit makes a room no faster with more calls at once (v1.13.5). */
const CALLS_AT_ONCE = 8;
/** What LiveKit has not taken by then goes on, and keeps no other end waiting. */
const WAIT_FOR_CALLS_MS = 3_000;
/** Timers of Node end at 2^31 ms. */
const LONGEST_TIMER_MS = 60_000;
/** After the end by our clock, so that it has come by Postgres' clock as well. */
const MARGIN_MS = 2;
/** After one that could not be ended. */
const AGAIN_MS = 5_000;

type SeatName = Pick<Seat, 'room' | 'identity'>;

/**
 * Ends leases, timed holds and timed blocks when their time has come: by a timer for the next one,
 * and by every sweep, so that one that fell due while nothing of Rolecall ran ends as well. The
 * seat's epoch ensures that each ends once, however many servers try. An end is never refused:
 * a role without a place is not given back, and the entry says so.
 */
@Injectable()
export class LeasesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(LeasesService.name);
  // Not a `Loop`: its passes follow each other, and an end that waits for LiveKit must not delay
  // the next one.
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private ending: Promise<void> = Promise.resolve();
  private stopListening: (() => void) | null = null;
  private isAskedAgain = false;
  /** Something that is due could not be ended. */
  private isAnyLeft = false;
  private isStopped = false;

  constructor(
    private readonly seats: SeatReader,
    private readonly fallbacks: RoleFallbacks,
    private readonly runner: OperationRunner,
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
    await this.ending;
  }

  /**
   * Ends everything that is due, page by page. Seats that fail keep none of the others from their
   * end; the first failure is reported once all have been tried.
   */
  async endDue(): Promise<void> {
    const failures: unknown[] = [];
    let last: SeatName | null = null;
    do {
      const due: SeatName[] = await this.seats.listExpired(BATCH, last);
      const rooms = [...Map.groupBy(due, ({ room }) => room)];
      await inParallel(rooms, ENDS_AT_ONCE, ([room, seats]) =>
        this.endTogether(
          room,
          seats.map(({ identity }) => identity),
          failures,
        ),
      );
      last = due.length === BATCH ? (due.at(-1) ?? null) : null;
    } while (last && !this.isStopped);
    this.isAnyLeft = failures.length > 0;
    if (failures.length > 0) {
      throw new Error(`${failures.length} seats could not be ended: ${String(failures[0])}`, {
        cause: failures[0],
      });
    }
  }

  /**
   * Ends what is due of one seat. True when that was done: policy leaves it out from the moment of
   * its end, and what it was given on top of comes back with this, so who compares waits for it.
   * False when nothing is due or it cannot be ended now: then what LiveKit has is compared as it is.
   */
  async endDueOf(room: string, identity: string): Promise<boolean> {
    const { seat, at: now } = await this.seats.readSnapshot(room, identity);
    if (!seat || ![seat.override, seat.hold, seat.block].some((part) => hasEnded(part, now))) {
      return false;
    }
    try {
      await this.end(room, identity);
      return true;
    } catch (error) {
      this.log.warn(`what is due of a seat could not be ended: ${String(error)}`);
      return false;
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
    // Those that failed are tried again at their own pace; the next one is not kept waiting.
    const ms = await this.seats.nextExpiryMs({ isFuture: this.isAnyLeft });
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.isStopped || (ms === null && !this.isAnyLeft)) return;
    const next = ms === null ? Infinity : Math.max(ms, 0) + MARGIN_MS;
    const delay = Math.min(next, this.isAnyLeft ? AGAIN_MS : Infinity, LONGEST_TIMER_MS);
    this.timer = setTimeout(() => {
      this.ending = this.endDue()
        .catch((error: unknown) => this.log.warn(String(error)))
        .finally(() => this.arm());
    }, delay);
    this.timer.unref();
  }

  /** Ends of one room that fall due together share a transaction; what it cannot write ends alone. */
  private async endTogether(
    room: string,
    identities: readonly string[],
    failures: unknown[],
  ): Promise<void> {
    let alone = identities;
    if (identities.length > 1) {
      try {
        alone = await this.endInBatches(room, identities);
      } catch (error) {
        this.log.warn(`what is due in a room is ended one by one: ${String(error)}`);
      }
    }
    await inParallel(alone, ENDS_AT_ONCE, (identity) =>
      this.end(room, identity).catch((error: unknown) => failures.push(error)),
    );
  }

  /** Answers with those who have to be ended alone. */
  private async endInBatches(room: string, identities: readonly string[]): Promise<string[]> {
    const alone = new Set<string>();
    const limit = new CallQueue(CALLS_AT_ONCE);
    for (const end of this.ends()) {
      const command = { ...end, reason: undefined, expectEpoch: undefined, mayBeUnknown: true };
      const items = identities
        .filter((identity) => !alone.has(identity))
        .map((identity) => ({ identity, operationId: randomUUID(), command }));
      const results = await this.runner.beginMany(SYSTEM_ACTOR, room, items, null, {
        before: () => Promise.resolve(true),
        after: () => Promise.resolve(),
      });
      const begun = (results ?? []).flatMap((one) => (one.kind === 'begun' ? one.begun : []));
      for (const { kind, item } of results ?? []) {
        if (kind !== 'begun' && kind !== 'unchanged') alone.add(item.identity);
      }
      const calls = this.runner.carryOutMany(room, begun, limit.through);
      calls.catch((error: unknown) => this.log.warn(`outcomes of ends are open: ${String(error)}`));
      await withTimeout(calls, WAIT_FOR_CALLS_MS, () => undefined);
    }
    return [...alone];
  }

  /** Whatever of the seat is due; each by itself, so that each has an entry of its own. */
  private async end(room: string, identity: string): Promise<void> {
    await inParallel(this.ends(), 1, (command) =>
      this.runner.run(SYSTEM_ACTOR, room, identity, {
        ...command,
        reason: undefined,
        expectEpoch: undefined,
        mayBeUnknown: true,
      }),
    );
  }

  private ends(): Pick<Command, 'action' | 'permission' | 'givesBack' | 'plan'>[] {
    return [
      {
        action: 'block_end',
        permission: 'seat.block',
        givesBack: true,
        plan: (context, noPlace) => this.fallbacks.blockEnd(SYSTEM_ACTOR, context, noPlace),
      },
      {
        action: 'hold_end',
        permission: 'seat.mute',
        plan: (context) =>
          hasEnded(context.seat.hold, context.now)
            ? { ...desiredStateOf(context), hold: null }
            : null,
      },
      {
        action: 'lease_end',
        permission: 'seat.demote',
        givesBack: true,
        plan: (context, noPlace) => this.fallbacks.leaseEnd(SYSTEM_ACTOR, context, noPlace),
      },
    ];
  }
}
