import { Injectable } from '@nestjs/common';
import { CallClock } from '../livekit/call-clock.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import type { ObservedParticipant } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { isStorable } from '../livekit/storable.js';
import { type KnownRooms, Observations } from '../seats/public/observations.js';
import { type Seat, SeatReader } from '../seats/public/seats.js';
import { Lurkers } from './lurkers.js';
import { Profiles } from './profiles.js';

export interface SeenRoom {
  readonly participants: readonly ObservedParticipant[];
  /** Somebody joined, and the webhook for it is overdue. */
  readonly isUnannounced: boolean;
}

/** Webhooks come within milliseconds of a join; a slow one or a clock that differs is no loss. */
const ANNOUNCED_MS = 3_000;

/** Who is in which room, as LiveKit answers when it is asked. */
@Injectable()
export class PresenceService {
  /** Seats about which LiveKit is being asked; true: ask once more. */
  private readonly asking = new Map<string, boolean>();

  constructor(
    private readonly rooms: RoomsPort,
    private readonly store: SeatReader,
    private readonly observations: Observations,
    private readonly calls: CallClock,
    private readonly lurkers: Lurkers,
    private readonly profiles: Profiles,
    private readonly clock: LiveKitClock,
  ) {}

  /** Lists the room's participants, records what changed since `known`, and returns who is there. */
  async observeRoom(room: string, known: KnownRooms): Promise<SeenRoom> {
    const { answer, times } = await this.calls.read(() => this.rooms.listParticipants(room));
    const participants = answer.filter(({ identity }) => isStorable(identity));
    await this.observations.listed(room, participants, known, times);
    this.lurkers.noteParticipants(room, participants);
    const here = participants.filter(({ state }) => state !== 'disconnected');
    await this.profiles.compare(room, here);
    return {
      participants: here,
      isUnannounced: hasUnannounced(participants, known.seats.get(room) ?? [], this.clock.now()),
    };
  }

  /**
   * Asks about one participant. However often it is called while LiveKit answers, it is asked
   * once more and not more often: a burst of track events costs two calls. Answers with what LiveKit
   * said last; null where it does not know them, or where another call is asking.
   */
  async observeOne(room: string, identity: string): Promise<ObservedParticipant | null> {
    const key = JSON.stringify([room, identity]);
    if (this.asking.has(key)) {
      this.asking.set(key, true);
      return null;
    }
    this.asking.set(key, false);
    try {
      for (;;) {
        this.asking.set(key, false);
        const seat = await this.store.find(room, identity);
        const { answer: participant, times } = await this.calls.read(() =>
          this.rooms.findParticipant(room, identity),
        );
        if (!participant) return null; // its end is told by webhook or seen by the sweep
        await this.observations.inspected({ room, participant, seat, times });
        if (!this.asking.get(key)) return participant;
      }
    } finally {
      this.asking.delete(key);
    }
  }
}

/** LiveKit sends no webhook for a participant without media, so these do not count. */
function hasUnannounced(
  participants: readonly ObservedParticipant[],
  known: readonly Seat[],
  now: Date,
): boolean {
  const announced = new Set(known.filter(({ state }) => state === 'active').map(({ sid }) => sid));
  return participants.some(
    ({ sid, state, joinedAt }) =>
      state === 'active' &&
      !announced.has(sid) &&
      now.getTime() - joinedAt.getTime() >= ANNOUNCED_MS,
  );
}
