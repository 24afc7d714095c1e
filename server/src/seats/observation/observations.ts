import { Injectable } from '@nestjs/common';
import { Alarms, type Finding } from '../../alarms/alarms.service.js';
import { Batcher } from '../../common/batcher.js';
import { Hints, roomHints } from '../../hints/hints.js';
import type { Tx } from '../../ledger/transactions.js';
import type { CallTimes } from '../../livekit/call-clock.js';
import type { ObservedParticipant } from '../../livekit/participant-view.js';
import type { EventParticipant } from '../../livekit/webhook-event.js';
import { RoomCounts } from '../model/extensions.js';
import type { Seat, TrackEvent } from '../model/seat.js';
import { SilenceWatch } from './silence-watch.js';
import { type Observation, ObservationStore, type Unlisted } from '../store/observation-store.js';
import { SeatReader } from '../store/seat-reader.js';

/** What LiveKit answered about one participant. */
export interface Answer {
  readonly room: string;
  readonly participant: ObservedParticipant;
  /** The seat as it was before LiveKit was asked. */
  readonly seat: Seat | null;
  readonly times: CallTimes;
}

/** What Postgres knows of some rooms, and its time then. */
export interface KnownRooms {
  /** Room → its seats that show somebody as present. */
  readonly seats: ReadonlyMap<string, readonly Seat[]>;
  /** Rooms in which a track that was taken has not ended yet. */
  readonly watched: ReadonlySet<string>;
}

/** Programs that LiveKit itself lets in: agents, recorders, streams from elsewhere. */
export interface ProgramOrigins {
  /** Whether what began it is explained, for a kind of participant that LiveKit makes. */
  isExplained(room: string, identity: string, kind: string): Promise<boolean>;
}

/**
 * The one way in for what LiveKit reports, by webhook, list or answer: write it to the seats, count
 * the room's participants, publish hints, and record who came without a token.
 */
@Injectable()
export class Observations {
  /** Answers that arrive at the same time are written together. */
  private readonly answers = new Batcher<Answer, null>((answers) => this.writeAnswers(answers), {
    concurrency: 2,
  });

  private programs: ProgramOrigins | null = null;

  constructor(
    private readonly store: ObservationStore,
    private readonly seats: SeatReader,
    private readonly rooms: RoomCounts,
    private readonly silence: SilenceWatch,
    private readonly alarms: Alarms,
    private readonly hints: Hints,
  ) {}

  /** Agents and recorders have tokens of LiveKit's own. */
  usePrograms(programs: ProgramOrigins): void {
    this.programs = programs;
  }

  /** Locks seats in the order that every statement over many seats uses, to avoid deadlocks. */
  lock(tx: Tx, room: string, identities: readonly string[]): Promise<void> {
    return this.store.lock(tx, room, identities);
  }

  /** A webhook about a new connection. `publish` the result after the commit. */
  joined(tx: Tx, room: string, participant: EventParticipant): Promise<Observation> {
    return this.store.writeJoined(tx, room, participant);
  }

  /**
   * A webhook, received at `knownAt`, about a connection that ended, and all its tracks with it.
   * `publish` the result after the commit.
   */
  async left(
    tx: Tx,
    room: string,
    participant: EventParticipant,
    knownAt: Date,
  ): Promise<Observation> {
    const observation = await this.store.writeLeft(tx, room, participant);
    await this.silence.left(tx, room, participant.identity, participant.sid, knownAt);
    return observation;
  }

  /** A webhook about a track that was published, perhaps before an act took it. */
  trackPublished(tx: Tx, event: TrackEvent): Promise<void> {
    return this.silence.published(tx, event);
  }

  /** A webhook about a track that ended. */
  trackUnpublished(tx: Tx, event: TrackEvent): Promise<void> {
    return this.silence.unpublished(tx, event);
  }

  /** What is known of these rooms, to be read before LiveKit is asked for its lists. */
  async readRooms(rooms: readonly string[]): Promise<KnownRooms> {
    const [seats, watched] = await Promise.all([
      this.seats.readRooms(rooms),
      this.silence.watched(rooms),
    ]);
    return { seats, watched };
  }

  /** The list of participants in a room: a known connection that is not in it has ended. */
  async listed(
    room: string,
    participants: readonly ObservedParticipant[],
    { seats, watched }: KnownRooms,
    times: CallTimes,
  ): Promise<void> {
    const known = seats.get(room) ?? [];
    await this.publish(room, await this.store.writeList(room, participants, known, times));
    if (!watched.has(room)) return;
    await this.silence.observed(room, null, participants, times.askedAt);
  }

  /**
   * What LiveKit says about one participant after a webhook about a track. It says nothing to the
   * silence watch: news of other tracks that the same act took may still be on the way.
   */
  async inspected({ room, participant, seat, times }: Answer): Promise<void> {
    const known = seat ? [seat] : [];
    await this.publish(room, await this.store.writeList(room, [participant], known, times));
  }

  /** The room does not run, so nobody is in it. */
  async everyoneLeft(room: string): Promise<void> {
    await this.publish(room, await this.store.writeEveryoneLeft(room));
  }

  /** An answer about one participant. */
  async answered(answer: Answer): Promise<void> {
    await this.answers.load(answer);
    await this.noteSilence(answer.room, [answer]);
  }

  /** Answers about many seats of one room. The caller publishes the hints about the seats. */
  async answeredTogether(room: string, answers: readonly Answer[]): Promise<void> {
    await this.finish(room, await this.store.writeAnswers(room, answers));
    await this.noteSilence(room, answers);
  }

  /** The steps after the write: hints about the seats, and `finish`. */
  async publish(room: string, observation: Observation): Promise<void> {
    const topic = `room:${room}`;
    const { changed } = observation;
    if (changed.length > 0) {
      this.hints.publish(changed.map((identity) => ({ topic, type: 'seat', key: identity })));
    }
    await this.finish(room, observation);
  }

  private async finish(room: string, { unlisted, mayChangeCount }: Observation): Promise<void> {
    if (mayChangeCount && (await this.rooms.count(room))) this.hints.publish(roomHints(room));
    if (unlisted.length > 0) await this.raiseUnlisted(room, unlisted);
  }

  private async raiseUnlisted(room: string, unlisted: readonly Unlisted[]): Promise<void> {
    const findings: Finding[] = [];
    for (const { identity, sid, kind } of unlisted) {
      const isExplained = await this.programs?.isExplained(room, identity, kind);
      if (isExplained === true) continue;
      findings.push({
        kind: 'participant.unlisted',
        key: [room, sid],
        room,
        identity,
        about: {
          because: 'is in the room and was never issued a token for it',
          sid,
          kind,
          knownKeys: this.alarms.knownKeys,
        },
      });
    }
    await this.alarms.raise(findings);
  }

  private async writeAnswers(answers: readonly Answer[]): Promise<null[]> {
    for (const [room, some] of Map.groupBy(answers, (answer) => answer.room)) {
      await this.publish(room, await this.store.writeAnswers(room, some));
    }
    return answers.map(() => null);
  }

  /** Ends the wait for tracks that the answers no longer have. */
  private async noteSilence(room: string, answers: readonly Answer[]): Promise<void> {
    const published = answers.filter(({ seat }) => seat && seat.tracks.length > 0);
    if (published.length === 0) return;
    const participants = published.map(({ participant }) => participant);
    const identities = participants.map(({ identity }) => identity);
    const askedAt = new Date(Math.min(...published.map(({ times }) => times.askedAt.getTime())));
    await this.silence.observed(room, identities, participants, askedAt);
  }
}
