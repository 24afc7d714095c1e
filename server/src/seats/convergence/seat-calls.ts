import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { atMost, type Brought } from '../../grants/brought.js';
import { type PermissionLike, samePermission } from '../../grants/compile-grant.js';
import { canonicalSources } from '../../grants/role-grants.js';
import type { MutedTracks } from '../../grants/silencing.js';
import { withholdPermission } from '../../grants/withhold.js';
import { CallClock } from '../../livekit/call-clock.js';
import type { CallLimiter } from '../../livekit/call-limiter.js';
import { isNotFound, isRemoteUnmuteOff, isUnavailable } from '../../livekit/livekit-error.js';
import { LiveKitHealth } from '../../livekit/livekit.health.js';
import type {
  ObservedParticipant,
  ObservedPermission,
  ObservedTrack,
} from '../../livekit/participant-view.js';
import { RemoteUnmute } from '../../livekit/remote-unmute.js';
import { RoomsPort } from '../../livekit/rooms-port.js';
import type { PolicyFacts } from '../../policy/policy-facts.js';
import { concernsMutes, mayBeWhipUnseen, trackWork } from '../model/mutes.js';
import type { Push } from '../model/outcomes.js';
import { type Evaluation, permissionWanted, SeatPolicy } from '../model/seat-policy.js';
import { type Answer, Observations } from '../observation/observations.js';
import { SeatReader, type SeatSnapshot } from '../store/seat-reader.js';
import { SeatStore } from '../store/seat-store.js';
import { PublishDelays } from './publish-delays.js';

/** How a call goes out, and where its answer goes. */
export interface CallOptions {
  readonly through: CallLimiter;
  readonly see: (answer: Answer) => Promise<void>;
}

/** The calls to LiveKit that bring one seat to what policy wants of it. */
@Injectable()
export class SeatCalls {
  constructor(
    private readonly rooms: RoomsPort,
    private readonly remoteUnmute: RemoteUnmute,
    private readonly health: LiveKitHealth,
    private readonly policy: SeatPolicy,
    private readonly seats: SeatReader,
    private readonly store: SeatStore,
    private readonly clock: CallClock,
    private readonly observations: Observations,
    private readonly delays: PublishDelays,
  ) {}

  /** One call for what policy wants of the seat, and what came of it. */
  async push(
    evaluation: Evaluation,
    snapshot: SeatSnapshot,
    before: ObservedPermission | null,
    how: CallOptions = {
      through: (call) => call(),
      see: (answer) => this.observations.answered(answer),
    },
  ): Promise<Push> {
    const { wanted, facts } = evaluation;
    const made = pushOf(evaluation);
    // What LiveKit had before a change may have been a role's that has ended as well.
    const fallback = before && facts.brought ? atMost(before, facts.brought.permission) : before;
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
      if (wanted.kind === 'out') return await this.putOut(evaluation, how);
      if (wanted.kind === 'role' && !facts.wasIssued) {
        const isAbsent = !(await this.keepBrought(evaluation, how));
        if (isAbsent) return { ...made, outcome: 'absent', detail: 'is not in the room' };
      }
      if (!mayBeWhipUnseen(evaluation, snapshot, permission)) {
        return await this.setAll(evaluation, snapshot, permission, how);
      }
      const seen = await this.lookAgain(evaluation, how);
      return await this.setAll(seen, snapshot, permissionOf(seen, fallback), how);
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

  /**
   * Before the role replaces it: what they had is never read after that. False when nothing is known
   * of them, and LiveKit does not have them either.
   */
  private async keepBrought(
    { room, identity, facts }: Evaluation,
    { through }: CallOptions,
  ): Promise<boolean> {
    const name = { room: room.name, identity };
    const { brought: known, isPresent } = facts;
    const seen = isPresent ? facts.uncovered : null;
    if (known) {
      await this.store.keepBrought(name, known, seen && keptSince(known, seen));
      return true;
    }
    const had = seen ?? (await through(() => this.rooms.findParticipant(room.name, identity)));
    if (!had) return false;
    const { permission, sid: of } = had;
    await this.store.keepBrought(name, null, { permission, of, givenTo: null });
    return true;
  }

  /** With the tracks that LiveKit has now: what it takes from a WHIP publisher never comes back. */
  private async lookAgain(evaluation: Evaluation, { through }: CallOptions): Promise<Evaluation> {
    const { room, identity, facts } = evaluation;
    const participant = await through(() => this.rooms.findParticipant(room.name, identity));
    return participant ? this.policy.evaluateFacts(facts, participant) : evaluation;
  }

  /** The permission, unless they keep what they have, and what is muted in spite of it. */
  private async setAll(
    evaluation: Evaluation,
    { seat, at }: SeatSnapshot,
    permission: PermissionLike | null,
    { through, see }: CallOptions,
  ): Promise<Push> {
    const { room, identity, wanted } = evaluation;
    const answer = await through(async () => {
      const call = this.clock.start(at);
      const participant = permission
        ? await this.rooms.setPermission(room.name, identity, permission)
        : await this.rooms.findParticipant(room.name, identity);
      if (!participant) return null;
      const settled = await this.settleTracks(evaluation, participant);
      const isChange = permission !== null || settled.participant !== participant;
      return { ...settled, times: isChange ? call.changed() : call.read() };
    });
    if (!answer) return { ...pushOf(evaluation), outcome: 'absent', detail: 'is not in the room' };
    const { participant: after, refusal, times } = answer;
    this.delays.note(room.name, identity, seat?.permission ?? null, after.permission);
    await see({ room: room.name, participant: after, seat, times });
    const isTaken = permission === null || samePermission(after.permission, permission);
    if (wanted.kind === 'uncovered' && wanted.isRestored) {
      await this.store.forgetBeforeScene(room.name, identity);
      if (evaluation.facts.brought && isTaken) {
        await this.store.noteGivenBack({ room: room.name, identity }, after.sid);
      }
    }
    const change = seat?.isPresent &&
      seat.permission && { had: seat.permission, has: after.permission, tracks: seat.tracks };
    const made = { ...pushOf(evaluation), ...(change ? { change } : {}) };
    if (!isTaken) {
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
    const changed = new Map([...muted, ...unmuted].flatMap((one) => (one ? [[one.sid, one]] : [])));
    if (changed.size === 0) return { participant, refusal };
    const tracks = participant.tracks.map((track) => ({ ...track, ...changed.get(track.sid) }));
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
    const { seat, at } = await this.seats.readSnapshot(room, identity);
    const { answer: participant, times } = await this.clock.read(
      () => this.rooms.findParticipant(room, identity),
      at,
    );
    if (participant) await this.observations.answered({ room, participant, seat, times });
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
}

/** What a push is about, whatever comes of it. */
export function pushOf({ epoch, input }: Evaluation): Pick<Push, 'epoch' | 'desired'> {
  const { override = null, block = null, hold = null } = input.seat ?? {};
  return { epoch, desired: { override, block, hold } };
}

/**
 * What a connection has that was given back what it had. LiveKit may have let it have less since; more
 * could be from an earlier role. Null for another connection.
 */
function keptSince(
  brought: Brought,
  { permission, sid }: NonNullable<PolicyFacts['uncovered']>,
): Brought | null {
  if (sid === null || brought.givenTo !== sid) return null;
  const isSame = samePermission(permission, brought.permission);
  return {
    ...brought,
    permission: isSame ? brought.permission : atMost(permission, brought.permission),
    of: sid,
    givenTo: null,
  };
}

/** Null where there is nothing to set. A source without a name is never given: only seen. */
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

function all(sids: readonly string[], isConfirmed: boolean): MutedTracks {
  return Object.fromEntries(sids.map((sid) => [sid, isConfirmed]));
}
