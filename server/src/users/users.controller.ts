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
import { Answers } from '../common/http/api-docs.js';
import { sendRecord } from '../common/http/etag.js';
import { idParams } from '../common/http/fields.js';
import { sendPage } from '../common/http/lists.js';
import {
  createUserBody,
  type CreateUserBody,
  listUsersQuery,
  type ListUsersQuery,
  updateUserBody,
  type UpdateUserBody,
  userResponse,
} from './users.schemas.js';
import { UsersService } from './users.service.js';

type IdParams = z.infer<typeof idParams>;

@Controller('api/v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @RequirePermission('user.read')
  @Answers(z.array(userResponse))
  async list(
    @Query({ schema: listUsersQuery }) query: ListUsersQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'users', query.range, await this.users.list(query));
  }

  @Post()
  @RequirePermission('user.create')
  @Answers(userResponse)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createUserBody }) body: CreateUserBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { view, revision } = await this.users.create(actor, body);
    return sendRecord(reply, revision, view);
  }

  @Get(':id')
  @RequirePermission('user.read')
  @Answers(userResponse)
  get(
    @Param({ schema: idParams }) { id }: IdParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(reply, id);
  }

  @Put(':id')
  @RequirePermission('user.update')
  @Answers(userResponse)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Body({ schema: updateUserBody }) body: UpdateUserBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.users.update(actor, id, body, ifMatch);
    return this.send(reply, id);
  }

  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('user.delete')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.users.delete(actor, id, ifMatch);
  }

  private async send(reply: FastifyReply, id: string) {
    const { view, revision } = await this.users.get(id);
    return sendRecord(reply, revision, view);
  }
}
