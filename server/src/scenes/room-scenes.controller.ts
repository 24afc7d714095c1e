import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { bulkStartedResponse } from '../bulk/bulk.schemas.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { roomParams } from '../common/http/fields.js';
import { ClickedAt } from '../actor/clicked-at.js';
import { RoomScenes } from './room-scenes.service.js';
import {
  enterSceneBody,
  type EnterSceneBody,
  leaveSceneBody,
  type LeaveSceneBody,
  sceneEnteredResponse,
} from './scenes.schemas.js';

type RoomParams = z.infer<typeof roomParams>;

@Controller('api/v1/rooms/:room/scene')
export class RoomScenesController {
  constructor(private readonly scenes: RoomScenes) {}

  @Post()
  @ApiDoc({
    summary: 'Enter a scene',
    description:
      'Changes the roles in the room by the rules of the scene, until it ends. `lock` needs no saved scene: only the named templates may publish or send data. Runs as a bulk operation.',
    example: { lock: { keep: ['host'] }, reason: 'Keynote' },
    errors: [
      'scene.not_found',
      'scene.of_another_room',
      'scene.above_ceiling',
      'role_template.not_published',
    ],
  })
  @HttpCode(202)
  @RequirePermission('scene.enter', { room: 'room' })
  @Answers(sceneEnteredResponse)
  enter(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: enterSceneBody }) body: EnterSceneBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.scenes.enter(actor, room, body, clickedAt);
  }

  @Delete()
  @ApiDoc({
    summary: 'End the scene of a room',
    description: 'Everybody gets their own role back. Runs as a bulk operation.',
    example: { reason: 'Questions are open' },
    errors: ['scene.not_playing', 'scene.above_ceiling'],
  })
  @HttpCode(202)
  @RequirePermission('scene.enter', { room: 'room' })
  @Answers(bulkStartedResponse)
  leave(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: leaveSceneBody }) body: LeaveSceneBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.scenes.leave(actor, room, body, clickedAt);
  }
}
