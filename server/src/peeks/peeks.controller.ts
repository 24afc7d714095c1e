import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { seatParams } from '../common/http/fields.js';
import { peekBody, type PeekBody, peekResponse } from './peeks.schemas.js';
import { PeeksService } from './peeks.service.js';

type SeatParams = z.infer<typeof seatParams>;

/** A moderator's own look at somebody in a room: hidden, short, and in the ledger. */
@Controller('api/v1/rooms/:room/seats/:identity/peek')
export class PeeksController {
  constructor(private readonly peeks: PeeksService) {}

  @Post()
  @RequirePermission('seat.peek', { room: 'room' })
  @Answers(peekResponse)
  begin(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: peekBody }) body: PeekBody,
  ) {
    return this.peeks.begin(actor, room, identity, body);
  }

  @Delete()
  @HttpCode(204)
  @RequirePermission('seat.peek', { room: 'room' })
  @Answers(z.void())
  end(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
  ): Promise<void> {
    return this.peeks.end(actor, room, identity);
  }
}
