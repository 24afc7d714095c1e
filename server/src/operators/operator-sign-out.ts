import { Injectable } from '@nestjs/common';
import type { Tx } from '../ledger/transactions.js';

type Step = (tx: Tx, operatorId: string) => Promise<void>;

/** How all sessions of an operator end, in the transaction that disables them or resets their password. */
@Injectable()
export class OperatorSignOut {
  private readonly steps: Step[] = [];

  add(step: Step): void {
    this.steps.push(step);
  }

  async run(tx: Tx, operatorId: string): Promise<void> {
    for (const step of this.steps) await step(tx, operatorId);
  }
}
