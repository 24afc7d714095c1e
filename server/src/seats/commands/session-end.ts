import { Inject, Injectable } from '@nestjs/common';
import type { ActorRef } from '../../actor/actor.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { Hints } from '../../hints/hints.js';
import type { Tx } from '../../ledger/transactions.js';
import { recordedState } from '../model/seat.js';
import { LEASES, SeatOperations } from '../store/seat-operations.js';
import { SilenceWatch } from '../observation/silence-watch.js';
import { SessionStore } from '../store/session-store.js';

/** What the end of a room's session means for its seats. */
@Injectable()
export class SessionEnd {
  constructor(
    private readonly store: SessionStore,
    private readonly operations: SeatOperations,
    private readonly silence: SilenceWatch,
    private readonly hints: Hints,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** The room does not run: nobody is in it. */
  async emptyRoom(tx: Tx, room: string): Promise<void> {
    await this.store.emptyRoom(tx, room);
    await this.silence.roomEnded(tx, room);
  }

  /** Ends overrides and holds that were given for the session; `before` spares a later session's. */
  async endSession(tx: Tx, room: string, before: Date | null, by: string): Promise<void> {
    const ended = await this.store.endSession(tx, room, before, this.config.tokenTtlMax);
    if (ended.length === 0) return;
    await this.operations.supersede(
      tx,
      room,
      ended.map(({ identity }) => identity),
    );
    const actor: ActorRef = { kind: 'system', id: null, label: by };
    for (const { identity, template, version, sources, isOverride, isHold, desired } of ended) {
      tx.record({
        kind: 'seat.session_ended',
        outcome: 'ok',
        actor,
        room,
        identity,
        payload: {
          before: {
            ...(isOverride ? { template, version } : {}),
            ...(isHold ? { hold: sources } : {}),
          },
          because: 'the session of the room ended',
          desired: recordedState(desired),
        },
      });
    }
    const topic = `room:${room}`;
    const hints = ended.map(({ identity }) => ({ topic, type: 'seat', key: identity }));
    // What lasts longer than the session is given back by the end of a lease.
    const due = { topic: LEASES, type: 'lease' };
    tx.afterCommit(() => this.hints.publish([...hints, due]));
  }
}
