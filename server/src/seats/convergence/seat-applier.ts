import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { pause } from '../../common/pause.js';
import type { CallLimiter } from '../../livekit/call-limiter.js';
import { isUnavailable, unavailable } from '../../livekit/livekit-error.js';
import type { ObservedPermission } from '../../livekit/participant-view.js';
import type { Push } from '../model/outcomes.js';
import { type Evaluation, SeatPolicy } from '../model/seat-policy.js';
import { type Answer, Observations } from '../observation/observations.js';
import { SeatReader, type SeatSnapshot } from '../store/seat-reader.js';
import { KeyedMutex, seatKey } from './keyed-mutex.js';
import { PublishDelays } from './publish-delays.js';
import { pushOf, SeatCalls } from './seat-calls.js';

/** A reading of a seat from when its desired state was committed; the first call may follow from it. */
export interface SeatReading {
  readonly evaluation: Evaluation;
  readonly snapshot: SeatSnapshot;
  /** By the monotonic clock. */
  readonly at: number;
}

/** A seat to bring LiveKit to, with a recent reading of it. */
export interface ConvergeRequest {
  readonly reading: SeatReading;
  readonly fallback: ObservedPermission | null;
}

/** A reading older than this when its call may go out is made again, without losing its place. */
const READING_LIFETIME_MS = 250;

/** After so many changes of the seat at once, the rest is left to the sweep. */
const MAX_ROUNDS = 8;

/**
 * Every writer (moderator, join, sweep, lease) brings LiveKit to the desired state through here: read
 * it, call with the whole permission, compare the answer, read again, and repeat if it changed. So the
 * late call of a slow writer does not stay (model/seat.pml).
 */
@Injectable()
export class SeatApplier {
  private readonly queue = new KeyedMutex();

  constructor(
    private readonly policy: SeatPolicy,
    private readonly calls: SeatCalls,
    private readonly delays: PublishDelays,
    private readonly seats: SeatReader,
    private readonly observations: Observations,
  ) {}

  /** One at a time for each seat in this process; between processes the loop in `converge` decides. */
  withLock<T>(room: string, identity: string, work: () => Promise<T>): Promise<T> {
    return this.queue.run(seatKey(room, identity), work);
  }

  /**
   * Brings LiveKit to the desired state. Call it with the lock. Answers with every push; the last one counts.
   * `fallback` is given back to a participant without a rule.
   */
  async converge(
    room: string,
    identity: string,
    fallback: ObservedPermission | null = null,
  ): Promise<Push[]> {
    const pushes: Push[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // Before the reading: what is read should not grow old while LiveKit's health is checked.
      await this.calls.isReachable();
      const { evaluation, snapshot } = await this.readSeat(room, identity);
      if (await this.delays.wait(evaluation, snapshot.seat)) continue;
      pushes.push(await this.calls.push(evaluation, snapshot, fallback));
      const again = await this.policy.evaluate(room, identity, snapshot.seat);
      if (again.key === evaluation.key) break;
    }
    return withRefusal(pushes);
  }

  /**
   * `converge` for seats of one room that were just read together: the first call follows from that
   * reading, and all are read again together after their calls. A seat that changed by then goes
   * through the loop alone; seats that have to wait are read again with the others.
   */
  async convergeAll(
    room: string,
    requests: readonly ConvergeRequest[],
    through: CallLimiter,
    round = 1,
  ): Promise<Push[][]> {
    const answers: Answer[] = [];
    const firsts = await Promise.all(
      requests.map((request) =>
        this.pushFromReading(request, through, (answer) => answers.push(answer)),
      ),
    );
    const called = requests.filter((_, i) => firsts[i]);
    const left = requests.filter((_, i) => !firsts[i]);
    const [confirmed, others] = await Promise.all([
      this.confirm(room, called, answers, through),
      this.convergeLeft(room, left, through, round),
    ]);
    return firsts.map((first) =>
      first
        ? withRefusal([...first, ...(confirmed.shift() as Push[])])
        : (others.shift() as Push[]),
    );
  }

  /** Read again after their calls; answers with the pushes that this made necessary. */
  private async confirm(
    room: string,
    requests: readonly ConvergeRequest[],
    answers: readonly Answer[],
    through: CallLimiter,
  ): Promise<Push[][]> {
    // After the calls: what was committed before them is what they followed, or is seen here.
    const [evaluations] = await Promise.all([
      Promise.all(
        requests.map(({ reading: { evaluation, snapshot } }) =>
          this.policy.evaluate(room, evaluation.identity, snapshot.seat),
        ),
      ),
      this.observations.answeredTogether(room, answers),
    ]);
    return Promise.all(
      requests.map(async (request, i) => {
        const isSame = evaluations[i]?.key === request.reading.evaluation.key;
        return isSame ? [] : this.convergeThrough(request, through);
      }),
    );
  }

  /** Seats that changed before their call, or whose track LiveKit might lose: once more, together. */
  private async convergeLeft(
    room: string,
    requests: readonly ConvergeRequest[],
    through: CallLimiter,
    round: number,
  ): Promise<Push[][]> {
    if (requests.length === 0) return [];
    if (round >= MAX_ROUNDS) {
      return Promise.all(requests.map((request) => this.convergeThrough(request, through)));
    }
    const rests = requests.map(({ reading: { evaluation, snapshot } }) =>
      this.delays.restMs(evaluation, snapshot.seat),
    );
    await pause(Math.max(...rests));
    const at = performance.now();
    const again = await Promise.all(
      requests.map(async ({ reading, fallback }): Promise<ConvergeRequest> => {
        const latest = await this.readSeat(room, reading.evaluation.identity);
        return { reading: { ...latest, at }, fallback };
      }),
    );
    return this.convergeAll(room, again, through, round + 1);
  }

  /**
   * Null when the call must not go out yet, or the seat changed. Where calls are slow the reading is
   * old when the call may go out: it is made again then, so that publishers keep their place.
   */
  private pushFromReading(
    { reading: { evaluation, snapshot, at }, fallback }: ConvergeRequest,
    through: CallLimiter,
    see: (answer: Answer) => void,
  ): Promise<Push[] | null> {
    const { room, identity } = evaluation;
    return this.withLock(room.name, identity, async () => {
      if (this.delays.restMs(evaluation, snapshot.seat) > 0) return null;
      let last = snapshot;
      let isMoved = false;
      const withFreshReading: CallLimiter = (call) =>
        through(async () => {
          if (performance.now() - at > READING_LIFETIME_MS) {
            const now = await this.readSeat(room.name, identity);
            isMoved = now.evaluation.key !== evaluation.key;
            if (isMoved) throw changedMeanwhile();
            last = now.snapshot;
          }
          return call();
        });
      const push = await this.calls.push(evaluation, snapshot, fallback, {
        through: withFreshReading,
        see: async (answer) => see({ ...answer, seat: last.seat }),
      });
      return isMoved ? null : [push];
    });
  }

  /**
   * The whole loop in one place of the limiter, so that it calls with a recent reading. First the
   * seat's lock, then the place, as everywhere: otherwise two could wait for each other.
   */
  private async convergeThrough(
    { reading: { evaluation }, fallback }: ConvergeRequest,
    through: CallLimiter,
  ): Promise<Push[]> {
    const { room, identity } = evaluation;
    const loop = async () => {
      const pushes = await this.converge(room.name, identity, fallback);
      const last = pushes.at(-1);
      if (last?.outcome === 'unavailable') throw unavailable(last.detail ?? 'does not answer');
      return pushes;
    };
    try {
      return await this.withLock(room.name, identity, () => through(loop));
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      return [
        { ...pushOf(evaluation), outcome: 'unavailable', detail: (error as AppError).message },
      ];
    }
  }

  private async readSeat(
    room: string,
    identity: string,
  ): Promise<{ evaluation: Evaluation; snapshot: SeatSnapshot }> {
    const [snapshot, facts] = await Promise.all([
      this.seats.readSnapshot(room, identity),
      this.policy.read(room, identity),
    ]);
    return { snapshot, evaluation: await this.policy.evaluateFacts(facts, snapshot.seat) };
  }
}

/** The last push counts; what LiveKit refused to unmute earlier stays muted all the same. */
function withRefusal(pushes: Push[]): Push[] {
  const refused = pushes.find(({ isUnmuteRefused }) => isUnmuteRefused);
  const last = pushes.at(-1);
  if (!refused || last?.outcome !== 'applied') return pushes;
  return [...pushes.slice(0, -1), { ...last, outcome: 'failed', detail: refused.detail }];
}

/** Thrown instead of the call, and caught by `push`. */
function changedMeanwhile(): AppError {
  return new AppError('conflict', 'livekit.moved', 'The desired state of the seat has changed.');
}
