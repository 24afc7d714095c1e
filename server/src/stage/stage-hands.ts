import { Injectable } from '@nestjs/common';
import type { ActorRef } from '../actor/actor.js';
import type { Tx } from '../ledger/transactions.js';
import type { Promoted, RoleClaim, SeatRule } from '../seats/public/policy.js';
import { StageNotifier } from './stage-notifier.js';
import { StageStore } from './stage-store.js';

/** A promotion of any kind approves the person's raised hand. */
@Injectable()
export class StageHands implements SeatRule {
  constructor(
    private readonly store: StageStore,
    private readonly notifier: StageNotifier,
  ) {}

  async notePromoted(
    tx: Tx,
    { room, identity }: RoleClaim,
    by: ActorRef,
    operationId: string,
  ): Promise<void> {
    const settled = await this.store.settleOf(tx, room, identity, 'hand', 'approved', null, by);
    for (const hand of settled) this.notifier.record(tx, hand, by, { operationId });
  }

  async notePromotedAll(tx: Tx, promoted: readonly Promoted[], by: ActorRef): Promise<void> {
    const [first] = promoted;
    if (!first) return;
    const operations = new Map(promoted.map((one) => [one.identity, one.operationId]));
    const settled = await this.store.approveAllOf(tx, first.room, [...operations.keys()], by);
    for (const hand of settled) {
      this.notifier.record(tx, hand, by, { operationId: operations.get(hand.identity) });
    }
  }
}
