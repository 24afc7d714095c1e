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
import { permissionWanted, SeatPolicy, type Standing } from '../model/seat-policy.js';
import { type Look, SeatStore } from '../store/seat-store.js';

/** A reading of a seat that may still serve, made when its wish was committed. */
export interface Fresh {
  readonly standing: Standing;
  readonly seen: Look;
  /** By the monotonic clock. */
  readonly at: number;
}

/** A seat whose wish is known from a reading of a moment ago. */
export interface FreshWish {
  readonly fresh: Fresh;
  readonly fallback: ObservedPermission | null;
}

/** How a call goes out, and what becomes of what it tells. */
interface How {
  readonly through: CallLimiter;
  readonly see: (answer: Answer) => Promise<void>;
}

/** A reading that is older than this when its turn comes is made anew, in its place of the line. */
const FRESH_MS = 250;

/** LiveKit may lose a track that is published again sooner after its right was taken (v1.13.5). */
const HOLD_BACK_MS = 400;
/** Somebody who keeps changing a seat this often at once leaves the rest to the sweep. */
const MAX_ROUNDS = 8;

/**
 * The one apply. Every writer (moderator, join, sweep, lease) brings LiveKit to what Postgres says
 * through here: read the wish, call with the whole permission, compare the answer, read the wish
 * again; moved, once more. So a slow writer's late call does not stay (model/seat.pml).
 */
@Injectable()
export class SeatApplier {
  private readonly turns = new KeyedMutex();
  /** Seat → when a source was last taken from it, by the monotonic clock. */
  private readonly narrowedAt = new Map<string, number>();
  /** Seat → works under way that have it among others. */
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
   * Work on seats whose wishes are committed and that are told of them by it, however long they wait
   * in line. A crash ends it, and then the sweep finds them.
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

  /** Work on one seat takes turns in this process; between processes the loop settles it. */
  inTurn<T>(room: string, identity: string, work: () => Promise<T>): Promise<T> {
    return this.turns.run(seatKey(room, identity), work);
  }

  /**
   * Brings LiveKit to the seat's wish. Call it in turn. Answers with every push that was made, the
   * last one being what stands. `fallback` is given back to somebody whom no rule covers.
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
      const { standing, seen } = await this.readSeat(room, identity);
      if (await this.isHeldBack(standing, seen.seat)) continue;
      pushes.push(await this.push(standing, seen, fallback));
      const again = await this.policy.stand(room, identity, seen.seat);
      if (again.key === standing.key) break;
    }
    return withRefusal(pushes);
  }

  /**
   * `converge` for seats of one room that were read together a moment ago: the first call follows
   * from that reading, and they are read again together once all have been called. Whoever has moved
   * by then goes through the loop alone; who has to wait for LiveKit is read anew with the others.
   * Calls go out as `through` lets them.
   */
  async convergeAll(
    room: string,
    wishes: readonly FreshWish[],
    through: CallLimiter,
    round = 1,
  ): Promise<Push[][]> {
    const answers: Answer[] = [];
    const firsts = await Promise.all(
      wishes.map((wish) => this.pushFresh(wish, through, (answer) => answers.push(answer))),
    );
    const called = wishes.filter((_, i) => firsts[i]);
    const left = wishes.filter((_, i) => !firsts[i]);
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
    wishes: readonly FreshWish[],
    answers: readonly Answer[],
    through: CallLimiter,
  ): Promise<Push[][]> {
    // After the calls: what was committed before them is what they followed, or is seen here.
    const [standings] = await Promise.all([
      Promise.all(
        wishes.map(({ fresh: { standing, seen } }) =>
          this.policy.stand(room, standing.identity, seen.seat),
        ),
      ),
      this.observations.answeredTogether(room, answers),
    ]);
    return Promise.all(
      wishes.map(async (wish, i) => {
        const isSame = standings[i]?.key === wish.fresh.standing.key;
        return isSame ? [] : this.convergeThrough(wish, through);
      }),
    );
  }

  /** Those who moved before their call, or whose track LiveKit might lose: once more, together. */
  private async convergeLeft(
    room: string,
    wishes: readonly FreshWish[],
    through: CallLimiter,
    round: number,
  ): Promise<Push[][]> {
    if (wishes.length === 0) return [];
    if (round >= MAX_ROUNDS) {
      return Promise.all(wishes.map((wish) => this.convergeThrough(wish, through)));
    }
    const rests = wishes.map(({ fresh: { standing, seen } }) =>
      this.holdBackMs(standing, seen.seat),
    );
    await pause(Math.max(...rests));
    const at = performance.now();
    const again = await Promise.all(
      wishes.map(async ({ fresh, fallback }): Promise<FreshWish> => {
        const reading = await this.readSeat(room, fresh.standing.identity);
        return { fresh: { ...reading, at }, fallback };
      }),
    );
    return this.convergeAll(room, again, through, round + 1);
  }

  /**
   * Null when the call must not go out yet, or not like this. Where calls are slow the reading has
   * grown old when its turn comes: it is made anew in its place of the line, since who loses the
   * place waits behind all others, and publishers come first.
   */
  private pushFresh(
    { fresh: { standing, seen, at }, fallback }: FreshWish,
    through: CallLimiter,
    see: (answer: Answer) => void,
  ): Promise<Push[] | null> {
    const { room, identity } = standing;
    return this.inTurn(room.name, identity, async () => {
      if (this.holdBackMs(standing, seen.seat) > 0) return null;
      let last = seen;
      let isMoved = false;
      const asStands: CallLimiter = (call) =>
        through(async () => {
          if (performance.now() - at > FRESH_MS) {
            const now = await this.readSeat(room.name, identity);
            isMoved = now.standing.key !== standing.key;
            if (isMoved) throw moved();
            last = now.seen;
          }
          return call();
        });
      const push = await this.push(standing, seen, fallback, {
        through: asStands,
        see: async ({ participant }) => void see({ room: room.name, participant, ...last }),
      });
      return isMoved ? null : [push];
    });
  }

  /**
   * The whole loop in one place of the line, so that what it reads is not old when it calls. First
   * the seat's turn, then the place, as everywhere: else two could wait for each other.
   */
  private async convergeThrough(
    { fresh: { standing }, fallback }: FreshWish,
    through: CallLimiter,
  ): Promise<Push[]> {
    const { room, identity } = standing;
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
        { ...madeFor(standing), outcome: 'unavailable', detail: (error as AppError).message },
      ];
    }
  }

  private async readSeat(
    room: string,
    identity: string,
  ): Promise<{ standing: Standing; seen: Look }> {
    const [seen, facts] = await Promise.all([
      this.store.look(room, identity),
      this.policy.read(room, identity),
    ]);
    return { seen, standing: await this.policy.judge(facts, seen.seat) };
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

  /** False, without asking, while LiveKit is known to be down; it is asked anew whether it still is. */
  async isReachable(): Promise<boolean> {
    if (this.health.status.state !== 'down') return true;
    return (await this.health.probe()).state !== 'down';
  }

  private async push(
    standing: Standing,
    seen: Look,
    fallback: ObservedPermission | null,
    how: How = { through: (call) => call(), see: (answer) => this.observations.answered(answer) },
  ): Promise<Push> {
    const { wanted } = standing;
    const made = madeFor(standing);
    const permission = permissionOf(standing, fallback);
    if (wanted.kind !== 'out' && !permission && !concernsMutes(standing)) {
      return { ...made, outcome: 'applied', detail: null };
    }
    if (wanted.kind === 'uncovered' && wanted.keep) {
      const keep = fallback ?? wanted.keep;
      await this.store.keepBeforeScene(standing.room.name, standing.identity, keep);
    }
    try {
      if (!(await this.isReachable())) {
        return { ...made, outcome: 'unavailable', detail: 'LiveKit cannot be reached' };
      }
      return wanted.kind === 'out'
        ? await this.putOut(standing, how)
        : await this.setAll(standing, seen, permission, how);
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('livekit.')) throw error;
      if (isUnavailable(error)) return { ...made, outcome: 'unavailable', detail: error.message };
      if (isNotFound(error)) return { ...made, outcome: 'absent', detail: 'is not in the room' };
      return { ...made, outcome: 'failed', detail: error.message };
    }
  }

  private async putOut(standing: Standing, { through }: How): Promise<Push> {
    const { room, identity } = standing;
    await through(() => this.rooms.removeParticipant(room.name, identity));
    return { ...madeFor(standing), outcome: 'applied', detail: null };
  }

  /** The permission, unless they keep what they have, and what is muted in spite of it. */
  private async setAll(
    standing: Standing,
    { seat, at }: Look,
    permission: PermissionLike | null,
    { through, see }: How,
  ): Promise<Push> {
    const { room, identity, wanted } = standing;
    const told = await through(async () => {
      const participant = permission
        ? await this.rooms.setPermission(room.name, identity, permission)
        : await this.rooms.findParticipant(room.name, identity);
      return participant && this.settleTracks(standing, participant);
    });
    if (!told) return { ...madeFor(standing), outcome: 'absent', detail: 'is not in the room' };
    const { participant: after, refusal } = told;
    this.noteNarrowing(room.name, identity, seat?.permission ?? null, after.permission);
    await see({ room: room.name, participant: after, seat, at });
    if (wanted.kind === 'uncovered' && wanted.isRestored) {
      await this.store.forgetBeforeScene(room.name, identity);
    }
    const change = seat?.isPresent &&
      seat.permission && { had: seat.permission, has: after.permission, tracks: seat.tracks };
    const made = { ...madeFor(standing), ...(change ? { change } : {}) };
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
    standing: Standing,
    participant: ObservedParticipant,
  ): Promise<{ participant: ObservedParticipant; refusal: string | null }> {
    if (!concernsMutes(standing)) return { participant, refusal: null };
    const seat = { room: standing.room.name, identity: standing.identity };
    const { mute, unmute, forget } = trackWork(standing, participant.tracks);
    const present = participant.tracks.map(({ sid }) => sid);
    const { mutedTracks } = standing.facts;
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

  /** Looks at somebody again after what changes no permission, such as a mute. */
  async lookAgain(room: string, identity: string): Promise<void> {
    const { seat, at } = await this.store.look(room, identity);
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

  /** Waits, and answers true: what was read before the wait has to be read anew. */
  private async isHeldBack(standing: Standing, seat: Seat | null): Promise<boolean> {
    const rest = this.holdBackMs(standing, seat);
    if (rest <= 0) return false;
    await pause(rest);
    return true;
  }

  private holdBackMs({ room, identity, wanted }: Standing, seat: Seat | null): number {
    const at = this.narrowedAt.get(seatKey(room.name, identity));
    const desired = permissionWanted(wanted);
    if (at === undefined || !desired) return 0;
    const has: readonly string[] = seat?.permission?.canPublishSources ?? [];
    if (desired.canPublishSources.every((source) => has.includes(source))) return 0;
    return HOLD_BACK_MS - (performance.now() - at);
  }
}

/** Null where there is nothing to set. A source without a name is never given: only seen. */
function madeFor({ epoch, input }: Standing): Pick<Push, 'epoch' | 'wish'> {
  const { override = null, block = null, hold = null } = input.seat ?? {};
  return { epoch, wish: { override, block, hold } };
}

function permissionOf(
  { wanted, silencing }: Standing,
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

/** The last push is what stands; what an earlier one could not do is not done by it either. */
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

/** Caught where it is thrown for: the call that it stands for has not been made. */
function moved(): AppError {
  return new AppError('conflict', 'livekit.moved', 'Something else is wished of the seat by now.');
}

export function seatKey(room: string, identity: string): string {
  return JSON.stringify([room, identity]);
}
