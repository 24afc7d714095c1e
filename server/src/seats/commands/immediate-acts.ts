import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import type { ObservedTrack } from '../../livekit/participant-view.js';
import { RoomsPort } from '../../livekit/rooms-port.js';
import { SeatCalls } from '../convergence/seat-calls.js';
import { describeMute, describeRemoval } from '../model/effects.js';
import { SeatStore } from '../store/seat-store.js';
import type { Asked, ImmediateAct } from './requests.js';

type Built = Pick<ImmediateAct, 'effects' | 'isDone' | 'run'>;

/** What each immediate act does. */
@Injectable()
export class ImmediateActs {
  private readonly builders: Readonly<Record<ImmediateAct['action'], (asked: Asked) => Built>> = {
    remove: (asked) => this.removal(asked),
    mute: (asked) => this.muting(asked),
  };

  constructor(
    private readonly rooms: RoomsPort,
    private readonly calls: SeatCalls,
    private readonly store: SeatStore,
  ) {}

  /** What the act does when it is carried out. */
  build(name: ImmediateAct['action'], asked: Asked): Built {
    return this.builders[name](asked);
  }

  /**
   * Ends the connection and nothing else: a holder of a token may come back. `onlyIf` is asked right
   * before the call, because LiveKit removes by identity, not by connection.
   */
  private removal({ room, identity, onlyIf }: Asked): Built {
    return {
      effects: ({ seat }) => describeRemoval(seat),
      // Who came back meanwhile has another sid, and is removed again.
      isDone: ({ seat }, last) => !seat.isPresent || seat.sid === last.before.sid,
      run: async () => {
        if (onlyIf && !(await onlyIf())) {
          return { outcome: 'superseded', detail: 'it was no longer needed' };
        }
        const wasThere = await this.rooms.removeParticipant(room, identity);
        return { detail: wasThere ? null : 'was not in the room' };
      },
    };
  }

  /** Mutes what they publish now, of one source or all; they may unmute themselves. */
  private muting({ room, identity, body }: Asked): Built {
    const isOfSource = (track: ObservedTrack) =>
      track.type !== 'data' && (body.source === undefined || track.source === body.source);
    const isMeant = (track: ObservedTrack) => !track.isMuted && isOfSource(track);
    return {
      effects: ({ seat }) => describeMute(seat.tracks.filter(isMeant)),
      isDone: ({ seat }) => !seat.tracks.some(isMeant),
      run: async () => {
        const participant = await this.rooms.findParticipant(room, identity);
        if (!participant) {
          throw new AppError('conflict', 'seat.not_present', 'They are not in the room.');
        }
        const tracks = participant.tracks.filter(isMeant);
        // What a moderator mutes stays muted when a hold or a scene ends.
        const sids = participant.tracks.filter(isOfSource).map(({ sid }) => sid);
        await this.store.forgetMuted({ room, identity }, sids);
        await Promise.all(tracks.map(({ sid }) => this.rooms.muteTrack(room, identity, sid)));
        await this.calls.observeAgain(room, identity);
        return { detail: null, effects: describeMute(tracks) };
      },
    };
  }
}
