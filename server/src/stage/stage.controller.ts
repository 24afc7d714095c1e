import { Body, Controller, Get, Param, Post, Put } from '@nestjs/common';
import { z } from 'zod';
import { ActRoute } from '../acts/act.decorators.js';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
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
import { StageQueue } from './stage-queue.service.js';
import { StageService } from './stage.service.js';

type RoomParams = z.infer<typeof roomParams>;
type SeatParams = z.infer<typeof seatParams>;

/** The stage of a room, for moderators. */
@Controller('api/v1/rooms/:room')
export class StageController {
  constructor(
    private readonly stage: StageService,
    private readonly queue: StageQueue,
  ) {}

  @Get('stage')
  @ApiDoc({
    summary: 'Read the stage of a room',
    description:
      'The queue of raised hands, invitations, questions to unmute, and the places that are free.',
  })
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(stageResponse)
  view(@Param({ schema: roomParams }) { room }: RoomParams) {
    return this.stage.view(room);
  }

  @Post('stage/approve-next')
  @ActRoute('approve', approvedNextResponse, {
    summary: 'Approve the next hand',
    description:
      'Promotes the first person in the queue who can be promoted. With `expect` it is refused if somebody else is next by now.',
    example: { expect: 'ana-91' },
    errors: [
      'stage.queue_empty',
      'stage.nobody_fits',
      'stage.next_changed',
      'stage.full',
      'seat.above_ceiling',
      'role_template.not_published',
    ],
  })
  approveNext(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: approveNextBody }) body: ApproveNextBody,
  ) {
    return this.queue.approveNext(actor, room, body);
  }

  @Post('stage/approve-all')
  @ActRoute('approve', approvedManyResponse, {
    summary: 'Approve all hands',
    description:
      'Promotes in the order of the queue until a limit is reached. The answer names the people who could not be promoted, and why.',
    example: { template: 'speaker' },
    errors: ['stage.queue_empty', 'seat.above_ceiling', 'role_template.not_published'],
  })
  approveAll(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: approveManyBody }) body: ApproveManyBody,
  ) {
    return this.queue.approveAll(actor, room, body);
  }

  @Post('stage/:id/approve')
  @ActRoute('approve', approvedResponse, {
    summary: 'Approve a hand',
    description: 'Promotes one participant out of the queue.',
    example: { template: 'speaker', for: '10m' },
    errors: [
      'stage.request_not_found',
      'stage.request_decided',
      'seat.above_ceiling',
      'stage.full',
      'seat.changed',
      'role_template.not_published',
    ],
  })
  approve(
    @CurrentActor() actor: Actor,
    @Param({ schema: requestParams }) { room, id }: RequestParams,
    @Body({ schema: approveBody }) body: ApproveBody,
  ) {
    return this.queue.approve(actor, room, id, body);
  }

  @Post('stage/:id/decline')
  @ActRoute('decline', requestResponse, {
    summary: 'Decline a hand',
    description: 'Lowers the hand. The participant sees the sentence in `word`.',
    example: { word: 'Later, please' },
    errors: ['stage.request_not_found', 'stage.request_decided', 'seat.above_ceiling'],
  })
  decline(
    @CurrentActor() actor: Actor,
    @Param({ schema: requestParams }) { room, id }: RequestParams,
    @Body({ schema: declineBody }) body: DeclineBody,
  ) {
    return this.queue.decline(actor, room, id, body);
  }

  @Put('stage/limits/:key')
  @ApiDoc({
    summary: 'Limit the places of a role',
    description:
      'Sets the most people who may have the role in this room at a time. Null removes the limit.',
    example: { slots: 4 },
    errors: ['role_template.not_found'],
  })
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
  @ActRoute('invite', requestResponse, {
    summary: 'Invite a participant',
    description: 'Offers a role, which the participant accepts or declines.',
    example: { template: 'speaker', for: '2m' },
    errors: [
      'seat.not_found',
      'seat.not_present',
      'seat.is_peek',
      'seat.above_ceiling',
      'seat.holds_more',
      'role_template.not_published',
    ],
  })
  invite(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: inviteBody }) body: InviteBody,
  ) {
    return this.stage.invite(actor, room, identity, body);
  }

  @Post('seats/:identity/ask-unmute')
  @ActRoute('ask_unmute', requestResponse, {
    summary: 'Ask a participant to unmute',
    description: 'The participant decides. Nobody is unmuted by this.',
    example: { source: 'microphone', reason: 'Your turn' },
    errors: [
      'seat.not_found',
      'seat.not_present',
      'seat.is_peek',
      'seat.not_muted',
      'seat.may_not_publish',
    ],
  })
  askUnmute(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: askUnmuteBody }) body: AskUnmuteBody,
  ) {
    return this.stage.askUnmute(actor, room, identity, body);
  }
}
