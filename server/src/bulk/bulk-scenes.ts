import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { Transactions } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { samePermission } from '../grants/compile-grant.js';
import { SceneSilence, type Silenced } from '../seats/observation/scene-silence.js';
import type { Seat } from '../seats/model/seat.js';
import { type FreshWish, SeatApplier } from '../seats/convergence/seat-applier.js';
import type { Push } from '../seats/model/outcomes.js';
import { SeatBatchStore } from '../seats/store/seat-batch-store.js';
import { permissionAfter, tracksTaken } from '../seats/model/effects.js';
import { isMutedAsWanted } from '../seats/model/mutes.js';
import { permissionWanted, SeatPolicy, type Standing } from '../seats/model/seat-policy.js';
import { SeatStore } from '../seats/store/seat-store.js';
import { SilenceWatch } from '../seats/observation/silence-watch.js';
import type { BulkOperation, BulkTarget, TargetEnd } from './bulk.js';
import { BulkStore } from './bulk-store.js';
import type { Chunk, Turn } from './bulk-worker.js';
import { type Haste, type Pace, throughOf } from './pace.js';

/**
 * So many who are seen or heard are called at once, before anybody else: one after the other, each
 * would wait until LiveKit has told a full room of those before. A burst of more would be one too many
 * for clients that are slow to read (v1.13.5 cuts them off).
 */
const CALLED_AT_ONCE = 32;

/**
 * Brings a room to its scene, or back from one. The wish is the room's and holds from its commit on,
 * for whoever joins as well; here is only who is in the room and has to be told.
 */
@Injectable()
export class BulkScenes {
  private readonly log = new Logger(BulkScenes.name);

  constructor(
    private readonly store: BulkStore,
    private readonly seats: SeatStore,
    private readonly batches: SeatBatchStore,
    private readonly policy: SeatPolicy,
    private readonly applier: SeatApplier,
    private readonly silence: SceneSilence,
    private readonly watch: SilenceWatch,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
  ) {}

  /**
   * Writes down who has something else than is wanted, whoever publishes first: they have been begun
   * with when the others are looked at. Harmless to repeat. Answers with how many there are.
   */
  async list(operation: BulkOperation, onPublishers: () => void): Promise<number> {
    const present = await this.seats.listPresent(operation.room);
    const publishing = await this.differing(present.filter(({ tracks }) => tracks.length > 0));
    await this.add(operation, publishing.map(seatOf), false, publishing.flatMap(silencedOf));
    onPublishers();
    const rest = await this.differing(present.filter(({ tracks }) => tracks.length === 0));
    return this.add(operation, mayPublishFirst(rest.map(seatOf)), true);
  }

  /**
   * Null when the operation is another server's by now. Several chunks are under way at once, so whom
   * this one has must not be in the next.
   */
  async chunk(
    operation: BulkOperation,
    targets: readonly BulkTarget[],
    pace: Pace,
    { holder }: Turn,
  ): Promise<Chunk | null> {
    const positions = targets.map(({ position }) => position);
    const isMine = await this.transactions.run(async (tx) => {
      if (!(await this.store.hold(tx, operation.id, holder))) return false;
      await this.store.markStarted(tx, operation.id, positions);
      return true;
    });
    if (!isMine) return null;
    const { length: count } = targets;
    return { count, carryOut: () => this.carryOut(operation, targets, pace) };
  }

  /** Those that LiveKit could not be told of. */
  async again(operation: BulkOperation, pace: Pace): Promise<void> {
    await this.carryOut(operation, await this.store.listPending(operation.id), pace);
  }

  private async carryOut(
    { id, room }: BulkOperation,
    targets: readonly BulkTarget[],
    pace: Pace,
  ): Promise<void> {
    const started = performance.now();
    const failed = new Set<number>();
    const wishes = await this.read(room, targets, failed);
    const isUrgent = (wish: FreshWish | null, i: number) =>
      (wish?.fresh.seen.seat?.tracks.length ?? 0) > 0 &&
      (targets[i] as BulkTarget).position <= CALLED_AT_ONCE;
    const urgent = wishes.filter(isUrgent);
    const others = wishes.filter((wish, i) => !isUrgent(wish, i));
    const made = new Map<FreshWish, Push[]>();
    const converge = async (some: readonly (FreshWish | null)[], haste: Haste) => {
      const differing = some.filter((wish) => wish !== null);
      const pushes = await this.applier.convergeAll(room, differing, throughOf(pace, haste));
      differing.forEach((wish, i) => made.set(wish, pushes[i] ?? []));
    };
    await Promise.all([converge(urgent, 'urgent'), converge(others, 'paced')]);
    const ms = performance.now() - started;
    const ends = targets.map(({ position }, i): TargetEnd => {
      const wish = wishes[i];
      if (failed.has(position)) {
        return { position, outcome: 'failed', detail: 'This could not be done.', ms: null };
      }
      // Somebody else, such as a sweep, was here first.
      if (!wish) return { position, outcome: 'applied', detail: null, ms: null };
      return endOf(position, made.get(wish)?.at(-1), ms);
    });
    await this.transactions.run((tx) => this.store.end(tx, id, ends));
    if (urgent.length > 0) this.watch.lookAtRoomSoon(room);
    // Whoever watches the room sees them silent now, not after the next sweep.
    const topic = `room:${room}`;
    this.hints.publish(targets.map(({ identity }) => ({ topic, type: 'seat', key: identity })));
  }

  /** How each stands now; null for who has what is wanted, and for who is added to `failed`. */
  private async read(
    room: string,
    targets: readonly BulkTarget[],
    failed: Set<number>,
  ): Promise<(FreshWish | null)[]> {
    const { seats, at } = await this.batches.look(
      room,
      targets.map(({ identity }) => identity),
    );
    const readAt = performance.now();
    return Promise.all(
      targets.map(async ({ identity, position }) => {
        const seat = seats.get(identity) ?? null;
        const standing = await this.standOf(room, identity, seat);
        if (!standing) failed.add(position);
        if (!standing || (seat && !isToBeTold(seat, standing))) return null;
        return { fresh: { standing, seen: { seat, at }, at: readAt }, fallback: null };
      }),
    );
  }

  private add(
    { id, room, actor, reason, asOf: at, params: { headMs = 0 } }: BulkOperation,
    seats: readonly Seat[],
    isLast: boolean,
    silenced: readonly Silenced[] = [],
  ): Promise<number> {
    return this.transactions.run(async (tx) => {
      const operation = await this.store.lock(tx, id);
      if (!operation || operation.params.isListed === true) return operation?.total ?? 0;
      await this.store.addTargets(tx, id, seats);
      await this.silence.begin(tx, { operationId: id, room, actor, reason, at, headMs }, silenced);
      return isLast ? this.store.markListed(tx, id) : 0;
    });
  }

  private async differing(seats: readonly Seat[]): Promise<{ seat: Seat; standing: Standing }[]> {
    const all = await Promise.all(
      seats.map(async (seat) => {
        const standing = await this.standOf(seat.room, seat.identity, seat);
        return standing && isToBeTold(seat, standing) ? [{ seat, standing }] : [];
      }),
    );
    return all.flat();
  }

  /** Null, and logged, for one that cannot be judged: the others get their scene all the same. */
  private async standOf(
    room: string,
    identity: string,
    seat: Seat | null,
  ): Promise<Standing | null> {
    try {
      return await this.policy.stand(room, identity, seat);
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.log.error('a seat could not be judged', error);
      return null;
    }
  }
}

function seatOf({ seat }: { seat: Seat }): Seat {
  return seat;
}

function silencedOf({ seat, standing }: { seat: Seat; standing: Standing }): Silenced[] {
  const takes = tracksTaken(seat, permissionAfter(standing, null));
  return takes.length > 0 ? [{ seat, takes, isMuted: standing.silencing === 'mute' }] : [];
}

/** Who has something else than is wanted; and who has it back, which has to be forgotten. */
function isToBeTold({ permission, tracks }: Seat, standing: Standing): boolean {
  const { wanted } = standing;
  if (!isMutedAsWanted(standing, tracks)) return true;
  const desired = permissionWanted(wanted);
  if (!desired || !permission) return false;
  if (wanted.kind === 'uncovered' && wanted.isRestored) return true;
  return !samePermission(permission, desired);
}

function mayPublishFirst(seats: readonly Seat[]): Seat[] {
  const may = ({ permission }: Seat) => permission?.canPublish === true;
  return [...seats.filter(may), ...seats.filter((seat) => !may(seat))];
}

function endOf(position: number, push: Push | undefined, ms: number): TargetEnd {
  const rounded = Math.round(ms * 10) / 10;
  switch (push?.outcome) {
    case 'applied':
      return { position, outcome: 'applied', detail: null, ms: rounded };
    case 'absent':
      return { position, outcome: 'skipped', detail: 'left the room', ms: null };
    case 'failed':
      return { position, outcome: 'failed', detail: push.detail, ms: rounded };
    case 'unavailable':
      return { position, outcome: 'pending', detail: push.detail, ms: null };
    case undefined:
      return { position, outcome: 'pending', detail: 'too many changes at once', ms: null };
  }
}
