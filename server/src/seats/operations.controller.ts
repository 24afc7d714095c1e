import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { CurrentActor, SignedIn } from '../access/access.decorators.js';
import type { Actor } from '../access/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { idParams } from '../common/http/fields.js';
import type { SeatOperation } from './seat.js';
import { SeatStore } from './seat-store.js';
import { operationResponse, type OperationView, seatChangeResponse } from './seats.schemas.js';
import { operationNotFound, SeatsService, toStateResponse } from './seats.service.js';

type IdParams = z.infer<typeof idParams>;

/** Signed in is enough here: the operation's own room and action decide, in the service. */
@Controller('api/v1/operations')
export class OperationsController {
  constructor(
    private readonly store: SeatStore,
    private readonly seats: SeatsService,
  ) {}

  @Get(':id')
  @SignedIn()
  @Answers(operationResponse)
  async one(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    const operation = await this.store.findOperation(id);
    if (!operation || !actor.can('seat.read', operation.room)) throw operationNotFound();
    return toOperationView(operation);
  }

  @Post(':id/undo')
  @HttpCode(200)
  @SignedIn()
  @Answers(seatChangeResponse)
  undo(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.seats.undo(actor, id);
  }
}

function toOperationView(operation: SeatOperation): OperationView {
  const { id, outcome, before, after } = operation;
  const isOver = outcome !== 'intent' && outcome !== 'pending';
  return {
    id,
    operationId: id,
    room: operation.room,
    identity: operation.identity,
    action: operation.action,
    status: !isOver ? 'running' : outcome === 'failed' ? 'failed' : 'done',
    outcome,
    detail: operation.detail,
    total: 1,
    done: isOver ? 1 : 0,
    applied: outcome === 'applied' ? 1 : 0,
    pending: outcome === 'pending' ? 1 : 0,
    failed: outcome === 'failed' ? 1 : 0,
    by: operation.actor.label,
    reason: operation.reason,
    before: toStateResponse(before),
    after: toStateResponse(after),
    effects: [...after.effects],
    epoch: operation.epoch,
    ms: operation.ms,
    undoUntil: operation.undoUntil?.toISOString() ?? null,
    undoneBy: operation.undoneBy,
    createdAt: operation.createdAt.toISOString(),
  };
}
