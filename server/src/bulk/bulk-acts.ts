import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { Transactions } from '../database/transactions.js';
import type { SeatOperation } from '../seats/seat.js';
import { SeatChanges, type Wish } from '../seats/seat-changes.js';
import type { Context } from '../seats/seat-context.js';
import { SeatStore } from '../seats/seat-store.js';
import { type Plan, SeatWishes, wishOf } from '../seats/seat-wishes.js';
import { SeatsService } from '../seats/seats.service.js';
import {
  actOf,
  type BulkAction,
  type BulkOperation,
  type BulkTarget,
  permissionFor,
  type TargetEnd,
} from './bulk.js';
import { BulkStore } from './bulk-store.js';
import type { Chunk, Turn } from './bulk-worker.js';
import type { Pace } from './pace.js';

/** These say something about who is in the room now; who has left meanwhile is left alone. */
const FOR_PRESENT: ReadonlySet<BulkAction> = new Set(['promote', 'hold', 'mute', 'remove']);

/** Why a target is left as it is; anything else that is refused counts as failed. */
const SKIPPED: ReadonlySet<string> = new Set([
  'seat.not_found',
  'seat.not_present',
  'seat.not_a_person',
  'seat.above_ceiling',
  'seat.holds_more',
  'seat.no_other_role',
  'seat.changed',
  'operation.undone',
]);

/** Moderators' acts on many seats, by the same rules as on one. */
@Injectable()
export class BulkActs {
  constructor(
    private readonly store: BulkStore,
    private readonly seats: SeatsService,
    private readonly changes: SeatChanges,
    private readonly wishes: SeatWishes,
    private readonly seatStore: SeatStore,
    private readonly transactions: Transactions,
  ) {}

  /** Null when the operation is another server's by now, or does not run any more. */
  async chunk(
    operation: BulkOperation,
    actor: Actor,
    targets: readonly BulkTarget[],
    pace: Pace,
    { holder }: Turn,
  ): Promise<Chunk | null> {
    const positions = targets.map(({ position }) => position);
    const isMine = await this.transactions.run(async (tx) => {
      if (!(await this.store.hold(tx, operation.id, holder))) return false;
      await this.store.markStarted(tx, operation.id, positions);
      return true;
    });
    if (!isMine) return null;
    return { carryOut: () => this.carryOut(operation, actor, targets, pace) };
  }

  /** What a server left between intent and outcome: found by its id, and carried out if need be. */
  async settle(
    operation: BulkOperation,
    actor: Actor,
    targets: readonly BulkTarget[],
    pace: Pace,
  ): Promise<void> {
    await this.carryOut(operation, actor, targets, pace);
  }

  private async carryOut(
    operation: BulkOperation,
    actor: Actor,
    targets: readonly BulkTarget[],
    pace: Pace,
  ): Promise<void> {
    const originals = await this.originalsOf(operation, targets);
    const ends = await Promise.all(
      targets.map((target) =>
        pace.run(
          () => this.one(operation, actor, target, originals.get(target.identity)),
          () => false,
        ),
      ),
    );
    await this.transactions.run((tx) => this.store.end(tx, operation.id, ends));
  }

  private async one(
    operation: BulkOperation,
    actor: Actor,
    { position, identity, seatOperation }: BulkTarget,
    original: SeatOperation | undefined,
  ): Promise<TargetEnd> {
    const { room, params } = operation;
    const options = { operationId: seatOperation, bulk: operation.id };
    const reason = operation.reason ?? undefined;
    try {
      const act = actOf(operation);
      const change =
        act === 'mute'
          ? await this.seats.mute(
              actor,
              room,
              identity,
              { source: params.sources?.[0], reason },
              options,
            )
          : act === 'remove'
            ? await this.seats.remove(actor, room, identity, { reason }, options)
            : await this.changes.change(
                actor,
                room,
                identity,
                this.wishFor(operation, actor, original),
                options,
              );
      if (!change) return { position, outcome: 'skipped', detail: 'nothing to change', ms: null };
      const { outcome, detail } = change;
      return { position, outcome, detail, ms: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
      const outcome = SKIPPED.has(error.code) ? 'skipped' : 'failed';
      return { position, outcome, detail: error.message, ms: null };
    }
  }

  private wishFor(
    operation: BulkOperation,
    actor: Actor,
    original: SeatOperation | undefined,
  ): Wish {
    const action = actOf(operation) as BulkAction;
    const { params } = operation;
    const terms = {
      reason: operation.reason ?? undefined,
      for: params.for,
      template: params.template,
      sources: params.sources,
    };
    const plan = (context: Context): Plan | Promise<Plan> => {
      if (original) return inverseOf(original);
      if (FOR_PRESENT.has(action) && !context.seat.isPresent) {
        throw new AppError('conflict', 'seat.not_present', 'left the room');
      }
      switch (action) {
        case 'promote':
          return this.wishes.promotion(actor, context, terms);
        case 'demote':
          return this.wishes.demotion(actor, context, terms);
        case 'block':
          return this.wishes.block(actor, context, terms);
        case 'unblock':
          return { ...wishOf(context), block: null };
        case 'hold':
          return this.wishes.hold(actor, context, terms);
        case 'release':
          return { ...wishOf(context), hold: null };
        case 'remove':
        case 'mute':
          throw new Error(`${action} wishes nothing`);
      }
    };
    return {
      action,
      permission: permissionFor(action),
      reason: terms.reason,
      expectEpoch: original?.epoch,
      // Whoever names themselves among others means it; a filter never does.
      isConfirmed: true,
      ...(original ? { undoes: original } : {}),
      plan,
    };
  }

  /** What an undo takes back, by identity. */
  private async originalsOf(
    { undoOf }: BulkOperation,
    targets: readonly BulkTarget[],
  ): Promise<Map<string, SeatOperation>> {
    if (undoOf === null) return new Map();
    const ids = await this.store.seatOperationsOf(
      undoOf,
      targets.map(({ identity }) => identity),
    );
    const found = await Promise.all(ids.map((id) => this.seatStore.findOperation(id)));
    return new Map(
      found.flatMap((operation) => (operation ? [[operation.identity, operation]] : [])),
    );
  }
}

function inverseOf({ before }: SeatOperation): Plan {
  const { override, block, hold, base } = before;
  const fallback = base && 'permission' in base ? base.permission : null;
  return { override, block, hold, fallback };
}
