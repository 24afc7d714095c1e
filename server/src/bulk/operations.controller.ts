import { Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentActor, RequireAnyPermission, SignedIn } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { idParams } from '../common/http/fields.js';
import { ClickedAt } from '../actor/clicked-at.js';
import { SeatsService } from '../seats/public/acts.js';
import { operationNotFound, OperationReader, toOperationView } from '../seats/public/seats.js';
import { operationResponse, seatChangeResponse } from '../seats/views/seats.schemas.js';
import { STEERING_PERMISSIONS } from './bulk.js';
import { bulkOperationResponse, bulkStartedResponse } from './bulk.schemas.js';
import { BulkService } from './bulk.service.js';

type IdParams = z.infer<typeof idParams>;

/**
 * Operations on one seat and on many, by their ids. The operation's own room and action decide as
 * well, in the services.
 */
@Controller('api/v1/operations')
export class OperationsController {
  constructor(
    private readonly store: OperationReader,
    private readonly seats: SeatsService,
    private readonly bulk: BulkService,
  ) {}

  @Get(':id')
  @ApiDoc({
    summary: 'Read an operation',
    description: 'An act on one seat or a bulk operation, by its id.',
    errors: ['operation.not_found'],
  })
  @SignedIn()
  @Answers(z.union([bulkOperationResponse, operationResponse]))
  async one(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    const operation = await this.store.find(id);
    if (!operation) return this.bulk.get(actor, id);
    if (!actor.can('seat.read', operation.room)) throw operationNotFound();
    return toOperationView(operation);
  }

  @Post(':id/undo')
  @ApiDoc({
    summary: 'Undo an operation',
    description:
      'Does the inverse act; possible for a minute. Answers 200 for one seat, and 202 with a new operation for a bulk operation.',
    errors: [
      'operation.not_found',
      'operation.undone',
      'operation.undo_expired',
      'operation.not_undoable',
      'seat.changed',
      'seat.above_ceiling',
    ],
  })
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(z.union([seatChangeResponse, bulkStartedResponse]))
  async undo(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @ClickedAt() clickedAt: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!(await this.bulk.is(id))) return this.seats.undo(actor, id, { clickedAt });
    reply.status(202);
    return this.bulk.undo(actor, id);
  }
}
