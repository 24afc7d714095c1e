import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { CurrentActor, SignedIn } from '../access/access.decorators.js';
import type { Actor } from '../access/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { idParams } from '../common/http/fields.js';
import { ClickedAt } from './clicked-at.js';
import { operationNotFound, toOperationView } from './seat-answers.js';
import { SeatStore } from './seat-store.js';
import { operationResponse, seatChangeResponse } from './seats.schemas.js';
import { SeatsService } from './seats.service.js';

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
  undo(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.undo(actor, id, { clickedAt });
  }
}
