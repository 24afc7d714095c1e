import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { Hints } from '../../hints/hints.js';
import type { LedgerEntryInput, LedgerOutcome } from '../../ledger/ledger-entry.js';
import { Metrics } from '../../metrics/metrics.service.js';
import {
  ledgerKindOf,
  type NewOperation,
  recordedState,
  type SeatOperation,
  type DesiredState,
} from '../model/seat.js';
import { type Change, SeatBatchStore } from './seat-batch-store.js';
import type { OperationEnd } from '../model/seat.js';
import { knownResult, isStillDesired } from '../model/outcomes.js';
import type { OperationResult } from '../model/seat.js';
import { OperationReader } from './operation-reader.js';
import { SeatStore } from './seat-store.js';

/** Topic of the hint that something has an expiry: it may be the next one. */
export const LEASES = 'leases';

type BulkListener = (tx: Tx, ends: readonly OperationEnd[]) => Promise<void>;

/** Writes operations with their two entries in the ledger: the intent and the outcome. */
@Injectable()
export class SeatOperations {
  private readonly listeners: BulkListener[] = [];

  constructor(
    private readonly store: SeatStore,
    private readonly reader: OperationReader,
    private readonly batches: SeatBatchStore,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Writes desired states and their operations, inside the transaction of the intents. Answers with
   * the identities whose seat was still what its operation was made for; the others are not written.
   */
  async beginChanges(
    tx: Tx,
    room: string,
    changes: readonly Change[],
    actor: Actor,
    extraOf: (operation: NewOperation) => Record<string, unknown> = () => ({}),
  ): Promise<Set<string>> {
    const begun = await this.writeChanges(tx, room, changes);
    if (begun.size === 0) return begun;
    const byIdentity = new Map(changes.map(({ operation }) => [operation.identity, operation.id]));
    await this.supersede(tx, room, [...begun], (identity) => byIdentity.get(identity));
    const mine = changes.filter(({ operation }) => begun.has(operation.identity));
    for (const { operation, desired } of mine) {
      const extra = { desired: recordedState(desired), ...extraOf(operation) };
      tx.record({ ...entry(operation, 'intent', extra), actor });
    }
    if (mine.some(({ desired }) => untilsOf(desired).some((until) => until !== null))) {
      tx.afterCommit(() => this.hints.publish([{ topic: LEASES, type: 'lease' }]));
    }
    return begun;
  }

  /** One change alone has a faster statement, and is shown at once; of many the end is shown. */
  private async writeChanges(
    tx: Tx,
    room: string,
    changes: readonly Change[],
  ): Promise<Set<string>> {
    const [first, ...rest] = changes;
    if (!first) return new Set();
    if (rest.length > 0) return this.batches.begin(tx, room, changes);
    const { operation, desired } = first;
    if (!(await this.store.beginChange(tx, operation, desired))) return new Set();
    tx.afterCommit(() => this.publishHint(operation));
    return new Set([operation.identity]);
  }

  /** The same for an immediate act. */
  async beginAct(tx: Tx, operation: NewOperation, actor: Actor): Promise<void> {
    await this.store.beginAct(tx, operation);
    tx.record({ ...entry(operation, 'intent', {}), actor });
    tx.afterCommit(() => this.publishHint(operation));
  }

  /**
   * Ends pending operations whose change is no longer desired, in the transaction that changes it.
   * Every writer of the desired state calls it.
   */
  async supersede(
    tx: Tx,
    room: string,
    identities: readonly string[],
    by: (identity: string) => string | undefined = () => undefined,
  ): Promise<void> {
    const waiting = await this.batches.listWaiting(tx, room, identities);
    const over = waiting.flatMap(({ operation, desired }) => {
      return isStillDesired(operation, desired) ? [] : [operation];
    });
    if (over.length === 0) return;
    const ids = over.map(({ id }) => id);
    await this.batches.supersede(tx, ids);
    for (const old of over) {
      const supersededBy = by(old.identity);
      tx.record(entry(old, 'superseded', supersededBy === undefined ? {} : { supersededBy }));
    }
    await this.notifyBulk(tx, over.map(supersededEnd));
  }

  /**
   * Writes the outcome. Where somebody else wrote one already, nothing is written and the answer is
   * theirs.
   */
  async settle(id: string, result: OperationResult): Promise<OperationResult> {
    const { outcome, detail, ms, effects } = result;
    const isMine = await this.transactions.run(async (tx) => {
      const settled = await this.store.settleOperation(tx, id, outcome, detail, ms, effects);
      if (!settled) return false;
      this.noteSettled(tx, settled, { outcome, detail, ms });
      await this.notifyBulk(tx, [{ operation: settled, result: { outcome, detail, ms } }]);
      tx.afterCommit(() => this.publishHint(settled));
      return true;
    });
    if (isMine) return result;
    const known = await this.reader.find(id);
    return known ? (knownResult(known) ?? result) : result;
  }

  /** The same for many operations on seats of one room. */
  async settleMany(tx: Tx, room: string, ends: readonly OperationEnd[]): Promise<void> {
    const settled = await this.batches.settle(tx, room, ends);
    const mine = ends.filter(({ operation }) => settled.has(operation.id));
    for (const { operation, result } of mine) this.noteSettled(tx, operation, result);
    await this.notifyBulk(tx, mine);
    const hints = mine.map(({ operation: { identity } }) => ({
      topic: `room:${room}`,
      type: 'seat',
      key: identity,
    }));
    tx.afterCommit(() => this.hints.publish(hints));
  }

  /** Bulk operations follow the end of each of their seats, inside its transaction. */
  onBulkEnd(listener: BulkListener): void {
    this.listeners.push(listener);
  }

  private noteSettled(
    tx: Tx,
    operation: SeatOperation,
    { outcome, detail, ms }: OperationResult,
  ): void {
    tx.record(entry(operation, outcome, { ms, ...(detail === null ? {} : { detail }) }));
    if (ms === null) return;
    const { action } = operation;
    tx.afterCommit(() => this.metrics.seatChange.observe({ action, outcome }, ms / 1000));
  }

  private async notifyBulk(tx: Tx, ends: readonly OperationEnd[]): Promise<void> {
    const parts = ends.filter(({ operation }) => operation.bulk !== null);
    if (parts.length === 0) return;
    for (const listener of this.listeners) await listener(tx, parts);
  }

  private publishHint({ room, identity }: Pick<SeatOperation, 'room' | 'identity'>): void {
    this.hints.publish([{ topic: `room:${room}`, type: 'seat', key: identity }]);
  }
}

function supersededEnd(operation: SeatOperation): OperationEnd {
  const detail = 'a later change came first';
  return { operation, result: { outcome: 'superseded', detail, ms: null } };
}

function untilsOf({ override, block, hold }: DesiredState): (Date | null)[] {
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
    kind: ledgerKindOf(action),
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
