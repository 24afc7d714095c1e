import { Injectable } from '@nestjs/common';
import type { ActorRef } from '../access/actor.js';
import type { Tx } from '../database/transactions.js';

/** Who is about to hold which role by a change made in the room. */
export interface Holding {
  readonly room: string;
  readonly identity: string;
  readonly template: string;
}

/** Works inside the transaction that writes the override. */
export interface SeatRule {
  /** Refuses by throwing. */
  assertMayHold?(tx: Tx, holding: Holding): Promise<void>;
  /** Nothing refuses it any more: what it settles, such as a raised hand, is settled with it. */
  notePromoted?(tx: Tx, holding: Holding, by: ActorRef, operationId: string): Promise<void>;
}

/**
 * What other features have to say about overrides, such as how many a role may have in a room.
 * Asked for every way to one: promotion, demotion, undo, and tokens for another role.
 */
@Injectable()
export class SeatRules {
  private readonly rules: SeatRule[] = [];

  add(rule: SeatRule): void {
    this.rules.push(rule);
  }

  async assertMayHold(tx: Tx, holding: Holding): Promise<void> {
    for (const rule of this.rules) await rule.assertMayHold?.(tx, holding);
  }

  async notePromoted(tx: Tx, holding: Holding, by: ActorRef, operationId: string): Promise<void> {
    for (const rule of this.rules) await rule.notePromoted?.(tx, holding, by, operationId);
  }
}
