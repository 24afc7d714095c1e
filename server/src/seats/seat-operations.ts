import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.js';
import { Transactions, type Tx } from '../database/transactions.js';
import { Hints } from '../events/hints.js';
import type { LedgerEntryInput, LedgerOutcome } from '../ledger/ledger-entry.js';
import { Metrics } from '../metrics/metrics.service.js';
import { LEDGER_KINDS, type SeatAction, type SeatOperation, type SeatWish } from './seat.js';
import type { Push } from './seat-applier.js';
import { type NewOperation, SeatStore } from './seat-store.js';

/** Topic of the hint that something was given for a time: there may be an earlier end to wait for. */
export const LEASES = 'leases';

export type Settled = 'applied' | 'pending' | 'failed' | 'superseded';

/** What an operation has come to so far. */
export interface Settlement {
  readonly outcome: Settled;
  readonly detail: string | null;
  readonly ms: number | null;
  /** What did happen, where that is known better than when the operation began. */
  readonly effects?: readonly string[] | null;
}

/** An operation on a seat has two ends in the ledger: the intent, and what came of it. */
@Injectable()
export class SeatOperations {
  constructor(
    private readonly store: SeatStore,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
    private readonly metrics: Metrics,
  ) {}

  /**
   * The first end, inside the transaction that writes the wish with it. False, with nothing
   * written, when the seat is not any more what `operation` was made for.
   */
  async beginChange(
    tx: Tx,
    operation: NewOperation,
    wish: SeatWish,
    actor: Actor,
    extra: Record<string, unknown> = {},
  ): Promise<boolean> {
    const superseded = await this.store.beginChange(tx, operation, wish);
    if (!superseded) return false;
    for (const old of superseded) {
      tx.record(entry(old, 'superseded', { supersededBy: operation.id }));
    }
    tx.record({ ...entry(operation, 'intent', extra), actor });
    tx.afterCommit(() => this.tell(operation));
    if (untilsOf(wish).some((until) => until !== null)) {
      tx.afterCommit(() => this.hints.publish([{ topic: LEASES, type: 'lease' }]));
    }
    return true;
  }

  /** The same for an act that wishes nothing. */
  async beginAct(tx: Tx, operation: NewOperation, actor: Actor): Promise<void> {
    await this.store.beginAct(tx, operation);
    tx.record({ ...entry(operation, 'intent', {}), actor });
    tx.afterCommit(() => this.tell(operation));
  }

  /** The other end. Harmless when somebody else has written it: then nothing is written again. */
  async settle(id: string, { outcome, detail, ms, effects }: Settlement): Promise<void> {
    await this.transactions.run(async (tx) => {
      const settled = await this.store.settleOperation(tx, id, outcome, detail, ms, effects);
      if (!settled) return;
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
      return needsNoLiveKit(action)
        ? { outcome: 'applied', detail: null, ms: rounded }
        : { outcome: 'pending', detail: mine.detail, ms: null };
  }
}

/** Nothing is waited for: tokens follow a block, or nothing is left that could be taken. */
function isDoneWithoutPresence(action: SeatAction): boolean {
  return action === 'block' || action === 'remove' || needsNoLiveKit(action);
}

function needsNoLiveKit(action: SeatAction): boolean {
  return action === 'unblock' || action === 'block_end';
}

function untilsOf({ override, block, hold }: SeatWish): (Date | null)[] {
  return [override?.until ?? null, block?.until ?? null, hold?.until ?? null];
}

function entry(
  operation: Pick<
    SeatOperation,
    | 'id'
    | 'room'
    | 'identity'
    | 'action'
    | 'actor'
    | 'reason'
    | 'before'
    | 'after'
    | 'epoch'
    | 'bulk'
  >,
  outcome: LedgerOutcome,
  extra: Record<string, unknown>,
): LedgerEntryInput {
  const { id, room, identity, action, actor, reason, before, after, epoch, bulk } = operation;
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
      ...(bulk === null ? {} : { bulk }),
      ...extra,
    },
  };
}
