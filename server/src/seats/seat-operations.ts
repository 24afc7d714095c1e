import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.js';
import { Transactions, type Tx } from '../database/transactions.js';
import { Hints } from '../events/hints.js';
import type { LedgerEntryInput, LedgerOutcome } from '../ledger/ledger-entry.js';
import { Metrics } from '../metrics/metrics.service.js';
import {
  LEDGER_KINDS,
  type NewOperation,
  type SeatAction,
  type SeatOperation,
  type SeatWish,
} from './seat.js';
import type { Push } from './seat-applier.js';
import { type Change, type End, SeatBatchStore } from './seat-batch-store.js';
import { SeatStore } from './seat-store.js';

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

type BulkListener = (tx: Tx, ends: readonly End[]) => Promise<void>;

/** An operation on a seat has two ends in the ledger: the intent, and what came of it. */
@Injectable()
export class SeatOperations {
  private readonly listeners: BulkListener[] = [];

  constructor(
    private readonly store: SeatStore,
    private readonly batches: SeatBatchStore,
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
    await this.tellBulk(tx, superseded.map(supersededEnd));
    tx.record({ ...entry(operation, 'intent', extra), actor });
    tx.afterCommit(() => this.tell(operation));
    if (untilsOf(wish).some((until) => until !== null)) {
      tx.afterCommit(() => this.hints.publish([{ topic: LEASES, type: 'lease' }]));
    }
    return true;
  }

  /**
   * The same for many seats of one room. Answers with those identities whose seats are still what
   * their operation was made for; for the others nothing is written.
   */
  async beginChanges(
    tx: Tx,
    room: string,
    changes: readonly Change[],
    actor: Actor,
    extraOf: (operation: NewOperation) => Record<string, unknown> = () => ({}),
  ): Promise<Set<string>> {
    const { begun, superseded } = await this.batches.begin(tx, room, changes);
    const byIdentity = new Map(changes.map(({ operation }) => [operation.identity, operation.id]));
    for (const old of superseded) {
      const supersededBy = byIdentity.get(old.identity);
      tx.record(entry(old, 'superseded', { supersededBy }));
    }
    await this.tellBulk(tx, superseded.map(supersededEnd));
    const mine = changes.filter(({ operation }) => begun.has(operation.identity));
    for (const { operation } of mine) {
      tx.record({ ...entry(operation, 'intent', extraOf(operation)), actor });
    }
    if (mine.some(({ wish }) => untilsOf(wish).some((until) => until !== null))) {
      tx.afterCommit(() => this.hints.publish([{ topic: LEASES, type: 'lease' }]));
    }
    return begun;
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
      this.noteSettled(tx, settled, { outcome, detail, ms });
      await this.tellBulk(tx, [{ operation: settled, settlement: { outcome, detail, ms } }]);
      tx.afterCommit(() => this.tell(settled));
    });
  }

  /** The same for many operations on seats of one room. */
  async settleMany(tx: Tx, room: string, ends: readonly End[]): Promise<void> {
    const settled = await this.batches.settle(tx, room, ends);
    const mine = ends.filter(({ operation }) => settled.has(operation.id));
    for (const { operation, settlement } of mine) this.noteSettled(tx, operation, settlement);
    await this.tellBulk(tx, mine);
    const hints = mine.map(({ operation: { identity } }) => ({
      topic: `room:${room}`,
      type: 'seat',
      key: identity,
    }));
    tx.afterCommit(() => this.hints.publish(hints));
  }

  /** Who keeps account of operations on many seats hears of each end, inside its transaction. */
  onBulkEnd(listener: BulkListener): void {
    this.listeners.push(listener);
  }

  private noteSettled(tx: Tx, operation: SeatOperation, { outcome, detail, ms }: Settlement): void {
    tx.record(entry(operation, outcome, { ms, ...(detail === null ? {} : { detail }) }));
    if (ms === null) return;
    const { action } = operation;
    tx.afterCommit(() => this.metrics.seatChange.observe({ action, outcome }, ms / 1000));
  }

  private async tellBulk(tx: Tx, ends: readonly End[]): Promise<void> {
    const parts = ends.filter(({ operation }) => operation.bulk !== null);
    if (parts.length === 0) return;
    for (const listener of this.listeners) await listener(tx, parts);
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

function supersededEnd(operation: SeatOperation): End {
  const detail = 'a later change came first';
  return { operation, settlement: { outcome: 'superseded', detail, ms: null } };
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
