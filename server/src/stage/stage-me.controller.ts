import { Body, Controller, Get, HttpCode, Options, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Participant, Public } from '../actor/access.decorators.js';
import { CurrentParticipant, type Participant as Proved } from '../proofs/participant-auth.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { roomParams } from '../common/http/fields.js';
import {
  emptyBody,
  ownStageResponse,
  raiseBody,
  type RaiseBody,
  unmuteAnswerBody,
  type UnmuteAnswerBody,
} from './stage.schemas.js';
import { StageParticipantsService } from './stage-participants.service.js';

type RoomParams = z.infer<typeof roomParams>;
type EmptyBody = z.infer<typeof emptyBody>;

const ME = 'rooms/:room/stage/me';
const ACTIONS = ['raise', 'lower', 'accept', 'decline', 'step-down', 'unmute-answer'];

/**
 * The stage for a participant, about themselves. Every action may be repeated: it leads to the same
 * state, so no `Idempotency-Key` is needed. All return the participant's state after it.
 */
@Controller('api/v1')
export class StageMeController {
  constructor(private readonly stage: StageParticipantsService) {}

  /** Apps of participants live on origins of their own; the token travels in a header. */
  @Options([ME, ...ACTIONS.map((action) => `${ME}/${action}`)])
  @ApiDoc({
    summary: 'Allow pages of other origins',
    description: 'The CORS preflight of the participant’s own routes.',
  })
  @HttpCode(204)
  @Public('a browser asks here whether a page of another origin may ask; it says who may, to all')
  async preflight(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .status(204)
      .header('Access-Control-Allow-Origin', '*')
      .header('Access-Control-Allow-Methods', 'GET, POST')
      .header('Access-Control-Allow-Headers', 'authorization, x-rolecall-token, content-type')
      .header('Access-Control-Max-Age', '600')
      .send();
  }

  @Get(ME)
  @ApiDoc({
    summary: 'Read your own state on the stage',
    description:
      'The participant’s raised hand, invitation and questions to unmute, and what keeps them silent.',
  })
  @Participant()
  @Answers(ownStageResponse)
  view(@CurrentParticipant() me: Proved, @Param({ schema: roomParams }) _: RoomParams) {
    return this.stage.view(me);
  }

  @Post(`${ME}/raise`)
  @ApiDoc({
    summary: 'Raise your hand',
    description: 'Asks to speak. Raising it twice changes nothing.',
    example: { note: 'A question about the budget' },
    errors: ['seat.not_present', 'seat.not_found', 'stage.cannot_raise'],
  })
  @HttpCode(200)
  @Participant()
  @Answers(ownStageResponse)
  raise(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: RoomParams,
    @Body({ schema: raiseBody }) body: RaiseBody,
  ) {
    return this.stage.raise(me, body);
  }

  @Post(`${ME}/lower`)
  @ApiDoc({
    summary: 'Lower your hand',
    description: 'Leaves the queue.',
    example: {},
  })
  @HttpCode(200)
  @Participant()
  @Answers(ownStageResponse)
  lower(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: RoomParams,
    @Body({ schema: emptyBody }) _body: EmptyBody,
  ) {
    return this.stage.lower(me);
  }

  @Post(`${ME}/accept`)
  @ApiDoc({
    summary: 'Accept an invitation',
    description: 'Takes the offered role.',
    example: {},
    errors: [
      'seat.not_present',
      'seat.not_found',
      'stage.no_invite',
      'stage.invite_void',
      'stage.full',
      'gate.above_issuer_ceiling',
    ],
  })
  @HttpCode(200)
  @Participant()
  @Answers(ownStageResponse)
  accept(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: RoomParams,
    @Body({ schema: emptyBody }) _body: EmptyBody,
  ) {
    return this.stage.accept(me);
  }

  @Post(`${ME}/decline`)
  @ApiDoc({
    summary: 'Decline an invitation',
    description: 'The moderators see that it was declined.',
    example: {},
    errors: ['stage.no_invite'],
  })
  @HttpCode(200)
  @Participant()
  @Answers(ownStageResponse)
  decline(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: RoomParams,
    @Body({ schema: emptyBody }) _body: EmptyBody,
  ) {
    return this.stage.decline(me);
  }

  @Post(`${ME}/step-down`)
  @ApiDoc({
    summary: 'Step down',
    description: 'Gives a role back that was received by a promotion.',
    example: {},
    errors: ['seat.not_present', 'seat.not_found', 'stage.not_on_stage'],
  })
  @HttpCode(200)
  @Participant()
  @Answers(ownStageResponse)
  stepDown(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: RoomParams,
    @Body({ schema: emptyBody }) _body: EmptyBody,
  ) {
    return this.stage.stepDown(me);
  }

  @Post(`${ME}/unmute-answer`)
  @ApiDoc({
    summary: 'Answer a question to unmute',
    description: 'Accepts or declines what a moderator asked.',
    example: { accepted: true, source: 'microphone' },
  })
  @HttpCode(200)
  @Participant()
  @Answers(ownStageResponse)
  answerUnmute(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: RoomParams,
    @Body({ schema: unmuteAnswerBody }) body: UnmuteAnswerBody,
  ) {
    return this.stage.answerUnmute(me, body);
  }
}
