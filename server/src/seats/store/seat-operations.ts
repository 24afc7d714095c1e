import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { Hints } from '../../hints/hints.js';
import type { LedgerEntryInput, LedgerOutcome } from '../../ledger/ledger-entry.js';
import { Metrics } from '../../metrics/metrics.service.js';
import {
  LEDGER_KINDS,
  type NewOperation,
  type SeatOperation,
  type SeatWish,
} from '../model/seat.js';
import { type Change, SeatBatchStore } from './seat-batch-store.js';
import type { End } from '../model/seat.js';
import { cameTo, stands } from '../model/outcomes.js';
import type { Settlement } from '../model/seat.js';
import { SeatStore } from './seat-store.js';

/** Topic of the hint that something was given for a time: there may be an earlier end to wait for. */
export const LEASES = 'leases';

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
    for (const { operation } of mine) {
      tx.record({ ...entry(operation, 'intent', extraOf(operation)), actor });
    }
    if (mine.some(({ wish }) => untilsOf(wish).some((until) => until !== null))) {
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
    const { operation, wish } = first;
    if (!(await this.store.beginChange(tx, operation, wish))) return new Set();
    tx.afterCommit(() => this.tell(operation));
    return new Set([operation.identity]);
  }

  /** The same for an act that wishes nothing. */
  async beginAct(tx: Tx, operation: NewOperation, actor: Actor): Promise<void> {
    await this.store.beginAct(tx, operation);
    tx.record({ ...entry(operation, 'intent', {}), actor });
    tx.afterCommit(() => this.tell(operation));
  }

  /**
   * Ends what still waits on these seats and is not wished any more, in the transaction that wishes
   * something else. Every writer of wishes calls it.
   */
  async supersede(
    tx: Tx,
    room: string,
    identities: readonly string[],
    by: (identity: string) => string | undefined = () => undefined,
  ): Promise<void> {
    const waiting = await this.batches.listWaiting(tx, room, identities);
    const over = waiting.flatMap(({ operation, wish }) => {
      return stands(operation, wish) ? [] : [operation];
    });
    if (over.length === 0) return;
    const ids = over.map(({ id }) => id);
    await this.batches.supersede(tx, ids);
    for (const old of over) {
      const supersededBy = by(old.identity);
      tx.record(entry(old, 'superseded', supersededBy === undefined ? {} : { supersededBy }));
    }
    await this.tellBulk(tx, over.map(supersededEnd));
  }

  /**
   * The other end. Harmless when somebody else has written it: then nothing is written again, and
   * the answer is what they wrote.
   */
  async settle(id: string, settlement: Settlement): Promise<Settlement> {
    const { outcome, detail, ms, effects } = settlement;
    const isMine = await this.transactions.run(async (tx) => {
      const settled = await this.store.settleOperation(tx, id, outcome, detail, ms, effects);
      if (!settled) return false;
      this.noteSettled(tx, settled, { outcome, detail, ms });
      await this.tellBulk(tx, [{ operation: settled, settlement: { outcome, detail, ms } }]);
      tx.afterCommit(() => this.tell(settled));
      return true;
    });
    if (isMine) return settlement;
    const known = await this.store.findOperation(id);
    return known ? (cameTo(known) ?? settlement) : settlement;
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
