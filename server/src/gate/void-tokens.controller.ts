import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { ForAct } from '../acts/act.decorators.js';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { idParams, roomParams, seatParams } from '../common/http/fields.js';
import {
  voidedTokensResponse,
  voidTokensBody,
  type VoidTokensBody,
} from './void-tokens.schemas.js';
import { VoidTokensService } from './void-tokens.service.js';

@Controller('api/v1')
export class VoidTokensController {
  constructor(private readonly tokens: VoidTokensService) {}

  @Post('rooms/:room/seats/:identity/void-tokens')
  @ApiDoc({
    summary: 'Void the tokens of a seat',
    description:
      'Every token issued so far for this identity in this room is worthless at the gate. Who is connected stays.',
    example: { reason: 'The link was shared' },
    errors: ['access.denied'],
  })
  @HttpCode(200)
  @ForAct('void_tokens')
  @Answers(voidedTokensResponse)
  voidSeat(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: z.infer<typeof seatParams>,
    @Body({ schema: voidTokensBody }) { reason }: VoidTokensBody,
  ) {
    return this.tokens.void(actor, { kind: 'seat', room, identity }, reason);
  }

  @Post('rooms/:room/void-tokens')
  @ApiDoc({
    summary: 'Void the tokens of a room',
    description:
      'Every token issued so far for this room is worthless at the gate. Who is connected stays.',
    example: { reason: 'The link was shared' },
  })
  @HttpCode(200)
  @RequirePermission('token.void', { room: 'room' })
  @Answers(voidedTokensResponse)
  voidRoom(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: z.infer<typeof roomParams>,
    @Body({ schema: voidTokensBody }) { reason }: VoidTokensBody,
  ) {
    return this.tokens.void(actor, { kind: 'room', room }, reason);
  }

  @Post('users/:id/void-tokens')
  @ApiDoc({
    summary: 'Void the tokens of a user',
    description: 'Every token issued so far for this user, in all rooms, is worthless at the gate.',
    example: { reason: 'Lost phone' },
    errors: ['user.not_found'],
  })
  @HttpCode(200)
  @RequirePermission('token.void', { everywhere: true })
  @Answers(voidedTokensResponse)
  voidUser(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: z.infer<typeof idParams>,
    @Body({ schema: voidTokensBody }) { reason }: VoidTokensBody,
  ) {
    return this.tokens.void(actor, { kind: 'user', id }, reason);
  }

  @Post('void-tokens')
  @ApiDoc({
    summary: 'Void all tokens',
    description: 'Every token issued so far is worthless at the gate.',
    example: { reason: 'The signing key has leaked' },
  })
  @HttpCode(200)
  @RequirePermission('token.void', { everywhere: true })
  @Answers(voidedTokensResponse)
  voidEverybody(
    @CurrentActor() actor: Actor,
    @Body({ schema: voidTokensBody }) { reason }: VoidTokensBody,
  ) {
    return this.tokens.void(actor, { kind: 'everybody' }, reason);
  }
}
