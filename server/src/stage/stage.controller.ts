import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { roomParams, seatParams } from '../common/http/fields.js';
import {
  approveBody,
  type ApproveBody,
  approvedResponse,
  approveManyBody,
  approveNextBody,
  type ApproveManyBody,
  type ApproveNextBody,
  approvedManyResponse,
  approvedNextResponse,
  askUnmuteBody,
  type AskUnmuteBody,
  declineBody,
  type DeclineBody,
  inviteBody,
  type InviteBody,
  limitAnswer,
  limitBody,
  type LimitBody,
  limitParams,
  type LimitParams,
  requestParams,
  type RequestParams,
  requestResponse,
  stageResponse,
} from './stage.schemas.js';
import { StageService } from './stage.service.js';

type RoomParams = z.infer<typeof roomParams>;
type SeatParams = z.infer<typeof seatParams>;

/** The stage of a room, for moderators. */
@Controller('api/v1/rooms/:room')
export class StageController {
  constructor(private readonly stage: StageService) {}

  @Get('stage')
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(stageResponse)
  view(@Param({ schema: roomParams }) { room }: RoomParams) {
    return this.stage.view(room);
  }

  @Post('stage/approve-next')
  @HttpCode(200)
  @RequirePermission('stage.manage', { room: 'room' })
  @Answers(approvedNextResponse)
  approveNext(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: approveNextBody }) body: ApproveNextBody,
  ) {
    return this.stage.approveNext(actor, room, body);
  }

  @Post('stage/approve-all')
  @HttpCode(200)
  @RequirePermission('stage.manage', { room: 'room' })
  @Answers(approvedManyResponse)
  approveAll(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: approveManyBody }) body: ApproveManyBody,
  ) {
    return this.stage.approveAll(actor, room, body);
  }

  @Post('stage/:id/approve')
  @HttpCode(200)
  @RequirePermission('stage.manage', { room: 'room' })
  @Answers(approvedResponse)
  approve(
    @CurrentActor() actor: Actor,
    @Param({ schema: requestParams }) { room, id }: RequestParams,
    @Body({ schema: approveBody }) body: ApproveBody,
  ) {
    return this.stage.approve(actor, room, id, body);
  }

  @Post('stage/:id/decline')
  @HttpCode(200)
  @RequirePermission('stage.manage', { room: 'room' })
  @Answers(requestResponse)
  decline(
    @CurrentActor() actor: Actor,
    @Param({ schema: requestParams }) { room, id }: RequestParams,
    @Body({ schema: declineBody }) body: DeclineBody,
  ) {
    return this.stage.decline(actor, room, id, body);
  }

  @Put('stage/limits/:key')
  @RequirePermission('room.update', { room: 'room' })
  @Answers(limitAnswer)
  setLimit(
    @CurrentActor() actor: Actor,
    @Param({ schema: limitParams }) { room, key }: LimitParams,
    @Body({ schema: limitBody }) { slots }: LimitBody,
  ) {
    return this.stage.setLimit(actor, room, key, slots);
  }

  @Post('seats/:identity/invite')
  @HttpCode(200)
  @RequirePermission('stage.manage', { room: 'room' })
  @Answers(requestResponse)
  invite(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: inviteBody }) body: InviteBody,
  ) {
    return this.stage.invite(actor, room, identity, body);
  }

  @Post('seats/:identity/ask-unmute')
  @HttpCode(200)
  @RequirePermission('seat.mute', { room: 'room' })
  @Answers(requestResponse)
  askUnmute(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: askUnmuteBody }) body: AskUnmuteBody,
  ) {
    return this.stage.askUnmute(actor, room, identity, body);
  }
}
