import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { ForAct } from '../acts/act.decorators.js';
import { CurrentActor } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { seatParams } from '../common/http/fields.js';
import { peekBody, type PeekBody, peekResponse } from './peeks.schemas.js';
import { PeeksService } from './peeks.service.js';

type SeatParams = z.infer<typeof seatParams>;

/** A moderator's own look at somebody in a room: hidden, short, and in the ledger. */
@Controller('api/v1/rooms/:room/seats/:identity/peek')
export class PeeksController {
  constructor(private readonly peeks: PeeksService) {}

  @Post()
  @ApiDoc({
    summary: 'Peek at a participant',
    description:
      'Gives the caller a token to join the room hidden, only to see and hear this participant. The ledger records it. It ends by itself after five minutes.',
    example: { reason: 'Reported by others' },
    errors: [
      'seat.not_present',
      'seat.is_peek',
      'token.refused',
      'ledger.overloaded',
      'livekit.unavailable',
    ],
  })
  @ForAct('peek')
  @Answers(peekResponse)
  begin(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: peekBody }) body: PeekBody,
  ) {
    return this.peeks.begin(actor, room, identity, body);
  }

  @Delete()
  @ApiDoc({
    summary: 'End a peek',
    description: 'Removes the caller’s hidden participant from the room.',
  })
  @HttpCode(204)
  @ForAct('peek')
  @Answers(z.void())
  end(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
  ): Promise<void> {
    return this.peeks.end(actor, room, identity);
  }
}
