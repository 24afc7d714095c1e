import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import type { Tx } from '../../ledger/transactions.js';
import { isUnavailable } from '../../livekit/livekit-error.js';
import type { SeatOperation } from '../model/seat.js';
import { toStateOf, toStateResponse } from '../views/seat-views.js';
import { SeatCalls } from '../convergence/seat-calls.js';
import type { Context } from '../model/context.js';
import { SeatGuards } from './seat-guards.js';
import { SeatOperations } from '../store/seat-operations.js';
import type { OperationResult } from '../model/seat.js';
import type { SeatPreview } from '../views/seats.schemas.js';
import { draftAct } from './operation-draft.js';
import { RecentOperations } from './recent-operations.js';
import type { ImmediateAct } from './requests.js';
import type { PrepareOptions, Prepared, Repeated, Strategy } from './strategy.js';

/** Asked for again this soon, an act finds nothing left to do. */
const REPEATED_WITHIN_MS = 5_000;

/** Requests that act on the participant now: one call to LiveKit, not repeated by the sweep. */
@Injectable()
export class ActStrategy implements Strategy<ImmediateAct, Prepared> {
  readonly isResumable = false;

  constructor(
    private readonly guards: SeatGuards,
    private readonly recent: RecentOperations,
    private readonly operations: SeatOperations,
    private readonly calls: SeatCalls,
  ) {}

  async prepare(
    actor: Actor,
    act: ImmediateAct,
    context: Context,
    { options, mayRepeat }: PrepareOptions,
  ): Promise<Prepared | Repeated> {
    await this.guards.assertEpoch(context, act.expectEpoch);
    this.guards.assertSensible(actor, act.action, context, act.isConfirmed ?? false);
    await this.guards.assertWithinCeiling(actor, act.permission, context, context.evaluation.role);
    const last = mayRepeat
      ? await this.recent.find(actor, act.action, context, REPEATED_WITHIN_MS)
      : null;
    if (last && act.isDone(context, last)) return { repeats: last };
    return { context, options, operation: draftAct(actor, act, context, options) };
  }

  async preview(
    actor: Actor,
    act: ImmediateAct,
    context: Context,
  ): Promise<Pick<SeatPreview, 'after' | 'effects'>> {
    const { role } = context.evaluation;
    await this.guards.assertWithinCeiling(actor, act.permission, context, role, true);
    return { after: toStateResponse(toStateOf(role)), effects: act.effects(context) };
  }

  async write(
    tx: Tx,
    actor: Actor,
    _room: string,
    prepared: readonly Prepared[],
  ): Promise<ReadonlySet<string>> {
    for (const { operation } of prepared) await this.operations.beginAct(tx, operation, actor);
    return new Set(prepared.map(({ operation }) => operation.identity));
  }

  async carryOut({ id }: SeatOperation, act: ImmediateAct): Promise<OperationResult> {
    const result = await this.perform(act);
    // The act is done; an operation that stays open is ended by the sweep.
    await this.operations.settle(id, result).catch(() => undefined);
    return result;
  }

  private async perform({ action, run }: ImmediateAct): Promise<OperationResult> {
    const started = performance.now();
    const ms = () => Math.round((performance.now() - started) * 10) / 10;
    try {
      if (!(await this.calls.isReachable())) {
        return unreachable(action, 'LiveKit cannot be reached');
      }
      const { outcome = 'applied', detail, effects = null } = await run();
      return { outcome, detail, effects, ms: ms() };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (isUnavailable(error)) return unreachable(action, error.message);
      return { outcome: 'failed', detail: error.message, ms: ms() };
    }
  }
}

/** A removal waits for LiveKit. A mute is about this moment, which has passed by then. */
function unreachable(action: ImmediateAct['action'], detail: string): OperationResult {
  return { outcome: action === 'remove' ? 'pending' : 'failed', detail, ms: null };
}
