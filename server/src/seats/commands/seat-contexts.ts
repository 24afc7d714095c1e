import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { RemoteUnmute } from '../../livekit/remote-unmute.js';
import { RoomsPort } from '../../livekit/rooms-port.js';
import type { PolicyFacts } from '../../policy/policy-facts.js';
import { emptySeat, type Seat } from '../model/seat.js';
import type { Context } from '../model/context.js';
import { SeatBatchStore } from '../store/seat-batch-store.js';
import { SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import { SeatReader } from '../store/seat-reader.js';

const MAX_TRIES = 4;

@Injectable()
export class SeatContexts {
  constructor(
    private readonly store: SeatReader,
    private readonly batches: SeatBatchStore,
    private readonly policy: SeatPolicy,
    private readonly rooms: RoomsPort,
    private readonly remoteUnmute: RemoteUnmute,
  ) {}

  /**
   * Throws 404 for an identity that nobody has, unless it `mayBeUnknown`, and 409 when others
   * change the seat faster than it can be read.
   */
  async read(
    room: string,
    identity: string,
    { clickedAt = Date.now(), mayBeUnknown = false } = {},
  ): Promise<Context> {
    const { seat, at, evaluation } = await this.readOnce(room, identity);
    const headMs = Math.max(0, Date.now() - clickedAt);
    const isKnown = mayBeUnknown || seat !== null || evaluation.facts.user !== null;
    if (!isKnown && !(await this.isInLiveKit(room, identity))) {
      throw new AppError(
        'not_found',
        'seat.not_found',
        'Nobody has this identity: it belongs to no user and to nobody in the room.',
      );
    }
    return {
      seat: seat ?? emptySeat(room, identity),
      evaluation,
      now: new Date(at.getTime()),
      headMs,
      isStored: seat !== null,
      isUnmuteOff: seat !== null && (await this.isUnmuteOff(seat, evaluation)),
    };
  }

  /**
   * Many seats of one room, read together: a context or why there is none, in the order of `seats`.
   * The epochs of `seat` and `evaluation` differ where the seat changed between the two readings.
   */
  async readMany(
    room: string,
    seats: readonly { readonly identity: string; readonly mayBeUnknown: boolean }[],
  ): Promise<(Context | Error)[]> {
    const identities = seats.map(({ identity }) => identity);
    const [{ seats: found, at }, facts] = await Promise.all([
      this.batches.readSnapshots(room, identities),
      Promise.allSettled(identities.map((identity) => this.policy.read(room, identity))),
    ]);
    const now = new Date(at.getTime());
    return Promise.all(
      seats.map(async ({ identity, mayBeUnknown }, i): Promise<Context | Error> => {
        const seat = found.get(identity) ?? null;
        const reading = facts[i] as PromiseSettledResult<PolicyFacts>;
        try {
          if (reading.status === 'rejected') throw reading.reason;
          const evaluation = await this.policy.evaluateFacts(reading.value, seat);
          if (!seat && !evaluation.facts.user && !mayBeUnknown) {
            return new AppError('not_found', 'seat.not_found', 'nobody has this identity');
          }
          return {
            seat: seat ?? emptySeat(room, identity),
            evaluation,
            now,
            headMs: 0,
            isStored: seat !== null,
            isUnmuteOff: evaluation.silencing === 'mute' && this.remoteUnmute.state === 'off',
          };
        } catch (error) {
          return error instanceof Error ? error : new Error(String(error), { cause: error });
        }
      }),
    );
  }

  /** LiveKit is asked once, and only where it matters. */
  private async isUnmuteOff(seat: Seat, { silencing }: Evaluation): Promise<boolean> {
    if (silencing !== 'mute' || !seat.isPresent) return false;
    return (await this.remoteUnmute.learn(seat.room, seat.identity)) === 'off';
  }

  /**
   * The seat and its evaluation are two readings. When the seat changed between them both are read
   * again: a plan made from one would be written to the other.
   */
  private async readOnce(room: string, identity: string) {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const [{ seat, at }, facts] = await Promise.all([
        this.store.readSnapshot(room, identity),
        this.policy.read(room, identity),
      ]);
      const evaluation = await this.policy.evaluateFacts(facts, seat);
      if ((seat?.epoch ?? 0) === evaluation.epoch) return { seat, at, evaluation };
    }
    throw new AppError('conflict', 'seat.changed', 'Others keep changing this seat.');
  }

  private async isInLiveKit(room: string, identity: string): Promise<boolean> {
    try {
      return (await this.rooms.findParticipant(room, identity)) !== null;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }
}
