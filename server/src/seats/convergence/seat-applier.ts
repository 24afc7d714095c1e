import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { type PermissionLike, samePermission } from '../../grants/compile-grant.js';
import { canonicalSources } from '../../grants/role-grants.js';
import type { MutedTracks } from '../../grants/silencing.js';
import { withholdPermission } from '../../grants/withhold.js';
import {
  isNotFound,
  isRemoteUnmuteOff,
  isUnavailable,
  unavailable,
} from '../../livekit/livekit-error.js';
import { LiveKitHealth } from '../../livekit/livekit.health.js';
import type {
  ObservedParticipant,
  ObservedPermission,
  ObservedTrack,
} from '../../livekit/participant-view.js';
import { RemoteUnmute } from '../../livekit/remote-unmute.js';
import { RoomsPort } from '../../livekit/rooms-port.js';
import type { CallLimiter } from '../../livekit/call-limiter.js';
import { KeyedMutex } from './keyed-mutex.js';
import type { Push } from '../model/outcomes.js';
import { concernsMutes, trackWork } from '../model/mutes.js';
import { type Answer, Observations } from '../observation/observations.js';
import type { Seat } from '../model/seat.js';
import { permissionWanted, SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import { type SeatSnapshot, SeatStore } from '../store/seat-store.js';

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

/** How a call goes out, and where its answer goes. */
interface CallOptions {
  readonly through: CallLimiter;
  readonly see: (answer: Answer) => Promise<void>;
}

/** A reading older than this when its call may go out is made again, without losing its place. */
const READING_LIFETIME_MS = 250;

/** LiveKit may lose a track that is published again sooner after its right was taken (v1.13.5). */
const HOLD_BACK_MS = 400;
/** Somebody who keeps changing a seat this often at once leaves the rest to the sweep. */
const MAX_ROUNDS = 8;

/**
 * Every writer (moderator, join, sweep, lease) brings LiveKit to the desired state through here: read
 * it, call with the whole permission, compare the answer, read again, and repeat if it changed. So the
 * late call of a slow writer does not stay (model/seat.pml).
 */
@Injectable()
export class SeatApplier {
  private readonly queue = new KeyedMutex();
  /** Seat → when a source was last taken from it, by the monotonic clock. */
  private readonly narrowedAt = new Map<string, number>();
  /** Seat → how many batches in progress include it. */
  private readonly inHand = new Map<string, number>();

  constructor(
    private readonly policy: SeatPolicy,
    private readonly rooms: RoomsPort,
    private readonly remoteUnmute: RemoteUnmute,
    private readonly health: LiveKitHealth,
    private readonly store: SeatStore,
    private readonly observations: Observations,
  ) {}

  /**
   * Marks seats as part of a batch in progress, which will call LiveKit for them. After a crash the
   * sweep finds them.
   */
  async withInHand<T>(
    room: string,
    identities: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    const keys = identities.map((identity) => seatKey(room, identity));
    for (const key of keys) this.inHand.set(key, (this.inHand.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      for (const key of keys) {
        const left = (this.inHand.get(key) ?? 1) - 1;
        if (left > 0) this.inHand.set(key, left);
        else this.inHand.delete(key);
      }
    }
  }

  isInHand(room: string, identity: string): boolean {
    return this.inHand.has(seatKey(room, identity));
  }

  /** Work on one seat is queued in this process; between processes the loop in `converge` decides. */
  inTurn<T>(room: string, identity: string, work: () => Promise<T>): Promise<T> {
    return this.queue.run(seatKey(room, identity), work);
  }

  /**
   * Brings LiveKit to the desired state. Call it in turn. Answers with every push; the last one holds.
   * `fallback` is given back to somebody whom no rule covers.
   */
  async converge(
    room: string,
    identity: string,
    fallback: ObservedPermission | null = null,
  ): Promise<Push[]> {
    const pushes: Push[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // Before the reading: what is read should not grow old while LiveKit's health is looked into.
      await this.isReachable();
      const { evaluation, snapshot } = await this.readSeat(room, identity);
      if (await this.isHeldBack(evaluation, snapshot.seat)) continue;
      pushes.push(await this.push(evaluation, snapshot, fallback));
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
      this.holdBackMs(evaluation, snapshot.seat),
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
    return this.inTurn(room.name, identity, async () => {
      if (this.holdBackMs(evaluation, snapshot.seat) > 0) return null;
      let last = snapshot;
      let isMoved = false;
      const asStands: CallLimiter = (call) =>
        through(async () => {
          if (performance.now() - at > READING_LIFETIME_MS) {
            const now = await this.readSeat(room.name, identity);
            isMoved = now.evaluation.key !== evaluation.key;
            if (isMoved) throw changedMeanwhile();
            last = now.snapshot;
          }
          return call();
        });
      const push = await this.push(evaluation, snapshot, fallback, {
        through: asStands,
        see: async ({ participant }) => void see({ room: room.name, participant, ...last }),
      });
      return isMoved ? null : [push];
    });
  }

  /**
   * The whole loop in one place of the queue, so that it calls with a recent reading. First the seat's
   * turn, then the place, as everywhere: otherwise two could wait for each other.
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
      return await this.inTurn(room.name, identity, () => through(loop));
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
      this.store.readSnapshot(room, identity),
      this.policy.read(room, identity),
    ]);
    return { snapshot, evaluation: await this.policy.evaluateFacts(facts, snapshot.seat) };
  }

  /** Ends the connection; false when LiveKit cannot be asked. Who is not there counts as removed. */
  async remove(room: string, identity: string): Promise<boolean> {
    try {
      if (!(await this.isReachable())) return false;
      await this.rooms.removeParticipant(room, identity);
      return true;
    } catch (error) {
      if (isUnavailable(error)) return false;
      throw error;
    }
  }

  /** False while LiveKit is known to be down and does not answer a probe. */
  async isReachable(): Promise<boolean> {
    if (this.health.status.state !== 'down') return true;
    return (await this.health.probe()).state !== 'down';
  }

  private async push(
    evaluation: Evaluation,
    snapshot: SeatSnapshot,
    fallback: ObservedPermission | null,
    how: CallOptions = {
      through: (call) => call(),
      see: (answer) => this.observations.answered(answer),
    },
  ): Promise<Push> {
    const { wanted } = evaluation;
    const made = pushOf(evaluation);
    const permission = permissionOf(evaluation, fallback);
    if (wanted.kind !== 'out' && !permission && !concernsMutes(evaluation)) {
      return { ...made, outcome: 'applied', detail: null };
    }
    if (wanted.kind === 'uncovered' && wanted.keep) {
      const keep = fallback ?? wanted.keep;
      await this.store.keepBeforeScene(evaluation.room.name, evaluation.identity, keep);
    }
    try {
      if (!(await this.isReachable())) {
        return { ...made, outcome: 'unavailable', detail: 'LiveKit cannot be reached' };
      }
      return wanted.kind === 'out'
        ? await this.putOut(evaluation, how)
        : await this.setAll(evaluation, snapshot, permission, how);
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('livekit.')) throw error;
      if (isUnavailable(error)) return { ...made, outcome: 'unavailable', detail: error.message };
      if (isNotFound(error)) return { ...made, outcome: 'absent', detail: 'is not in the room' };
      return { ...made, outcome: 'failed', detail: error.message };
    }
  }

  private async putOut(evaluation: Evaluation, { through }: CallOptions): Promise<Push> {
    const { room, identity } = evaluation;
    await through(() => this.rooms.removeParticipant(room.name, identity));
    return { ...pushOf(evaluation), outcome: 'applied', detail: null };
  }

  /** The permission, unless they keep what they have, and what is muted in spite of it. */
  private async setAll(
    evaluation: Evaluation,
    { seat, at }: SeatSnapshot,
    permission: PermissionLike | null,
    { through, see }: CallOptions,
  ): Promise<Push> {
    const { room, identity, wanted } = evaluation;
    const told = await through(async () => {
      const participant = permission
        ? await this.rooms.setPermission(room.name, identity, permission)
        : await this.rooms.findParticipant(room.name, identity);
      return participant && this.settleTracks(evaluation, participant);
    });
    if (!told) return { ...pushOf(evaluation), outcome: 'absent', detail: 'is not in the room' };
    const { participant: after, refusal } = told;
    this.noteNarrowing(room.name, identity, seat?.permission ?? null, after.permission);
    await see({ room: room.name, participant: after, seat, at });
    if (wanted.kind === 'uncovered' && wanted.isRestored) {
      await this.store.forgetBeforeScene(room.name, identity);
    }
    const change = seat?.isPresent &&
      seat.permission && { had: seat.permission, has: after.permission, tracks: seat.tracks };
    const made = { ...pushOf(evaluation), ...(change ? { change } : {}) };
    if (permission && !samePermission(after.permission, permission)) {
      return { ...made, outcome: 'failed', detail: 'LiveKit took only a part of the permission' };
    }
    return refusal === null
      ? { ...made, outcome: 'applied', detail: null }
      : { ...made, outcome: 'failed', detail: refusal, isUnmuteRefused: true };
  }

  /**
   * Mutes what a hold or a scene keeps silent, and unmutes what they had muted. Noted before each
   * call: a crash between the two must not leave a track that nobody knows to unmute.
   */
  private async settleTracks(
    evaluation: Evaluation,
    participant: ObservedParticipant,
  ): Promise<{ participant: ObservedParticipant; refusal: string | null }> {
    if (!concernsMutes(evaluation)) return { participant, refusal: null };
    const seat = { room: evaluation.room.name, identity: evaluation.identity };
    const { mute, unmute, forget } = trackWork(evaluation, participant.tracks);
    const present = participant.tracks.map(({ sid }) => sid);
    const { mutedTracks } = evaluation.facts;
    const news = [...mute.filter((sid) => !mutedTracks[sid]), ...unmute];
    if (news.length > 0) await this.store.noteMuted(seat, all(news, false), present);
    const muted = await Promise.all(
      mute.map((sid) => this.rooms.muteTrack(seat.room, seat.identity, sid)),
    );
    const confirmed = muted.flatMap((track) => (track?.isMuted ? track.sid : []));
    if (confirmed.length > 0) await this.store.noteMuted(seat, all(confirmed, true), present);
    const { tracks: unmuted, refusal } = await this.unmute(seat, unmute);
    const done = [...forget, ...unmute];
    if (done.length > 0) await this.store.forgetMuted(seat, done);
    const told = new Map([...muted, ...unmuted].flatMap((one) => (one ? [[one.sid, one]] : [])));
    const tracks = participant.tracks.map((track) => ({ ...track, ...told.get(track.sid) }));
    return { participant: { ...participant, tracks }, refusal };
  }

  /** Where LiveKit does not allow it they stay muted, and nobody tries again. */
  private async unmute(
    { room, identity }: { room: string; identity: string },
    sids: readonly string[],
  ): Promise<{ tracks: (ObservedTrack | null)[]; refusal: string | null }> {
    try {
      const calls = sids.map((sid) => this.remoteUnmute.unmute(room, identity, sid));
      return { tracks: await Promise.all(calls), refusal: null };
    } catch (error) {
      if (!isRemoteUnmuteOff(error)) throw error;
      return { tracks: [], refusal: `stays muted: ${(error as AppError).message}` };
    }
  }

  /** Asks about somebody again after what changes no permission, such as a mute. */
  async observeAgain(room: string, identity: string): Promise<void> {
    const { seat, at } = await this.store.readSnapshot(room, identity);
    const participant = await this.rooms.findParticipant(room, identity);
    if (participant) await this.observations.answered({ room, participant, seat, at });
  }

  private noteNarrowing(
    room: string,
    identity: string,
    before: ObservedPermission | null,
    after: ObservedPermission,
  ): void {
    const isNarrower = before?.canPublishSources.some(
      (source) => before.canPublish && !after.canPublishSources.includes(source),
    );
    if (!isNarrower) return;
    const now = performance.now();
    const key = seatKey(room, identity);
    this.narrowedAt.delete(key);
    this.narrowedAt.set(key, now);
    for (const [old, at] of this.narrowedAt) {
      if (now - at <= HOLD_BACK_MS) break;
      this.narrowedAt.delete(old);
    }
  }

  /** Waits and answers true: the seat has to be read again after the wait. */
  private async isHeldBack(evaluation: Evaluation, seat: Seat | null): Promise<boolean> {
    const rest = this.holdBackMs(evaluation, seat);
    if (rest <= 0) return false;
    await pause(rest);
    return true;
  }

  private holdBackMs({ room, identity, wanted }: Evaluation, seat: Seat | null): number {
    const at = this.narrowedAt.get(seatKey(room.name, identity));
    const desired = permissionWanted(wanted);
    if (at === undefined || !desired) return 0;
    const has: readonly string[] = seat?.permission?.canPublishSources ?? [];
    if (desired.canPublishSources.every((source) => has.includes(source))) return 0;
    return HOLD_BACK_MS - (performance.now() - at);
  }
}

/** Null where there is nothing to set. A source without a name is never given: only seen. */
function pushOf({ epoch, input }: Evaluation): Pick<Push, 'epoch' | 'wish'> {
  const { override = null, block = null, hold = null } = input.seat ?? {};
  return { epoch, wish: { override, block, hold } };
}

function permissionOf(
  { wanted, silencing }: Evaluation,
  fallback: ObservedPermission | null,
): PermissionLike | null {
  // What is given back to somebody is narrowed like what they have.
  if (wanted.kind === 'uncovered' && wanted.keep && fallback) {
    const sources = silencing === 'mute' ? [] : wanted.withheld.sources;
    return withholdPermission(fallback, { sources, data: wanted.withheld.data });
  }
  const desired = permissionWanted(wanted);
  if (desired) return desired;
  if (wanted.kind === 'out' || !fallback) return null;
  const canPublishSources = canonicalSources(fallback.canPublishSources);
  return { ...fallback, canPublishSources, canPublish: canPublishSources.length > 0 };
}

/** The last push holds; what LiveKit refused to unmute earlier stays muted all the same. */
function withRefusal(pushes: Push[]): Push[] {
  const refused = pushes.find(({ isUnmuteRefused }) => isUnmuteRefused);
  const last = pushes.at(-1);
  if (!refused || last?.outcome !== 'applied') return pushes;
  return [...pushes.slice(0, -1), { ...last, outcome: 'failed', detail: refused.detail }];
}

function all(sids: readonly string[], isConfirmed: boolean): MutedTracks {
  return Object.fromEntries(sids.map((sid) => [sid, isConfirmed]));
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Thrown instead of the call, and caught by `push`. */
function changedMeanwhile(): AppError {
  return new AppError('conflict', 'livekit.moved', 'The desired state of the seat has changed.');
}

export function seatKey(room: string, identity: string): string {
  return JSON.stringify([room, identity]);
}
