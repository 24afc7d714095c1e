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
    summary: 'Revoke the tokens of a participant',
    description:
      'Tokens that were issued for this identity in this room no longer work at the gate. A connected participant stays.',
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
    summary: 'Revoke the tokens of a room',
    description:
      'Tokens that were issued for this room no longer work at the gate. Connected participants stay.',
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
    summary: 'Revoke the tokens of a user',
    description:
      'Tokens that were issued for this user, in all rooms, no longer work at the gate. A connected participant stays.',
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
    summary: 'Revoke all tokens',
    description:
      'Tokens that were issued so far no longer work at the gate. Connected participants stay.',
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
