import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.js';
import { Transactions, type Tx } from '../database/transactions.js';
import { Hints } from '../events/hints.js';
import type { LedgerEntryInput, LedgerOutcome } from '../ledger/ledger-entry.js';
import { Metrics } from '../metrics/metrics.service.js';
import { LEDGER_KINDS, type SeatAction, type SeatOperation } from './seat.js';
import type { Push } from './seat-applier.js';
import { SeatStore } from './seat-store.js';

/** Topic of the hint that a lease was given: there may be an earlier end to wait for. */
export const LEASES = 'leases';

export type Settled = 'applied' | 'pending' | 'failed' | 'superseded';

/** What an operation has come to so far. */
export interface Settlement {
  readonly outcome: Settled;
  readonly detail: string | null;
  readonly ms: number | null;
}

type NewOperation = Parameters<SeatStore['insertOperation']>[1];

/** An operation on a seat has two ends in the ledger: the intent, and what came of it. */
@Injectable()
export class SeatOperations {
  constructor(
    private readonly store: SeatStore,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
    private readonly metrics: Metrics,
  ) {}

  /** The first end, inside the transaction of the change itself. */
  async begin(
    tx: Tx,
    operation: NewOperation,
    actor: Actor,
    extra: Record<string, unknown> = {},
  ): Promise<void> {
    await this.store.insertOperation(tx, operation);
    for (const old of await this.store.supersede(tx, operation)) {
      tx.record(entry(old, 'superseded', { supersededBy: operation.id }));
    }
    await this.store.noteChange(tx, operation, 'intent', null);
    tx.record({ ...entry(operation, 'intent', extra), actor });
    tx.afterCommit(() => this.tell(operation));
  }

  /** The other end. Harmless when somebody else has written it: then nothing is written again. */
  async settle(id: string, { outcome, detail, ms }: Settlement): Promise<void> {
    await this.transactions.run(async (tx) => {
      const settled = await this.store.settleOperation(tx, id, outcome, detail, ms);
      if (!settled) return;
      await this.store.noteChange(tx, settled, outcome, ms);
      tx.record(entry(settled, outcome, { ms, ...(detail === null ? {} : { detail }) }));
      tx.afterCommit(() => {
        if (ms !== null) {
          this.metrics.seatChange.observe({ action: settled.action, outcome }, ms / 1000);
        }
        this.tell(settled);
      });
    });
  }

  private tell({ room, identity }: Pick<SeatOperation, 'room' | 'identity'>): void {
    this.hints.publish([{ topic: `room:${room}`, type: 'seat', key: identity }]);
  }
}

/** What the pushes mean for the operation whose wish was written with `epoch`. */
export function settlementOf(
  { action, epoch }: Pick<SeatOperation, 'action' | 'epoch'>,
  pushes: readonly Push[],
  ms: number,
): Settlement {
  const mine = pushes.findLast((push) => push.epoch === epoch);
  const rounded = Math.round(ms * 10) / 10;
  if (!mine) {
    return pushes.length > 0
      ? { outcome: 'superseded', detail: 'a later change came first', ms: rounded }
      : { outcome: 'pending', detail: 'too many changes at once', ms: null };
  }
  switch (mine.outcome) {
    case 'applied':
      return { outcome: 'applied', detail: null, ms: rounded };
    case 'failed':
      return { outcome: 'failed', detail: mine.detail, ms: rounded };
    case 'absent':
      return isDoneWithoutPresence(action)
        ? { outcome: 'applied', detail: null, ms: rounded }
        : { outcome: 'pending', detail: mine.detail, ms: null };
    case 'unavailable':
      return action === 'unblock'
        ? { outcome: 'applied', detail: null, ms: rounded }
        : { outcome: 'pending', detail: mine.detail, ms: null };
  }
}

/** Blocks and unblocks of who is away are done once tokens follow them. */
function isDoneWithoutPresence(action: SeatAction): boolean {
  return action === 'block' || action === 'unblock' || action === 'remove';
}

function entry(
  operation: Pick<
    SeatOperation,
    'id' | 'room' | 'identity' | 'action' | 'actor' | 'reason' | 'before' | 'after' | 'epoch'
  >,
  outcome: LedgerOutcome,
  extra: Record<string, unknown>,
): LedgerEntryInput {
  const { id, room, identity, action, actor, reason, before, after, epoch } = operation;
  return {
    kind: LEDGER_KINDS[action],
    outcome,
    actor,
    room,
    identity,
    reason,
    payload: {
      operationId: id,
      before: { template: before.template, version: before.version, permission: before.permission },
      after: { template: after.template, version: after.version, permission: after.permission },
      effects: after.effects,
      epoch,
      ...extra,
    },
  };
}
