import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { sendRecord } from '../common/http/etag.js';
import { idParams } from '../common/http/fields.js';
import { sendPage } from '../common/http/lists.js';
import {
  createSceneBody,
  type CreateSceneBody,
  listScenesQuery,
  type ListScenesQuery,
  sceneResponse,
  updateSceneBody,
  type UpdateSceneBody,
} from './scenes.schemas.js';
import { ScenesService, type SceneView } from './scenes.service.js';

type IdParams = z.infer<typeof idParams>;

@Controller('api/v1/scenes')
export class ScenesController {
  constructor(private readonly scenes: ScenesService) {}

  @Get()
  @ApiDoc({
    summary: 'List scenes',
    description:
      'Built-in scenes, scenes for every room, and those of rooms that the caller may see.',
  })
  @RequirePermission('scene.read')
  @Answers(z.array(sceneResponse))
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: listScenesQuery }) query: ListScenesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'scenes', query.range, await this.scenes.list(actor, query));
  }

  @Post()
  @ApiDoc({
    summary: 'Create a scene',
    description: 'A named set of rules, for one room or for every room.',
    example: {
      room: 'town-hall',
      name: 'Keynote',
      rules: [
        { from: 'host', to: 'host' },
        { from: '*', to: null },
      ],
    },
    errors: [
      'room.not_found',
      'scene.above_ceiling',
      'role_template.not_found',
      'scene.name_taken',
    ],
  })
  @RequirePermission('scene.write')
  @Answers(sceneResponse)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createSceneBody }) body: CreateSceneBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return send(reply, await this.scenes.create(actor, body));
  }

  @Get(':id')
  @ApiDoc({
    summary: 'Read a scene',
    description: 'One scene with its rules.',
    errors: ['scene.not_found'],
  })
  @RequirePermission('scene.read')
  @Answers(sceneResponse)
  async get(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return send(reply, await this.scenes.get(actor, id));
  }

  @Put(':id')
  @ApiDoc({
    summary: 'Change a scene',
    description: 'A room in which the scene is in force keeps the rules that it began with.',
    example: { name: 'Opening' },
    errors: [
      'scene.not_found',
      'scene.built_in',
      'scene.above_ceiling',
      'role_template.not_found',
      'record.changed',
      'request.read_only',
      'scene.name_taken',
    ],
  })
  @RequirePermission('scene.write')
  @Answers(sceneResponse)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Body({ schema: updateSceneBody }) body: UpdateSceneBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return send(reply, await this.scenes.update(actor, id, body, ifMatch));
  }

  @Delete(':id')
  @ApiDoc({
    summary: 'Delete a scene',
    description: 'A room in which the scene is in force keeps it until it ends.',
    errors: ['scene.not_found', 'scene.built_in', 'record.changed'],
  })
  @HttpCode(204)
  @RequirePermission('scene.write')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.scenes.delete(actor, id, ifMatch);
  }
}

function send(reply: FastifyReply, found: { view: SceneView; revision: number }) {
  return sendRecord(reply, found.revision, found.view);
}
