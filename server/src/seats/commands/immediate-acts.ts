import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import type { ObservedTrack } from '../../livekit/participant-view.js';
import { RoomsPort } from '../../livekit/rooms-port.js';
import { SeatApplier } from '../convergence/seat-applier.js';
import { describeMute, describeRemoval } from '../model/effects.js';
import { SeatStore } from '../store/seat-store.js';
import type { MuteBody, RemoveBody } from '../views/seats.schemas.js';
import type { ImmediateAct } from './requests.js';

/** What each immediate act does. */
@Injectable()
export class ImmediateActs {
  constructor(
    private readonly rooms: RoomsPort,
    private readonly applier: SeatApplier,
    private readonly store: SeatStore,
  ) {}

  /**
   * Ends the connection and nothing else: a holder of a token may come back. `onlyIf` is asked right
   * before the call, because LiveKit removes by identity, not by connection.
   */
  removal(
    room: string,
    identity: string,
    body: RemoveBody,
    onlyIf: () => Promise<boolean> = async () => true,
  ): ImmediateAct {
    return {
      action: 'remove',
      permission: 'seat.remove',
      ...common(body),
      effects: ({ seat }) => describeRemoval(seat),
      // Who came back meanwhile has another sid, and is removed again.
      isDone: ({ seat }, last) => !seat.isPresent || seat.sid === last.before.sid,
      run: async () => {
        if (!(await onlyIf())) {
          return { outcome: 'superseded', detail: 'it was no longer needed' };
        }
        const wasThere = await this.rooms.removeParticipant(room, identity);
        return { detail: wasThere ? null : 'was not in the room' };
      },
    };
  }

  /** Mutes what they publish now, of one source or all; they may unmute themselves. */
  muting(room: string, identity: string, body: MuteBody): ImmediateAct {
    const isOfSource = (track: ObservedTrack) =>
      track.type !== 'data' && (body.source === undefined || track.source === body.source);
    const isMeant = (track: ObservedTrack) => !track.isMuted && isOfSource(track);
    return {
      action: 'mute',
      permission: 'seat.mute',
      ...common(body),
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
        await this.applier.observeAgain(room, identity);
        return { detail: null, effects: describeMute(tracks) };
      },
    };
  }
}

function common(body: RemoveBody) {
  const { reason, expectEpoch, confirm } = body;
  return { body, reason, expectEpoch, isConfirmed: confirm };
}
