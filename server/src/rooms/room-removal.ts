import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { Tx } from '../ledger/transactions.js';

type Step = (tx: Tx, actor: Actor, room: string) => Promise<void>;

/** What other features remove together with a room, in the transaction that removes it. */
@Injectable()
export class RoomRemoval {
  private readonly steps: Step[] = [];

  add(step: Step): void {
    this.steps.push(step);
  }

  async run(tx: Tx, actor: Actor, room: string): Promise<void> {
    for (const step of this.steps) await step(tx, actor, room);
  }
}
