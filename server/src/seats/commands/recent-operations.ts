import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { isBy, mayBeBy, type SeatAction, type SeatOperation } from '../model/seat.js';
import type { Context } from '../model/context.js';
import { OperationReader } from '../store/operation-reader.js';

/** Finds operations that a request may repeat. */
@Injectable()
export class RecentOperations {
  constructor(private readonly operations: OperationReader) {}

  /** The seat's last operation, if it is this action by this actor, fresh, and did not fail. */
  async find(
    actor: Actor,
    action: SeatAction,
    { seat: { lastChange }, now }: Context,
    withinMs: number,
  ): Promise<SeatOperation | null> {
    if (lastChange?.kind !== action || !mayBeBy(lastChange, actor)) return null;
    if (lastChange.outcome === 'failed') return null;
    if (now.getTime() - Date.parse(lastChange.at) > withinMs) return null;
    const last = await this.operations.find(lastChange.operationId);
    return last && isBy(last, actor) ? last : null;
  }
}
