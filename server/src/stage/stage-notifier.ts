import { Injectable } from '@nestjs/common';
import type { ActorRef, RequestFacts } from '../actor/actor.js';
import type { Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { ledgerKindOf, type StageRequest } from './stage-request.js';

/** Records what happens on the stage, and notifies moderators and the participant. */
@Injectable()
export class StageNotifier {
  constructor(
    private readonly hints: Hints,
    private readonly rooms: RoomsPort,
  ) {}

  /** In the transaction of the change; notifies after its commit. */
  record(
    tx: Tx,
    request: StageRequest,
    actor: ActorRef & Partial<RequestFacts>,
    extra: Record<string, unknown> = {},
  ): void {
    const { id, room, identity, kind, state, template, source, note, word, createdAt } = request;
    tx.record({
      kind: ledgerKindOf(kind, state === 'waiting' ? 'asked' : state),
      outcome: 'ok',
      actor,
      room,
      identity,
      reason: word,
      payload: {
        requestId: id,
        ...(template === null ? {} : { template }),
        ...(source === null ? {} : { source }),
        ...(note === null ? {} : { note }),
        ...(request.decidedAt === null
          ? {}
          : { waitedMs: request.decidedAt.getTime() - createdAt.getTime() }),
        ...extra,
      },
    });
    tx.afterCommit(() => this.notify(room, identity));
  }

  /** Something about the stage of a room changed, for all who look at it. */
  notifyRoom(room: string): void {
    this.hints.publish([{ topic: `room:${room}`, type: 'stage' }]);
  }

  private notify(room: string, identity: string): void {
    this.hints.publish([
      { topic: `room:${room}`, type: 'stage' },
      { topic: `room:${room}`, type: 'seat', key: identity },
    ]);
    // Lost, or LiveKit away: their page asks again by itself before long.
    void this.rooms.hint(room, identity).catch(() => undefined);
  }
}
